import { decimalsFor, fixed, NONE } from '../report/format.js';
import type { GateResult } from '../suites/results.js';

/** A verdict as people read it: on the terminal, in the report. */
export interface GateRow {
  /** In full precision. */
  verdict: GateResult;
  passed: boolean;
  rule: string;
  value: string;
  /** `[86.5, 88.1]`; empty where there is none. */
  interval: string;
  n: string;
  /** `≥ 95.0%` */
  limit: string;
  /** `+1.3 pp`, in percentage points, or `−0.012`: above zero the rule holds. */
  margin: string;
  /** Why the rule does not hold; empty where the numbers say so. */
  reason: string;
}

/** Verdicts, failed ones first. */
export function gateRows(gates: readonly GateResult[]): GateRow[] {
  return [...gates].sort((a, b) => Number(a.passed) - Number(b.passed)).map(gateRow);
}

/** `2 of 3 gates failed`, `1 gate passed`. */
export function gateSummary(gates: readonly GateResult[]): string {
  const failed = gates.filter(({ passed }) => !passed).length;
  const count = `${gates.length} gate${gates.length === 1 ? '' : 's'}`;
  return failed > 0 ? `${failed} of ${count} failed` : `${count} passed`;
}

/** Beyond these, digits are those of rounding. */
const MOST_DECIMALS = 12;

function gateRow(gate: GateResult): GateRow {
  const { rule, passed, value, interval, op, limit, margin, n, format, reason } = gate;
  const percent = format === 'percent';
  const scale = percent ? 100 : 1;
  const decimals = decimalsOf(gate, scale);
  const write = (x: number) => fixed(scale * x, decimals);
  const unit = percent ? '%' : '';
  return {
    verdict: gate,
    passed,
    rule,
    value: value === null ? NONE : `${write(value)}${unit}`,
    interval: interval ? `[${interval.map(write).join(', ')}]` : '',
    n: n === null ? NONE : String(n),
    limit: `${op === '>=' ? '≥' : '≤'} ${write(limit)}${unit}`,
    margin: margin === null ? NONE : `${margin > 0 ? '+' : ''}${write(margin)}${percent ? ' pp' : ''}`,
    reason: margin === null || gate.over ? (reason ?? '') : '',
  };
}

/** As many as show the limit as it was written, and on which side of it the value lies. */
function decimalsOf({ value, limit, margin, format }: GateResult, scale: number): number {
  const told = [limit, value ?? limit].map((x) => scale * x);
  const usual =
    format === 'percent'
      ? 1
      : told.every(Number.isInteger)
        ? 0
        : decimalsFor(Math.max(...told.map(Math.abs)));
  for (let decimals = usual; decimals < MOST_DECIMALS; decimals++) {
    const tick = 10 ** -decimals;
    const exact = Math.abs(Number(told[0].toFixed(decimals)) - told[0]) < tick * 1e-6;
    if (exact && (!margin || Math.abs(scale * margin) >= tick)) return decimals;
  }
  return MOST_DECIMALS;
}
