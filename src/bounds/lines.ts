import type { Lines } from './row.js';

/** A function of a number that is smooth but at its kinks. */
export interface Shape {
  f(x: number): number;
  /** Derivative, away from kinks. */
  slope(x: number): number;
  /** Where the derivative jumps or turns: between two neighbours it does not change its direction. In ascending order. */
  turns: readonly number[];
  /** Where it falls and rises: minima and maxima. Default: it never falls. */
  extremes?: readonly number[];
}

/** Halvings of an interval. Where a distance is extreme it is level: a place right to 2^-26 gives it to all digits of float64. */
const HALVINGS = 26;
/** What rounding in float64 may cost, relative to the numbers that meet. */
const ROUNDING = 1e-12;

/**
 * Two lines that hold a function on [lower, upper]. Of a few slopes (the chord, tangents at both ends and in the middle, level)
 * each side takes the one whose line is nearest in the middle, which is that of the smallest area. Each line is moved outward
 * until it holds: the distance to a line is extreme at the ends, at kinks and where the slopes agree.
 */
export function linesAround(shape: Shape, lower: number, upper: number): Lines {
  const { f, slope, turns } = shape;
  const [low, high] = [f(lower), f(upper)];
  const chord = upper > lower ? (high - low) / (upper - lower) : slope(lower);
  const middle = (lower + upper) / 2;
  const reach = Math.max(Math.abs(lower), Math.abs(upper));
  const spareOf = (k: number) => ROUNDING * (1 + Math.abs(low) + Math.abs(high) + Math.abs(k) * reach);
  if (!turns.some((turn) => turn > lower && turn < upper)) {
    // It bends one way: the chord is on one side, every tangent on the other.
    const along = { slope: chord, intercept: low - chord * lower };
    const k = slope(middle);
    const touching = { slope: k, intercept: f(middle) - k * middle };
    const [below, above] =
      along.slope * middle + along.intercept > f(middle) ? [touching, along] : [along, touching];
    return {
      lowerSlope: below.slope,
      lowerIntercept: below.intercept - spareOf(below.slope),
      upperSlope: above.slope,
      upperIntercept: above.intercept + spareOf(above.slope),
    };
  }
  return linesAcross(shape, lower, upper, [
    chord,
    slope(inward(lower, upper)),
    slope(inward(upper, lower)),
    slope(middle),
  ]);
}

/** Of lines with these slopes, moved outward until they hold, those that are nearest in the middle. */
function linesAcross(
  { f, slope, turns }: Shape,
  lower: number,
  upper: number,
  slopes: readonly number[],
): Lines {
  const middle = (lower + upper) / 2;
  const ends = [lower, ...turns.filter((turn) => turn > lower && turn < upper), upper];
  const values = ends.map(f);
  const lines: Lines = { lowerSlope: 0, lowerIntercept: -Infinity, upperSlope: 0, upperIntercept: Infinity };
  for (const k of slopes) {
    if (!Number.isFinite(k)) continue;
    let [least, most] = [Infinity, -Infinity];
    const look = (distance: number) => {
      if (distance < least) least = distance;
      if (distance > most) most = distance;
    };
    for (const [i, x] of ends.entries()) look(values[i]! - k * x);
    for (let i = 0; i + 1 < ends.length; i++) {
      const x = whereSlopeIs(k, slope, ends[i]!, ends[i + 1]!);
      if (x !== undefined) look(f(x) - k * x);
    }
    const spare =
      ROUNDING *
      (1 +
        Math.abs(values[0]!) +
        Math.abs(values.at(-1) ?? 0) +
        Math.abs(k) * Math.max(Math.abs(lower), Math.abs(upper)));
    if (k * middle + least > lines.lowerSlope * middle + lines.lowerIntercept) {
      lines.lowerSlope = k;
      lines.lowerIntercept = least - spare;
    }
    if (k * middle + most < lines.upperSlope * middle + lines.upperIntercept) {
      lines.upperSlope = k;
      lines.upperIntercept = most + spare;
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
