import { COMPUTED, type Curve, curve, DIRECT, EXACT, NOT_NEGATIVE, NOT_ZERO, POSITIVE } from './curve-row.js';
import { gatedLines } from './gated.js';
import { gelu, geluByTanh, geluGate } from './gelu.js';
import { leaky } from './leaky.js';
import type { CurveRow } from './row.js';
import type { Shape } from './shape.js';
import { sigmoid, silu } from './silu.js';
import type { BoundSite } from './site.js';

const sigmoidShape: Shape = {
  f: sigmoid,
  slope: (x) => {
    const y = sigmoid(x);
    return y * (1 - y);
  },
  smooth: true,
  turns: [0],
};
const tanhShape: Shape = { f: Math.tanh, slope: (x) => 1 - Math.tanh(x) ** 2, smooth: true, turns: [0] };
/** log(1 + e^x), without overflow. */
const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

function clip(s: BoundSite): Shape {
  const [low, high] = [s.scalar(1) ?? -Infinity, s.scalar(2) ?? Infinity];
  return {
    f: (x) => Math.min(Math.max(x, low), high),
    slope: (x) => (x > low && x < high ? 1 : 0),
    turns: [low, high].filter(Number.isFinite),
  };
}

function clipRefused(s: BoundSite): string | undefined {
  const limits = [1, 2].filter((i) => s.has(i)).map((i) => s.scalar(i));
  if (limits.includes(undefined)) return 'its limits are computed at run time';
  return limits.length === 2 && Number(limits[0]) > Number(limits[1]) ? 'its limits cross' : undefined;
}

function elu(s: BoundSite): Shape {
  const alpha = s.number('alpha', 1);
  return {
    f: (x) => (x > 0 ? x : alpha * Math.expm1(x)),
    slope: (x) => (x > 0 ? 1 : alpha * Math.exp(x)),
    turns: [0],
  };
}

function hardSigmoid(s: BoundSite): Shape {
  const [alpha, beta] = [s.number('alpha', 0.2), s.number('beta', 0.5)];
  return {
    f: (x) => Math.min(Math.max(alpha * x + beta, 0), 1),
    slope: (x) => (alpha * x + beta > 0 && alpha * x + beta < 1 ? alpha : 0),
    turns: [-beta / alpha, (1 - beta) / alpha],
  };
}

const hardSwish: Curve = {
  op: 'HardSwish',
  shape: () => ({
    f: (x) => x * Math.min(Math.max(x / 6 + 0.5, 0), 1),
    slope: (x) => (x <= -3 ? 0 : x >= 3 ? 1 : x / 3 + 0.5),
    turns: [-3, 3],
    extremes: [-1.5],
  }),
};

/** x^2, which graphs spell out as well. */
export const SQUARE = 'Square';

const square: Curve = {
  op: SQUARE,
  emit: (s, x) => s.mul(x, x),
  shape: () => ({ f: (x) => x * x, slope: (x) => 2 * x, turns: [], extremes: [0] }),
  rounding: () => DIRECT,
};

const reciprocal: Shape = { f: (x) => 1 / x, slope: (x) => -1 / (x * x), turns: [] };

/** 1 / sqrt(x), which graphs spell out. */
export const RSQRT = 'Rsqrt';

/** The exponential of a number, or of 18 where that is less; see `inDifferences`. */
export const CAPPED_EXP = 'CappedExp';
const CAP = 18;

/** 1 / x, as a share of a Softmax. */
export const SHARE = 'Share';

/** Of parts of the numbers they are defined on. */
const partial: readonly Curve[] = [
  { op: 'Reciprocal', shape: () => reciprocal, falls: true, domain: NOT_ZERO, rounding: () => DIRECT },
  {
    op: 'Sqrt',
    // At 0 by itself, such as behind a unit that is off, any line is one: its own slope would be no number.
    shape: () => ({ f: Math.sqrt, slope: (x) => (x > 0 ? 0.5 / Math.sqrt(x) : 0), turns: [] }),
    domain: NOT_NEGATIVE,
    rounding: () => DIRECT,
  },
  {
    op: RSQRT,
    emit: (s, x) => s.emit('Reciprocal', s.sqrt(x)),
    shape: () => ({ f: (x) => 1 / Math.sqrt(x), slope: (x) => -0.5 / (x * Math.sqrt(x)), turns: [] }),
    falls: true,
    domain: POSITIVE,
    rounding: () => DIRECT,
  },
  {
    op: SHARE,
    emit: (s, x) => s.emit('Reciprocal', x),
    shape: () => reciprocal,
    falls: true,
    domain: POSITIVE,
    rounding: () => ({ ...COMPUTED, absolute: 2e-6 }),
  },
];

/** The operator of that name, or spelled out. */
export const GELU = 'Gelu';
const byTanh = (s: BoundSite) => s.text('approximate', 'none') === 'tanh';

function emittedGelu(s: BoundSite, x: string): string {
  const inner = byTanh(s)
    ? s.emit('Tanh', s.mul(Math.sqrt(2 / Math.PI), s.add(x, s.mul(0.044715, s.mul(x, s.mul(x, x))))))
    : s.emit('Erf', s.mul(x, Math.SQRT1_2));
  return s.mul(s.mul(0.5, x), s.add(1, inner));
}

/** Functions of each number by itself. */
export const curves: readonly CurveRow[] = [
  leaky('Relu', () => 0),
  // As engines have it: lines are stored without loss.
  leaky('LeakyRelu', (s) => Math.fround(s.number('alpha', 0.01))),
  curve({
    op: 'Sigmoid',
    shape: () => sigmoidShape,
  }),
  curve({
    op: 'Tanh',
    shape: () => tanhShape,
  }),
  curve({ op: 'Softplus', shape: () => ({ f: softplus, slope: sigmoid, smooth: true, turns: [] }) }),
  curve({ op: 'Exp', shape: () => ({ f: Math.exp, slope: Math.exp, turns: [] }) }),
  curve({
    op: CAPPED_EXP,
    emit: (s, x) => s.exp(s.emit('Min', x, CAP)),
    shape: () => ({
      f: (x) => Math.exp(Math.min(x, CAP)),
      slope: (x) => (x < CAP ? Math.exp(x) : 0),
      turns: [CAP],
    }),
  }),
  ...partial.map(curve),
  curve({
    op: 'Elu',
    shape: elu,
    rounding: (s) => ({ ...COMPUTED, absolute: COMPUTED.absolute * Math.max(1, s.number('alpha', 1)) }),
    refuses: (s) => (s.number('alpha', 1) >= 0 ? undefined : 'its alpha is below 0'),
  }),
  curve(silu),
  curve({
    op: GELU,
    emit: emittedGelu,
    shape: (s) => (byTanh(s) ? geluByTanh : gelu),
    rounding: silu.rounding,
    // Rounding of the other's derivative grows with x^2.
    emitLines: (s, of) => (byTanh(s) ? undefined : gatedLines(s, of, geluGate)),
  }),
  curve(square),
  curve(hardSwish),
  curve({
    op: 'HardSigmoid',
    shape: hardSigmoid,
    rounding: (s) => ({ ...COMPUTED, absolute: COMPUTED.absolute * (1 + Math.abs(s.number('beta', 0.5))) }),
    refuses: (s) => (s.number('alpha', 0.2) > 0 ? undefined : 'its alpha is not above 0'),
  }),
  curve({ op: 'Clip', shape: clip, rounding: () => EXACT, refuses: clipRefused }),
  curve({
    op: 'Abs',
    shape: () => ({ f: Math.abs, slope: Math.sign, turns: [0], extremes: [0] }),
    rounding: () => EXACT,
  }),
];
