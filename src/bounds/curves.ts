import { float } from '../graph/build.js';
import { gelu, geluByTanh } from './gelu.js';
import { linesAround } from './lines.js';
import type { CurveRounding, CurveRow, Interval, LinesOn } from './row.js';
import type { Shape } from './shape.js';
import type { BoundSite } from './site.js';

/** At least twice what float32 functions of engines are off by; checked by a test on the engine that computes them. */
const COMPUTED: CurveRounding = { absolute: 1e-6, relative: 4e-6, argument: 0 };
/** Of one or two operations that are rounded each, which is at most 2^-24 of what they give; and what is too small for float32. */
const DIRECT: CurveRounding = { absolute: 1e-37, relative: 2 ** -21, argument: 0 };
const EXACT: CurveRounding = { absolute: 0, relative: 0, argument: 0 };

/** The operator itself, on another input. */
const itself = (s: BoundSite, x: string): string => s.again([x, ...s.x.slice(1)])[0]!;

/** On both ends: functions that never fall. */
const bothEnds = (s: BoundSite, { lower, upper }: Interval, emit = itself): Interval => ({
  lower: emit(s, lower),
  upper: emit(s, upper),
});

/** More than the leak loses when it is stored, and products with it in the network and here. */
const LEAN = 2 ** -21;

/** What products that are too small for float32 lose, in the network and here. */
const LOST = 1e-37;

/** Ends below 0 with a leak that is a little larger, or smaller: positive numbers are not computed. */
function leaningOutward(s: BoundSite, { lower, upper }: Interval): Interval {
  const leak = s.number('alpha', 0.01);
  const leaning = (x: string, alpha: number) => s.again([x], { alpha: float(alpha) })[0]!;
  return {
    lower: s.sub(leaning(lower, leak * (1 + LEAN)), LOST),
    upper: s.add(leaning(upper, leak * (1 - LEAN)), LOST),
  };
}

/** ReLU, and with a leak: max(x, leak x). */
function leaky(op: string, leakOf: (s: BoundSite) => number): CurveRow {
  const f = (x: number, leak: number) => (x > 0 ? x : leak * x);
  return {
    kind: 'curve',
    op,
    interval: (s, of) => bothEnds(s, of),
    ...(op !== 'Relu' && { roundedInterval: leaningOutward }),
    image(s) {
      const leak = leakOf(s);
      return (lower, upper) => [f(lower, leak), f(upper, leak)];
    },
    /**
     * The chord above. Below, slope 1 where the chord's is more than one half, else the leak (Zhang et al. 2018, adaptive; the
     * threshold is that of auto_LiRPA, with a leak too).
     */
    lines(s) {
      const leak = leakOf(s);
      return (lower, upper, lines) => {
        const bends = lower < 0 && upper > 0;
        const chord = bends ? (upper - leak * lower) / (upper - lower) : lower >= 0 ? 1 : leak;
        lines[0] = bends ? (chord > 0.5 ? 1 : leak) : chord;
        lines[1] = 0;
        lines[2] = chord;
        lines[3] = bends ? (1 - chord) * upper : 0;
      };
    },
    lowerSlopes: (s) => [leakOf(s), 1],
    throughZero: true,
    exactOn: (lower, upper) => lower >= 0 || upper <= 0,
    // A product with the leak, or a number as it is.
    rounding: op === 'Relu' ? () => EXACT : () => ({ absolute: LOST, relative: 2 ** -23, argument: 0 }),
    refuses: (s) => (leakOf(s) >= 0 && leakOf(s) <= 1 ? undefined : 'its leak is not from 0 to 1'),
  };
}

/** Where a function is defined. */
interface Domain {
  holds(lower: number, upper: number): boolean;
  /** The same as a graph. */
  emit(s: BoundSite, of: Interval): string;
}
const POSITIVE: Domain = { holds: (lower) => lower > 0, emit: (s, { lower }) => s.greater(lower, 0) };
const NOT_NEGATIVE: Domain = {
  holds: (lower) => lower >= 0,
  emit: (s, { lower }) => s.emit('GreaterOrEqual', lower, 0),
};
const NOT_ZERO: Domain = {
  holds: (lower, upper) => lower > 0 || upper < 0,
  emit: (s, { lower, upper }) => s.emit('Or', s.greater(lower, 0), s.less(upper, 0)),
};

interface Curve {
  op: string;
  /** Its ends change places: it never rises, on either side of where it is not defined. */
  falls?: true;
  /** Default: everywhere. Of an interval that is not in there nothing is known. */
  domain?: Domain;
  /** As a graph; default: the operator itself. */
  emit?(s: BoundSite, x: string): string;
  shape(s: BoundSite): Shape;
  rounding?: CurveRow['rounding'];
  refuses?: CurveRow['refuses'];
}

/** The smallest and the largest value on an interval, from its ends and extremes within. */
function imageOf({ f, extremes = [] }: Shape, domain?: Domain) {
  return (lower: number, upper: number): [number, number] => {
    if (domain && !domain.holds(lower, upper)) return [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
    const values = [lower, upper, ...extremes.filter((x) => x > lower && x < upper)].map(f);
    return [Math.min(...values), Math.max(...values)];
  };
}

/** The graph's form of `imageOf`: where an extreme lies within, its value counts. */
function intervalOf(s: BoundSite, of: Interval, { emit = itself, shape, falls, domain }: Curve): Interval {
  const { f, extremes = [] } = shape(s);
  const ends = bothEnds(s, falls ? { lower: of.upper, upper: of.lower } : of, emit);
  if (domain) {
    const defined = domain.emit(s, of);
    return {
      lower: s.where(defined, ends.lower, Number.NEGATIVE_INFINITY),
      upper: s.where(defined, ends.upper, Number.POSITIVE_INFINITY),
    };
  }
  const [bottom, ...others] = extremes;
  if (bottom === undefined) return ends;
  let upper = s.emit('Max', ends.lower, ends.upper);
  // Of a valley the lowest is at its bottom, or at the nearer end.
  if (others.length === 0 && f(bottom - 1) > f(bottom))
    return { lower: emit(s, s.emit('Max', of.lower, s.emit('Min', of.upper, bottom))), upper };
  let lower = s.emit('Min', ends.lower, ends.upper);
  for (const x of extremes) {
    const within = s.emit('And', s.less(of.lower, x), s.greater(of.upper, x));
    lower = s.where(within, s.emit('Min', lower, f(x)), lower);
    upper = s.where(within, s.emit('Max', upper, f(x)), upper);
  }
  return { lower, upper };
}

/** Lines that say nothing. */
const UNDEFINED = [0, Number.NEGATIVE_INFINITY, 0, Number.POSITIVE_INFINITY];

function curve(own: Curve): CurveRow {
  const { op, shape, rounding = () => COMPUTED, refuses, domain } = own;
  return {
    kind: 'curve',
    op,
    interval: (s, of) => intervalOf(s, of, own),
    image: (s) => imageOf(shape(s), domain),
    lines(s) {
      const around = linesOf(shape(s));
      return (lower, upper, lines) => {
        if (!domain || domain.holds(lower, upper)) around(lower, upper, lines);
        else lines.set(UNDEFINED);
      };
    },
    rounding,
    ...(domain && { defined: domain.holds }),
    ...(refuses && { refuses }),
  };
}

const known = new WeakMap<Shape, LinesOn>();

/** What is tabulated of a shape is so once. */
function linesOf(shape: Shape): LinesOn {
  const made = known.get(shape) ?? linesAround(shape);
  known.set(shape, made);
  return made;
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const sigmoidShape: Shape = {
  f: sigmoid,
  slope: (x) => {
    const y = sigmoid(x);
    return y * (1 - y);
  },
  turns: [0],
};
const tanhShape: Shape = { f: Math.tanh, slope: (x) => 1 - Math.tanh(x) ** 2, turns: [0] };
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

/** x sigmoid(x) (Elfwing et al. 2018), which graphs spell out; see `fused`. */
export const SILU = 'Silu';

const siluShape: Shape = {
  f: (x) => x * sigmoid(x),
  slope: (x) => {
    const gate = sigmoid(x);
    return gate * (1 + x * (1 - gate));
  },
  // Where it turns from bending one way to the other.
  turns: [-2.3993572805154, 2.3993572805154],
  extremes: [-1.278464542761074],
};

const silu: Curve = {
  op: SILU,
  emit: (s, x) => s.mul(x, s.emit('Sigmoid', x)),
  shape: () => siluShape,
  // A sigmoid that is off by some millionths is multiplied by x.
  rounding: () => ({ ...COMPUTED, argument: 5e-7 }),
};

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
    shape: () => ({ f: Math.sqrt, slope: (x) => 0.5 / Math.sqrt(x), turns: [] }),
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
  curve({ op: 'Softplus', shape: () => ({ f: softplus, slope: sigmoid, turns: [] }) }),
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
