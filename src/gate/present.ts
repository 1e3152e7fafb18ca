import { counted, decimalsFor, fixed, NONE, seenText } from '../report/format.js';
import type { GateResult } from '../suites/results.js';
import { fails } from './hold.js';

/** A verdict as people read it: on the terminal, in the report. */
export interface GateRow {
  /** In full precision. */
  verdict: GateResult;
  passed: boolean;
  /** What it does to the run: a rule of `level: warn` that does not hold is told and fails nothing. */
  state: 'pass' | 'warn' | 'fail';
  rule: string;
  value: string;
  /** `[86.5, 88.1]`; empty where there is none. */
  interval: string;
  /** `128 of 500` where measuring stopped before the end. */
  n: string;
  /** `≥ 95.0%` */
  limit: string;
  /** `+1.3 pp`, in percentage points, or `−0.012`: above zero the rule holds. */
  margin: string;
  /** Why the rule does not hold; empty where the numbers say so. */
  reason: string;
}

/** Which states come first. */
const ORDER: readonly GateRow['state'][] = ['fail', 'warn', 'pass'];

/** Verdicts, failed ones first, then those that are told only. */
export function gateRows(gates: readonly GateResult[]): GateRow[] {
  return gates.map(gateRow).sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state));
}

/** `2 of 3 gates failed`, `1 gate passed`, `2 gates passed, 1 warned`. */
export function gateSummary(gates: readonly GateResult[]): string {
  const count = (state: GateRow['state']) => gates.filter((gate) => stateOf(gate) === state).length;
  const [failed, warned] = [count('fail'), count('warn')];
  const said =
    failed > 0
      ? `${failed} of ${counted(gates.length, 'gate')} failed`
      : `${counted(count('pass'), 'gate')} passed`;
  return warned > 0 ? `${said}, ${warned} warned` : said;
}

const stateOf = (gate: GateResult): GateRow['state'] =>
  gate.passed ? 'pass' : fails(gate) ? 'fail' : 'warn';

/** Where value, limit and margin say why a rule does not hold. */
const NUMBERS_TELL: readonly string[] = ['value', 'examples'];

/** `+0.21`; a p value has two digits that matter. */
function marginOfP(margin: number, p: number): string {
  return `${margin > 0 ? '+' : ''}${fixed(margin, p < 0.1 ? 3 : 2)}`;
}

/** Beyond these, digits are those of rounding. */
const MOST_DECIMALS = 12;

function gateRow(gate: GateResult): GateRow {
  const { rule, passed, value, interval, op, limit, margin, n, of, format, reason, judges, p, run } = gate;
  const percent = format === 'percent';
  const scale = percent ? 100 : 1;
  const decimals = decimalsOf(gate, scale);
  const write = (x: number) => fixed(scale * x, decimals);
  const unit = percent ? '%' : '';
  return {
    verdict: gate,
    passed,
    state: stateOf(gate),
    rule: run === undefined ? rule : `${run}: ${rule}`,
    value: value === null ? NONE : `${write(value)}${unit}`,
    interval: interval ? `[${interval.map(write).join(', ')}]` : '',
    n: n === null ? NONE : seenText({ n, of }),
    ...(judges === 'p'
      ? { limit: `p ≥ ${limit}`, margin: margin === null ? NONE : marginOfP(margin, p ?? 0) }
      : {
          limit: `${op === '>=' ? '≥' : '≤'} ${write(limit)}${unit}`,
          margin: margin === null ? NONE : `${margin > 0 ? '+' : ''}${write(margin)}${percent ? ' pp' : ''}`,
        }),
    reason: NUMBERS_TELL.includes(judges ?? 'value') && margin !== null && !gate.over ? '' : (reason ?? ''),
  };
}

/** As many as show the limit as it was written, and on which side of it the value lies. */
function decimalsOf({ value, limit, margin, format, judges }: GateResult, scale: number): number {
  const told = (judges === 'p' ? [value ?? 0] : [limit, value ?? limit]).map((x) => scale * x);
  const usual =
    format === 'percent'
      ? 1
      : told.every(Number.isInteger)
        ? 0
        : decimalsFor(Math.max(...told.map(Math.abs)));
  if (judges === 'p') return usual;
  for (let decimals = usual; decimals < MOST_DECIMALS; decimals++) {
    const tick = 10 ** -decimals;
    const exact = Math.abs(Number(told[0]!.toFixed(decimals)) - told[0]!) < tick * 1e-6;
    if (exact && (!margin || Math.abs(scale * margin) >= tick)) return decimals;
  }
  return MOST_DECIMALS;
}
