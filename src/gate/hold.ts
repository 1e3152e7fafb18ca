import type { GateResult } from '../suites/results.js';

/** A verdict that makes a run fail: rules of `level: warn` are told only. */
export const fails = ({ passed, severity }: GateResult): boolean => !passed && severity !== 'warn';

/** Whether no rule fails: exit code 0. */
export const allHold = (gates: readonly GateResult[]): boolean => !gates.some(fails);
