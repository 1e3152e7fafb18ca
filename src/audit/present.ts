import { formatDifference } from '../across/present.js';
import { oneLine } from '../one-line.js';
import { formatEstimate, formatP, NONE } from '../report/format.js';
import { markdownTable, markdownText } from '../report/markdown-text.js';
import { textTable } from '../report/text-table.js';
import type { Audit, AuditedClaim, AuditOutcome } from './audit.js';

const HEADER = ['', 'claimed', 'measured', 'interval', 'n', 'difference', 'p', 'claim', 'source'];
const ORDER: readonly AuditOutcome[] = ['not reproduced', 'not comparable', 'reproduced'];

/** Claims that were missed first. */
const ordered = ({ claims }: Audit): AuditedClaim[] =>
  [...claims].sort((a, b) => ORDER.indexOf(a.outcome) - ORDER.indexOf(b.outcome));

function cells({
  outcome,
  claimed,
  measured,
  difference,
  interval,
  p,
  name,
  source,
}: AuditedClaim): string[] {
  const here = measured && formatEstimate(measured.value, measured.interval, measured.format);
  const apart = formatDifference(difference, interval, measured?.format ?? 'number');
  return [
    outcome,
    claimed.n === null ? claimed.text : `${claimed.text} (n = ${claimed.n})`,
    here?.value ?? NONE,
    here?.interval ?? '',
    measured ? String(measured.n) : NONE,
    [apart.value, apart.interval].filter((part) => part).join(' '),
    p === null ? NONE : formatP(p),
    name,
    source,
  ];
}

/** An audit for a terminal: a row for each claim, with causes below. */
export function auditText(audit: Audit): string {
  const claims = ordered(audit);
  const [header, ...lines] = textTable([HEADER, ...claims.map(cells)], [0, 7, 8]);
  return [
    header,
    ...lines.flatMap((line, i) => [line, ...claims[i]!.causes.map((cause) => `    ${oneLine(cause)}`)]),
    '',
    `${auditSummary(audit)}.`,
  ].join('\n');
}

/** The same for a pull request or a README. */
export function auditMarkdown(audit: Audit): string {
  const rows = ordered(audit).map((claim) => [
    ...cells(claim).map(markdownText),
    claim.causes.map(markdownText).join('<br>'),
  ]);
  const [, ...titles] = HEADER;
  return `${markdownTable(['outcome', ...titles, 'likely cause'], rows, [0, 7, 8, 9])}\n\n${auditSummary(audit)}.\n`;
}

/** `2 of 3 claims reproduced, 1 not comparable` */
export function auditSummary({ claims }: Audit): string {
  const count = (outcome: AuditOutcome) => claims.filter((claim) => claim.outcome === outcome).length;
  const others = ORDER.slice(0, 2).flatMap((outcome) =>
    count(outcome) > 0 ? [`${count(outcome)} ${outcome}`] : [],
  );
  return [`${count('reproduced')} of ${claims.length} claims reproduced`, ...others].join(', ');
}
