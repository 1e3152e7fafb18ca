import { isBlocked, scaled, scaledSum } from './blocked.js';
import { COMPUTED, type Curve } from './curve-row.js';
import { type Gated, gatedLines } from './gated.js';
import type { Ends, Interval } from './row.js';
import type { Shape } from './shape.js';
import type { BoundSite } from './site.js';

export const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** x sigmoid(x) (Elfwing et al. 2018), which graphs spell out; see `fused`. */
export const SILU = 'Silu';

/** Where it is least. */
const BOTTOM = -1.278464542761074;
/** Where it turns from bending one way to the other, and at -TURN. */
const TURN = 2.3993572805154;

const shape: Shape = {
  f: (x) => x * sigmoid(x),
  slope: (x) => {
    const gate = sigmoid(x);
    return gate * (1 + x * (1 - gate));
  },
  smooth: true,
  turns: [-TURN, TURN],
  extremes: [BOTTOM],
};

const emit = (s: BoundSite, x: string): string => s.mul(x, s.emit('Sigmoid', x));

/** At most what it is anywhere, and what engines make of it. */
const LEAST = -0.2785;

/** A sigmoid that is off by some millionths is multiplied by x. */
const ROUNDING = { ...COMPUTED, argument: 5e-7 };

/** What the sums of `inBlocks` are off by, each of numbers that are no larger than the argument or 1.3: ten of them, and a slope of 1.1. */
const SUMS = 2 ** -20;

/**
 * The interval by what blocks have: sums and Relu. Least is what is nearest to the bottom, which is the bottom + max(lower - bottom, 0) -
 * max(bottom - upper, 0). The largest is f(lower) + max(f(upper) - f(lower), 0). Both may be off by
 *
 *     absolute + (relative + argument + sums) max(|lower|, |upper|),
 *
 * since |f(x)| <= |x|. As max(x, 0) <= f(x) - LEAST, that largest argument is at most 2 (f(upper) - LEAST) - lower, and more where
 * f(lower) is larger.
 *
 * Ends of a ball that are no finite numbers are noticed by the largest: `lower` is no finite number wherever one is, or `upper` alone is
 * infinite. Of the former neither is its product with a sigmoid, nor what a ReLU is added to; of the latter f(upper) is infinite.
 */
function inBlocks(s: BoundSite, { lower, upper }: Interval): Ends | undefined {
  const dims = s.shape(s.y).slice(1);
  if (!isBlocked(dims)) return undefined;
  const { b } = s;
  const channels = dims[0]!;
  const relu = (x: string) => b.op('Relu', [x]);
  const above = relu(scaled(b, channels, lower, 1, -BOTTOM));
  const below = relu(scaled(b, channels, upper, -1, BOTTOM));
  const nearest = b.op('Add', [scaled(b, channels, below, -1, BOTTOM), above]);
  const [low, high] = [emit(s, lower), emit(s, upper)];
  const share = ROUNDING.relative + ROUNDING.argument + SUMS;
  return {
    lower: emit(s, nearest),
    upper: scaledSum(b, dims, relu(scaledSum(b, dims, low, -1, high)), 1, low),
    room: ROUNDING.absolute + 1.3 * SUMS - 2 * LEAST * share,
    wobble: { share, of: lower },
    least: LEAST,
    carries: true,
  };
}

export const siluGate: Gated = {
  gate: (s, x) => s.sub(s.emit('Sigmoid', x), 0.5),
  rise: (s, gate) => s.sub(0.25, s.mul(gate, gate)),
  turn: TURN,
  touch: -BOTTOM,
  spread: 0.57,
};

export const silu: Curve = {
  op: SILU,
  emit,
  shape: () => shape,
  rounding: () => ROUNDING,
  roundedInterval: inBlocks,
  emitLines: (s, of) => gatedLines(s, of, siluGate),
};
