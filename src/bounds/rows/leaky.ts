import { float } from '../../graph/build.js';
import { isBlocked, scaled } from './blocked.js';
import { bothEnds, EXACT } from './curve-row.js';
import type { CurveRow, Ends, Interval } from './row.js';
import type { BoundSite } from './site.js';

/** More than the leak loses when it is stored, and products with it in the network and here. */
const LEAN = 2 ** -21;

/** What products that are too small for float32 lose, in the network and here. */
const LOST = 1e-37;

/** Ends below 0 with a leak that is a little larger, or smaller: positive numbers are not computed. */
function leaningOutward(s: BoundSite, { lower, upper }: Interval): Ends {
  const leak = s.number('alpha', 0.01);
  const dims = s.shape(s.y).slice(1);
  // In blocks, an engine takes the leak with a convolution, and not by itself.
  const taken = (x: string) => (isBlocked(dims) ? scaled(s.b, dims[0]!, x, 1) : x);
  const leaning = (x: string, alpha: number) => s.again([taken(x)], { alpha: float(alpha) })[0]!;
  return {
    lower: leaning(lower, leak * (1 + LEAN)),
    upper: leaning(upper, leak * (1 - LEAN)),
    room: LOST,
  };
}

/** More than four roundings of float32 take. */
const COMPUTED = 1 + 2 ** -21;
/** No larger than what rounding takes of any bound; its products are still in the range of float32. */
const NEAR = 2 ** -60;

/**
 * The lines as a graph. With p and q the parts above and below 0, k = (p + leak q) / (p + q) is the chord's slope; computed, it is from 0 to 1
 * (rounding keeps order), and any such slope will do: f(x) - k x is convex, so that it is largest at an end, where it is
 * (1 - k) p, (k - leak) q, or not above 0. Each of these takes two roundings, and what room they are given two more. The lower slope is the
 * leak or 1, so that its line is below f wherever x is. Near 0 the chord's slope is smaller, which the intercept makes up for.
 */
function emittedLines(s: BoundSite, { lower, upper }: Interval, leak: number) {
  // Where the leak is more than one half, the function itself below 0 would have slope 1.
  if (leak >= 0.5) return undefined;
  const above = s.emit('Relu', upper);
  const below = s.emit('Relu', s.neg(lower));
  const width = s.add(s.add(above, below), NEAR);
  const chord = s.div(leak === 0 ? above : s.add(above, s.mul(below, leak)), width);
  const steep = s.b.op('HardSigmoid', [s.sub(chord, 0.5)], { alpha: float(3e37), beta: float(0) });
  const most = s.emit(
    'Max',
    s.mul(s.sub(1, chord), above),
    s.mul(leak === 0 ? chord : s.sub(chord, leak), below),
  );
  return {
    lowerSlope: leak === 0 ? steep : s.emit('Max', steep, leak),
    upperSlope: chord,
    upperIntercept: s.add(s.mul(most, COMPUTED), NEAR),
  };
}

/** ReLU, and with a leak: max(x, leak x). */
export function leaky(op: string, leakOf: (s: BoundSite) => number): CurveRow {
  const f = (x: number, leak: number) => (x > 0 ? x : leak * x);
  return {
    kind: 'curve',
    op,
    interval: (s, of) => bothEnds(s, of),
    ...(op === 'Relu' ? { least: 0 } : { roundedInterval: leaningOutward }),
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
      return (lowers, uppers, i, lines) => {
        const lower = lowers[i]!;
        const upper = uppers[i]!;
        const bends = lower < 0 && upper > 0;
        const chord = bends ? (upper - leak * lower) / (upper - lower) : lower >= 0 ? 1 : leak;
        lines[0] = bends ? (chord > 0.5 ? 1 : leak) : chord;
        lines[1] = 0;
        lines[2] = chord;
        lines[3] = bends ? (1 - chord) * upper : 0;
      };
    },
    emitLines: (s, of) => emittedLines(s, of, leakOf(s)),
    lowerSlopes: (s) => [leakOf(s), 1],
    throughZero: true,
    exactOn: (lower, upper) => lower >= 0 || upper <= 0,
    // A product with the leak, or a number as it is.
    rounding: op === 'Relu' ? () => EXACT : () => ({ absolute: LOST, relative: 2 ** -23, argument: 0 }),
    refuses: (s) => (leakOf(s) >= 0 && leakOf(s) <= 1 ? undefined : 'its leak is not from 0 to 1'),
  };
}
