import { float } from '../../graph/build.js';
import type { EmittedLines, Interval } from './row.js';
import type { BoundSite } from './site.js';

/**
 * x gate(x), where gate(x) + gate(-x) = 1: x / 2 + h(x), with h(x) = x (gate(x) - 1/2), which is even, convex between two turns and concave
 * beyond them, with slopes from -SLOPE to SLOPE.
 */
export interface Gated {
  /** gate(x) - 1/2 as a graph, off by no more than `OFF`. */
  gate(s: BoundSite, x: string): string;
  /** Its derivative, of it and x; likewise. */
  rise(s: BoundSite, gate: string, x: string): string;
  /** Where h turns, above 0. */
  turn: number;
  /** Where its slope is 1/2 within: what tangents from far out touch. */
  touch: number;
  /** How fast places go out where tangents touch it beyond its turn; see `gatedLines`. */
  spread: number;
}

/** Twice what engines' gates and their derivatives are off by; see the test of gates. */
export const OFF = 5e-7;

const SLOPE = 0.7;

/** Beyond, (x - CAP) times a gate's derivative at x is less than 1e-7. */
const CAP = 16;

/** Places beside a turn lie this side of it for certain. */
const BESIDE = 1e-4;
/** What no number comes near by that differs from 0. */
const FAR = 2 ** 100;
const NEAR = 2 ** -60;

/**
 * Lines as a graph. As h is even, an interval whose middle is below 0 is reflected: l and u below have their middle m at 0 or above. With k
 * a slope less 1/2, a line holds that is as far from h - k x as its extreme on [l, u]:
 *
 * Below. Beyond the turns h - k x is least at an end, or at a turn; between them, it is above its tangent at p, which is flat for k = h'(p).
 * So the least is that of l, u and p, for any p within [l, u] that lies between the turns, if these meet. That holds for k below h'(p) as well
 * where p is l. For the line to be near h in the middle, p is m, or where tangents touch that meet h at u, about
 *
 *     p^2 = touch^2 + (turn^2 - touch^2) (turn / u)^(3/2),
 *
 * or l where that is more; there, the chord's slope is taken, unless it is steeper.
 *
 * Above. Between the turns h - k x is largest at an end or at a turn; above the upper, it is below its tangent at q, so that the largest is that
 * of l, u and q; below the lower, h falls more steeply than by k, which is -1/2 at least: there m >= 0, and the chord rises. q is m, or
 * where tangents touch that meet h at l, about turn (1 + spread log(turn / l)), or u where that is less, with the chord's slope likewise.
 *
 * What float32 makes of this: with e = `OFF` / 2, U = 2^-24 and r = max(|l|, |u|), products x gate and sums with k x are off by (e + 4 U) r, and
 * the stored slope by U; h'(p), with `CAP` for a larger p, by (e + 2 U) (1 + min(r, CAP)), times u - l at most for the line. Intercepts give way by
 * four times e for each.
 */
export function gatedLines(s: BoundSite, { lower, upper }: Interval, own: Gated): EmittedLines {
  const { turn, touch, spread } = own;
  const [low, high] = [s.emit('Max', lower, s.neg(upper)), s.emit('Max', upper, s.neg(lower))];
  // 1, or -1 for what is reflected.
  const isUp = s.b.op('HardSigmoid', [s.add(lower, upper)], { alpha: float(3e37), beta: float(1) });
  const side = s.sub(s.mul(isUp, 2), 1);
  const width = s.sub(high, low);
  const middle = s.mul(s.add(low, high), 0.5);
  const at = (x: string) => {
    const gate = own.gate(s, x);
    return { x, gate, value: s.mul(x, gate) };
  };
  const ends = [at(low), at(high)] as const;
  const rise = s.div(s.sub(ends[1].value, ends[0].value), s.add(width, NEAR));
  const chord = s.emit('Clip', rise, -SLOPE, SLOPE);
  /** The slope at a place, or the chord's at an end if it is less. */
  const slopeAt = ({ x, gate }: ReturnType<typeof at>, fromEnd: string) => {
    const slope = s.add(gate, s.mul(s.emit('Min', x, CAP), own.rise(s, gate, x)));
    return s.emit('Min', slope, s.add(chord, s.mul(fromEnd, FAR)));
  };
  const far = s.emit('Reciprocal', s.emit('Max', high, turn * (1 + BESIDE)));
  const share = (turn ** 2 - touch ** 2) * turn ** 1.5;
  const within = s.sqrt(s.add(s.mul(s.mul(far, s.sqrt(far)), share), touch ** 2));
  const inner = at(s.emit('Max', s.emit('Min', middle, within), low));
  const log = s.log(s.emit('Relu', low));
  const beyond = s.sub(turn * (1 + spread * Math.log(turn)), s.mul(log, turn * spread));
  const past = s.emit('Max', s.emit('Max', middle, beyond), turn * (1 + BESIDE));
  const outer = at(s.emit('Min', past, high));
  const slopes = [slopeAt(inner, s.sub(inner.x, low)), slopeAt(outer, s.sub(high, outer.x))] as const;
  const extreme = (op: string, place: ReturnType<typeof at>, slope: string) =>
    [...ends, place].map(({ x, value }) => s.sub(value, s.mul(slope, x))).reduce((a, b) => s.emit(op, a, b));
  const both = s.add(s.mul(s.add(s.emit('Min', high, CAP), 1), width), high);
  const spare = s.add(s.mul(both, 2 * OFF), NEAR);
  const stored = (slope: string) => s.add(s.mul(slope, side), 0.5);
  return {
    lowerSlope: stored(slopes[0]),
    lowerIntercept: s.sub(extreme('Min', inner, slopes[0]), spare),
    upperSlope: stored(slopes[1]),
    upperIntercept: s.add(extreme('Max', outer, slopes[1]), spare),
  };
}
