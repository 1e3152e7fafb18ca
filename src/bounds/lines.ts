import type { Lines } from './row.js';

/** A function of a number that is smooth but at its kinks. */
export interface Shape {
  f(x: number): number;
  /** Derivative, away from kinks. */
  slope(x: number): number;
  /** Where the derivative jumps or turns: between two neighbours it does not change its direction. In ascending order. */
  turns: readonly number[];
}

/** Halvings of an interval: float64 has no more digits. */
const HALVINGS = 60;
/** What rounding in float64 may cost, relative to the numbers that meet. */
const ROUNDING = 1e-12;

/**
 * Two lines that hold a function on [lower, upper]. Of a few slopes (the chord, tangents at both ends and in the middle, level)
 * each side takes the one whose line is nearest in the middle, which is that of the smallest area. Each line is moved outward
 * until it holds: the distance to a line is extreme at the ends, at kinks and where the slopes agree.
 */
export function linesAround({ f, slope, turns }: Shape, lower: number, upper: number): Lines {
  const [low, high] = [f(lower), f(upper)];
  const middle = (lower + upper) / 2;
  const inside = turns.filter((turn) => turn > lower && turn < upper);
  const ends = [lower, ...inside, upper];
  const chord = upper > lower ? (high - low) / (upper - lower) : slope(lower);
  const slopes = [chord, slope(inward(lower, upper)), slope(inward(upper, lower)), slope(middle), 0].filter(
    Number.isFinite,
  );
  let best = { above: Infinity, below: -Infinity };
  const lines: Lines = { lowerSlope: 0, lowerIntercept: -Infinity, upperSlope: 0, upperIntercept: Infinity };
  for (const k of slopes) {
    let [least, most] = [Infinity, -Infinity];
    const look = (x: number) => {
      const distance = f(x) - k * x;
      least = Math.min(least, distance);
      most = Math.max(most, distance);
    };
    for (const x of ends) look(x);
    for (let i = 0; i + 1 < ends.length; i++) {
      const x = whereSlopeIs(k, slope, ends[i], ends[i + 1]);
      if (x !== undefined) look(x);
    }
    const spare =
      ROUNDING *
      (1 + Math.abs(low) + Math.abs(high) + Math.abs(k) * Math.max(Math.abs(lower), Math.abs(upper)));
    if (k * middle + least > best.below) {
      best = { ...best, below: k * middle + least };
      Object.assign(lines, { lowerSlope: k, lowerIntercept: least - spare });
    }
    if (k * middle + most < best.above) {
      best = { ...best, above: k * middle + most };
      Object.assign(lines, { upperSlope: k, upperIntercept: most + spare });
    }
  }
  return lines;
}

/** A little way from an end, where it may be a kink. */
const inward = (from: number, to: number) => from + (to - from) * 1e-9;

/** Where a derivative that only rises or only falls takes a value; undefined where it does not within. */
function whereSlopeIs(k: number, slope: Shape['slope'], from: number, to: number): number | undefined {
  let [a, b] = [inward(from, to), inward(to, from)];
  const rising = slope(b) > slope(a);
  const below = (x: number) => (rising ? slope(x) < k : slope(x) > k);
  if (!below(a) || below(b)) return undefined;
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (a + b) / 2;
    if (below(middle)) a = middle;
    else b = middle;
  }
  return (a + b) / 2;
}
