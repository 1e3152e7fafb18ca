import { type ChosenScore, fittedOn, fittedOnText } from '../../src/score.js';
import type { DatasetInfo, Table } from '../../src/suite.js';
import { variedIn } from './tuned.js';

/** What each score is, what it was fitted to, and with which options. */
export function scoresTable(scores: readonly ChosenScore[], datasets: readonly DatasetInfo[]): Table {
  return {
    id: 'ood-scores',
    title: 'The scores',
    caption:
      'Confidences: higher means in-distribution. f: logits, h or features: the input of the last linear layer.',
    folded: true,
    columns: [
      { key: 'score', title: 'Score', format: 'text' },
      { key: 'formula', title: 'What it is', format: 'text' },
      { key: 'fitted', title: 'Fitted to', format: 'text' },
      { key: 'options', title: 'Options', format: 'text' },
      { key: 'source', title: 'Source', format: 'text' },
    ],
    rows: scores.map((score) => {
      const on = fittedOn(score, score.settings, datasets);
      const chosen = score.tuning ? variedIn(score.tuning.grid) : [];
      const options = Object.entries(score.settings).map(
        ([name, value]) => `${name} ${chosen.includes(name) ? 'as chosen' : value}`,
      );
      return {
        score: score.title,
        formula: score.label,
        fitted: on ? fittedOnText(on) : '',
        options: options.join(', '),
        source: score.source,
      };
    }),
  };
}
