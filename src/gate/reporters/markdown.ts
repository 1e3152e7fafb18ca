import { formatParams } from '../../report/format.js';
import { markdownCode, markdownTable, markdownText } from '../../report/markdown-text.js';
import { stoppedText } from '../../report/stopped-text.js';
import type { Results } from '../../suites/results.js';
import { gateRows } from '../present.js';
import { errorsOf, outcome, titlesOf } from './outcome.js';
import type { Judged, Reporter } from './reporter.js';

const signs = { passed: '✅', warned: '⚠️', failed: '❌', broken: '❌', none: '➖' };
const marks = { pass: signs.passed, warn: signs.warned, fail: signs.failed };

/** A comment on a pull request. Its first line is a mark by which a script finds the comment to write it anew. */
export const markdown: Reporter = {
  name: 'markdown',
  description: 'Markdown, for a comment on a pull request or the summary of a job',
  render: renderMarkdown,
};

export const MARK = '<!-- assay -->';

function renderMarkdown(judged: Judged): string {
  const { runs, gates } = judged;
  const { kind, words } = outcome(judged);
  const parts = [
    `${MARK}\n## ${signs[kind]} Assay: ${words}\n\n${markdownText(titlesOf(runs))}`,
    errorsOf(runs)
      .map((error) => `- not measured: ${markdownText(error)}`)
      .join('\n'),
    gates.length > 0 ? table(judged) : '',
    stoppedOf(judged),
    seriousOf(judged),
    runs.map((results) => `<sub>${markdownText(about(results))}</sub>`).join('\n'),
  ];
  return `${parts.filter((part) => part).join('\n\n')}\n`;
}

function table({ gates }: Judged): string {
  const rows = gateRows(gates).map(({ state, rule, value, interval, n, limit, margin, reason }) => [
    marks[state],
    [markdownCode(rule), reason && markdownText(reason)].filter(Boolean).join('<br>'),
    ...[value, interval, n, limit, margin].map(markdownText),
  ]);
  return markdownTable(['', 'rule', 'value', 'interval', 'n', 'limit', 'margin'], rows, [0, 1]);
}

function stoppedOf({ runs }: Judged): string {
  return runs
    .flatMap(({ stopped }) => (stopped ? [stoppedText(stopped)] : []))
    .map(({ headline, lines }) =>
      [headline, ...lines.map((line) => `- ${line}`)].map(markdownText).join('\n'),
    )
    .join('\n\n');
}

function seriousOf({ runs }: Judged): string {
  const warnings = runs.flatMap((results) => results.warnings);
  const serious = warnings.filter(({ severity }) => severity === 'serious');
  return serious.map(({ message }) => `- ⚠️ ${markdownText(message)}`).join('\n');
}

function about({ environment, key, seed }: Results): string {
  return formatParams({
    Assay: environment.assay,
    ...(key !== undefined && { run: key.slice(0, 12) }),
    ...(environment.git !== undefined && { commit: environment.git }),
    seed,
  });
}
