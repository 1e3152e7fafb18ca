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

/** Tries at a place; of every so many one halves what is left. */
const [TRIES, HALVED] = [60, 4];
/** What rounding in float64 may cost, relative to the numbers that meet. */
const ROUNDING = 1e-12;

/**
 * Two lines that hold a function on [lower, upper]. Of a few slopes (the chord, tangents at both ends and in the middle)
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
      if (x === undefined) continue;
      const distance = f(x.at) - k * x.at;
      look(distance - x.spare);
      look(distance + x.spare);
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

/** Where the derivative is about right, and by how much the distance there may miss its extreme. */
interface Place {
  at: number;
  spare: number;
}

/**
 * Where a derivative that only rises or only falls takes a value; undefined where it does not within. By false position, in the
 * variant of Illinois (Dowell & Jarratt 1971). Between the place and the true one the derivative is no further from the value than
 * at the place, so that the distance misses its extreme by that times how far they may lie apart at most.
 */
function whereSlopeIs(k: number, slope: Shape['slope'], from: number, to: number): Place | undefined {
  let [a, b] = [inward(from, to), inward(to, from)];
  let [atA, atB] = [slope(a) - k, slope(b) - k];
  if (!(atA * atB < 0)) return undefined;
  let best: Place = { at: a, spare: Number.POSITIVE_INFINITY };
  let moved = 0;
  for (let i = 1; i <= TRIES && best.spare > ROUNDING; i++) {
    const x = i % HALVED === 0 ? (a + b) / 2 : a + ((b - a) * atA) / (atA - atB);
    const off = slope(x) - k;
    const spare = Math.abs(off) * (b - a);
    if (spare < best.spare) best = { at: x, spare };
    if (off * atB > 0) {
      b = x;
      atB = off;
      if (moved === 1) atA /= 2;
      moved = 1;
    } else {
      a = x;
      atA = off;
      if (moved === -1) atB /= 2;
      moved = -1;
    }
  }
  return best;
}
