import { allHold } from '../../gate/hold.js';
import { gateRows, gateSummary } from '../../gate/present.js';
import type { GateResult } from '../../suites/results.js';

/** Gates, failed ones first, with a verdict in words. */
export function gatesView(gates: readonly GateResult[]) {
  return {
    rows: gateRows(gates).map((row) => ({ ...row, warned: row.state === 'warn' })),
    any: gates.length > 0,
    allPassed: allHold(gates),
    verdict: gateSummary(gates),
  };
}
