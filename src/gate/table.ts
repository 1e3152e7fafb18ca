import type { GateResult } from '../suites/results.js';

/** Gates for a terminal, failed ones first: a line each, and below a failed one what was found. */
export function gateTable(gates: readonly GateResult[]): string {
  const failed = gates.filter((gate) => !gate.passed);
  const passed = gates.filter((gate) => gate.passed);
  const lines = [...failed, ...passed].flatMap(({ rule, passed, detail }) => [
    `${passed ? 'pass' : 'FAIL'}  ${rule}`,
    `      ${detail}`,
  ]);
  const count = `${gates.length} gate${gates.length === 1 ? '' : 's'}`;
  lines.push(failed.length > 0 ? `${failed.length} of ${count} failed` : `${count} passed`);
  return lines.join('\n');
}
