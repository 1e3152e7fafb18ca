import { oneLine } from '../one-line.js';
import { textTable } from '../report/text-table.js';
import { comparisonRows, legend, pairTitle, sideNames, unmatchedText, verdictSummary } from './present.js';
import type { RunComparison } from './run-comparison.js';

/** A comparison for a terminal: a table for each pair, then what was not compared and which examples flipped. */
export function comparisonText(comparison: RunComparison): string {
  const { pairs, rows } = comparison;
  const parts = pairs.flatMap((_, pair) => ['', ...pairText(comparison, pair)]);
  return [...parts.slice(1), '', legend(comparison), `${verdictSummary(rows)}.`].join('\n');
}

function pairText(comparison: RunComparison, pair: number): string[] {
  const rows = comparisonRows(comparison, pair);
  const [header, ...lines] = textTable(
    [
      ['', ...sideNames(comparison, pair), 'difference', 'interval', 'n', 'p', 'corrected', ''],
      ...rows.map(({ title, before, after, difference, interval, n, p, corrected, verdict }) => [
        title,
        before,
        after,
        difference,
        interval,
        n,
        p,
        corrected,
        verdict,
      ]),
    ],
    [0, 8],
  ) as [string, ...string[]];
  let told = '';
  /** Other data differ for every measure alike: that is told once. */
  const below = (reasons: readonly string[]) => {
    const before = told;
    told = reasons.join('\n');
    if (told !== '' && told === before) return ['    as above'];
    return reasons.map((reason) => `    ${oneLine(reason)}`);
  };
  return [
    pairTitle(comparison, pair),
    ...comparison.pairs[pair]!.notes.map((note) => `  note: ${oneLine(note)}`),
    header,
    ...lines.flatMap((line, i) => [line, ...below(rows[i]!.row.reasons)]),
    ...flipsText(comparison, pair),
    ...unmatchedText(comparison, pair).map((line) => `  ${oneLine(line)}`),
  ];
}

/** How many examples flipped, and the first of them. */
function flipsText({ rows, flips }: RunComparison, pair: number): string[] {
  return rows.flatMap((row, at) => {
    const own = flips.filter((flip) => flip.row === at);
    if (row.pair !== pair || own.length === 0) return [];
    const told = (direction: 'gained' | 'lost') => {
      const indices = own.filter((flip) => flip.direction === direction).map(({ index }) => index);
      const more = indices.length > SHOWN ? `, and ${indices.length - SHOWN} more` : '';
      return indices.length > 0
        ? [`${indices.length} ${direction} (${indices.slice(0, SHOWN).join(', ')}${more})`]
        : [];
    };
    return [`  flipped, ${row.title} on ${row.dataset}: ${[...told('lost'), ...told('gained')].join('; ')}`];
  });
}

const SHOWN = 8;
