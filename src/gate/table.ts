import { oneLine } from '../one-line.js';
import { textTable } from '../report/text-table.js';
import type { GateResult } from '../suites/results.js';
import { gateRows, gateSummary } from './present.js';

const HEADER = ['', 'value', 'interval', 'n', 'limit', 'margin', 'rule'];

/**
 * Gates for a terminal, failed ones first. The rule stands last, since it may be long; where the numbers do not say why
 * it failed, a line below does.
 */
export function gateTable(gates: readonly GateResult[]): string {
  const rows = gateRows(gates);
  const [header, ...lines] = textTable(
    [
      HEADER,
      ...rows.map(({ state, value, interval, n, limit, margin, rule }) => [
        state === 'fail' ? 'FAIL' : state,
        value,
        interval,
        n,
        limit,
        margin,
        rule,
      ]),
    ],
    [0, HEADER.length - 1],
  );
  const below = (reason: string) => (reason ? [`      ${oneLine(reason)}`] : []);
  return [header, ...lines.flatMap((line, i) => [line, ...below(rows[i]!.reason)]), gateSummary(gates)].join(
    '\n',
  );
}
