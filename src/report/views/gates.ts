import type { GateResult } from '../../suites/results.js';
import { formatNumber, NONE } from '../format.js';

/** Gates, failed ones first, with a verdict in words. */
export function gatesView(gates: readonly GateResult[]) {
  const failed = gates.filter((gate) => !gate.passed).length;
  const number = (value: number | null) => (value === null ? NONE : formatNumber(value));
  return {
    rows: [...gates]
      .sort((a, b) => Number(a.passed) - Number(b.passed))
      .map((gate) => ({ ...gate, measured: number(gate.measured), limit: number(gate.limit) })),
    any: gates.length > 0,
    allPassed: failed === 0,
    verdict:
      failed > 0
        ? `${failed} of ${gates.length} gates failed`
        : `${gates.length === 1 ? 'The gate' : `All ${gates.length} gates`} passed`,
  };
}
