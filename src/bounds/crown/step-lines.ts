import { type Bent, type Bounded, dimsOf, sizeOf } from '../network/network.js';
import { magnitudeAt, outward, type Range, type Ranges, rangeOf } from '../network/ranges.js';
import { gamma, gammaOfAxes, UNIT } from '../network/rounding.js';
import type { Plane } from '../rows/row.js';

/** What a step that is not affine is replaced by, on the intervals of its input; each (n, size). */
export interface StepLines {
  lowerSlope: Float32Array;
  lowerIntercept: Float32Array;
  upperSlope: Float32Array;
  upperIntercept: Float32Array;
  /** Of windows: which number of the input the slopes belong to. */
  place?: Int32Array;
  /** Of products: the slopes of the second value; those above are of the first. */
  other?: { lowerSlope: Float32Array; upperSlope: Float32Array };
  /** What one unit of the coefficient of each number that the step gives may cost by rounding. */
  error: Float32Array;
}

export function stepLines(step: Bent, network: Bounded, n: number, ranges: Ranges): StepLines {
  const length = n * sizeOf(network, step.node.outputs[0]!);
  const lines: StepLines = {
    lowerSlope: new Float32Array(length),
    lowerIntercept: new Float32Array(length),
    upperSlope: new Float32Array(length),
    upperIntercept: new Float32Array(length),
    error: new Float32Array(length),
  };
  if ('windows' in step) ofWindows(step, network, n, ranges, lines);
  else if ('planes' in step) ofProduct(step, network, ranges, lines);
  else ofCurve(step, network, ranges, lines);
  return lines;
}

/** What computing a coefficient, or an intercept, from those of two lines takes; see `bent` of the walk. */
export const COEFFICIENT = 7 * UNIT;

/**
 * Numbers nearer to 0 are 0, or that: their products with coefficients would be below the range in which float32 is computed fast,
 * which takes a hundred times as long.
 */
const [FLAT, NEAR] = [2 ** -40, 2 ** -60];
/** Steeper lines, as of 1 / x near 0, overflow, or what is computed with them does: one that is flat holds as well. */
const STEEP = 2 ** 90;
/** More than float32 loses of a number that is no nearer to 0. */
const STORED = 2 ** -23;

/** A number to store as float32 that is at or above (1), or at or below (-1), what is given. */
function away(x: number, direction: -1 | 1): number {
  if (x > NEAR || x < -NEAR) return x + direction * Math.abs(x) * STORED;
  return x * direction > 0 ? direction * NEAR : x === 0 || x * direction < 0 ? 0 : x;
}

/** What sums take: of intercepts, and of coefficients where ways meet. */
const sumsOf = (node: Bent['node'], network: Bounded) => ({
  axes: gammaOfAxes(dimsOf(network, node.outputs[0]!), network.steps.length),
  ways: gamma(network.readers.get(node.outputs[0]!) ?? 0),
});

type Windows = Extract<Bent, { windows: unknown }>;
type Curve = Extract<Bent, { lines: unknown }>;
type Products = Extract<Bent, { planes: unknown }>;

function ofCurve(step: Curve, network: Bounded, ranges: Ranges, made: StepLines): void {
  const { node, row, lines, rounding } = step;
  const of = rangeOf(ranges, node.inputs[0]!);
  const { lower: least, upper: most } = rangeOf(ranges, node.outputs[0]!);
  const { axes, ways } = sumsOf(node, network);
  const { absolute, relative, argument } = rounding;
  const { steepest, isExact } = steepestOf(step);
  const line = new Float64Array(4);
  const { lower: lowers, upper: uppers } = of;
  const { lowerSlope, lowerIntercept, upperSlope, upperIntercept, error } = made;
  const throughZero = row.throughZero === true;
  for (let i = 0; i < error.length; i++) {
    const lower = lowers[i]!;
    const upper = uppers[i]!;
    lines(lowers, uppers, i, line);
    if (!(Math.abs(line[0]!) < STEEP)) line.set([0, least[i]!]);
    if (!(Math.abs(line[2]!) < STEEP)) line.set([0, most[i]!], 2);
    const below = line[0]!;
    const above = line[2]!;
    const reach = Math.max(Math.abs(lower), Math.abs(upper));
    const flatBelow = below < FLAT && below > -FLAT && !throughZero;
    const flatAbove = above < FLAT && above > -FLAT;
    lowerSlope[i] = flatBelow ? 0 : below;
    upperSlope[i] = flatAbove ? 0 : above;
    // What a slope lost when it was stored, the intercept gives way by.
    const low = line[1]! - Math.abs(below - lowerSlope[i]!) * reach;
    const high = line[3]! + Math.abs(above - upperSlope[i]!) * reach;
    if (!throughZero) lowerIntercept[i] = away(low, -1);
    upperIntercept[i] = away(high, 1);
    error[i] = away(
      absolute +
        argument * reach +
        (relative + ways) * Math.max(Math.abs(least[i]!), Math.abs(most[i]!)) +
        COEFFICIENT *
          Math.max(isExact?.(lower, upper) ? 0 : steepest, Math.abs(below), Math.abs(above)) *
          reach +
        (COEFFICIENT + axes) * Math.max(Math.abs(low), Math.abs(high)),
      1,
    );
  }
}

/**
 * The error of a curve's lines, (n, size), with what one unit of the coefficient of each number that it reads costs, times the steepest
 * slope that its lines may have.
 */
export function withCosts(
  lines: StepLines,
  costs: Float32Array,
  step: Bent,
  { lower, upper }: Range,
): Float32Array {
  const { steepest, isExact } = steepestOf(step);
  const { lowerSlope, upperSlope, error } = lines;
  const both = new Float32Array(error.length);
  for (let i = 0; i < both.length; i++) {
    const slope = Math.max(
      isExact?.(lower[i]!, upper[i]!) ? 0 : steepest,
      Math.abs(lowerSlope[i]!),
      Math.abs(upperSlope[i]!),
    );
    both[i] = error[i]! + slope * costs[i]!;
  }
  return both;
}

/** The steepest slope that may be taken instead, but where the lines are the function itself. */
function steepestOf({ row, ...step }: Bent): {
  steepest: number;
  isExact?: ((lower: number, upper: number) => boolean) | undefined;
} {
  const steepest = 'lines' in step ? step.lowerSlopes?.[1] : undefined;
  if (steepest === undefined) return { steepest: 0 };
  return { steepest, isExact: row.kind === 'curve' ? row.exactOn : undefined };
}

function ofProduct({ node, planes, row }: Products, network: Bounded, ranges: Ranges, made: StepLines): void {
  const [x, y] = node.inputs.map((input) => rangeOf(ranges, input)) as [Range, Range];
  const given = rangeOf(ranges, node.outputs[0]!);
  const { axes, ways } = sumsOf(node, network);
  const { absolute, relative } = row.rounding;
  const length = made.error.length;
  const other = { lowerSlope: new Float32Array(length), upperSlope: new Float32Array(length) };
  made.other = other;
  for (let i = 0; i < length; i++) {
    const { lower, upper } = planes([x.lower[i]!, x.upper[i]!], [y.lower[i]!, y.upper[i]!]);
    const [below, above] = [lower[0], upper[0]];
    // Ends of intervals, which are stored as they are.
    [made.lowerSlope[i], other.lowerSlope[i]] = below.slopes;
    [made.upperSlope[i], other.upperSlope[i]] = above.slopes;
    made.lowerIntercept[i] = outward(below.intercept, -1);
    made.upperIntercept[i] = outward(above.intercept, 1);
    // Means of planes may be taken instead.
    const all = [...lower, ...upper];
    const most = (of: (plane: Plane) => number) => Math.max(...all.map((plane) => Math.abs(of(plane))));
    const steepest = (k: 0 | 1) => most(({ slopes }) => slopes[k]);
    made.error[i] = outward(
      absolute +
        (relative + ways) * magnitudeAt(given, i) +
        COEFFICIENT * (steepest(0) * magnitudeAt(x, i) + steepest(1) * magnitudeAt(y, i)) +
        (COEFFICIENT + axes) * most(({ intercept }) => intercept),
      1,
    );
  }
}

/**
 * The largest of each window: at least the number with the largest lower end; at most that number where it is the largest for
 * certain, else the largest upper end.
 */
function ofWindows(
  { node, windows }: Windows,
  network: Bounded,
  n: number,
  ranges: Ranges,
  made: StepLines,
): void {
  const of = rangeOf(ranges, node.inputs[0]!);
  const size = sizeOf(network, node.outputs[0]!);
  const inner = sizeOf(network, node.inputs[0]!);
  // Windows may share a place, where their coefficients are added up.
  const shared = gamma(mostShared(windows, inner));
  const { axes, ways } = sumsOf(node, network);
  const place = new Int32Array(n * size);
  for (let image = 0; image < n; image++)
    for (const [o, window] of windows.entries()) {
      const at = image * size + o;
      const from = image * inner;
      let best = window[0]!;
      for (const i of window) if (of.lower[from + i]! > of.lower[from + best]!) best = i;
      let others = Number.NEGATIVE_INFINITY;
      for (const i of window) if (i !== best) others = Math.max(others, of.upper[from + i]!);
      const certain = of.lower[from + best]! >= others;
      const most = Math.max(others, of.upper[from + best]!);
      place[at] = best;
      made.lowerSlope[at] = 1;
      made.upperSlope[at] = certain ? 1 : 0;
      made.upperIntercept[at] = certain ? 0 : most;
      const reach = Math.max(magnitudeAt(of, from + best), Math.abs(most));
      made.error[at] = outward((COEFFICIENT + shared + axes + ways) * reach, 1);
    }
  made.place = place;
}

/** Of how many windows a place is part at most. */
function mostShared(windows: readonly Int32Array[], places: number): number {
  const counts = new Int32Array(places);
  for (const window of windows) for (const place of window) counts[place]!++;
  return counts.reduce((most, count) => Math.max(most, count), 0);
}
