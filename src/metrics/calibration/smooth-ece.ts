/*
 * Smooth calibration error (Błasiok & Nakkiran 2023): residuals smoothed by a Gaussian kernel that is reflected at 0 and 1,
 * at the bandwidth that equals the error. The grids are those of the authors' package relplot, so that values agree with it
 * to rounding: residuals are shared linearly between two points of a grid, the kernel ends at half the grid.
 */

/** Bandwidths are tried in steps of this: ten bisections of [0, 1]. */
const BISECTIONS = 10;
/** Below this bandwidth none is looked for. */
const SMALLEST = 0.001;
/** Added to the density at every point. */
const DENSITY_FLOOR = 1e-4;
/** Of its largest weight: smaller ones change no digit. */
const NEGLIGIBLE = 1e-18;
/** Bandwidths whose smoothing is kept for the next resample. */
const KEPT = 32;

/** How residuals are smoothed at a bandwidth. */
interface Smoothing {
  /** Points of the grid over [0, 1]. */
  points: number;
  /** Where the result is read. */
  evaluations: number;
  /** (evaluations) where in the grid with its mirror images a reading's weights begin. */
  from: Int32Array;
  /** (evaluations, width) the weights of each reading, which lies between two points. */
  weights: Float64Array;
  width: number;
  /** (points) the sum over all evaluations of the weight that a point has. */
  total: Float64Array;
}

const smoothings = new Map<number, Smoothing>();

function smoothingOf(bandwidth: number): Smoothing {
  const known = smoothings.get(bandwidth);
  if (known) return known;
  const made = makeSmoothing(bandwidth);
  if (smoothings.size >= KEPT) smoothings.delete(smoothings.keys().next().value as number);
  smoothings.set(bandwidth, made);
  return made;
}

function makeSmoothing(bandwidth: number): Smoothing {
  const points = Math.floor(Math.max(2000, Math.round(20 / bandwidth)) / 2) + 1;
  const evaluations = Math.max(200, Math.round(10 / bandwidth));
  const weight = (k: number) => Math.exp(-((k / (points - 1) - 0.5) ** 2) / (2 * bandwidth ** 2));
  const reached = Array.from({ length: points }, (_, k) => k).filter((k) => weight(k) > NEGLIGIBLE);
  const [first, last] = [reached[0]!, reached[reached.length - 1]!];
  // From the far end: what lies before a point is weighed first. With an even number of points the middle of the kernel
  // lies between two, half a step to one side, as there.
  const kernel = reached.map((_, at) => weight(last - at) / (Math.sqrt(2 * Math.PI) * bandwidth));
  const before = last - (points >> 1);
  const width = last - first + 2;
  const [from, weights] = [new Int32Array(evaluations), new Float64Array(evaluations * width)];
  const total = new Float64Array(points);
  for (let e = 0; e < evaluations; e++) {
    const at = (e / (evaluations - 1)) * (points - 1);
    const below = Math.min(points - 2, Math.floor(at));
    from[e] = points - 1 + below - before;
    for (let k = 0; k < width; k++) {
      // The reading is interpolated between the smoothed values of the points below and above.
      const value = (1 - (at - below)) * (kernel[k] ?? 0) + (at - below) * (kernel[k - 1] ?? 0);
      weights[e * width + k] = value;
      // Beyond the far mirror image only where the weight is 0.
      if (value !== 0) total[reflected(below - before + k, points)]! += value;
    }
  }
  return { points, evaluations, from, weights, width, total };
}

/** The point that a position outside the grid is the mirror image of. */
function reflected(position: number, points: number): number {
  if (position < 0) return -position;
  return position < points ? position : 2 * (points - 1) - position;
}

/** Sums over examples, shared between the neighbouring points of a grid. */
interface Grid {
  /** (3 points - 1): with their mirror images at both ends, and a 0. */
  residuals: Float64Array;
  /** (points) */
  counts: Float64Array;
}

function onGrid(
  predicted: Float64Array,
  observed: ArrayLike<number>,
  times: Uint8Array,
  points: number,
): Grid {
  const last = points - 1;
  const [residuals, counts] = [new Float64Array(3 * points - 1), new Float64Array(points)];
  const middle = residuals.subarray(last, last + points);
  for (let i = 0; i < predicted.length; i++) {
    if (times[i] === 0) continue;
    const at = predicted[i]! * last;
    const below = Math.min(last - 1, Math.floor(at));
    const [upper, residual] = [at - below, times[i]! * (predicted[i]! - observed[i]!)];
    middle[below]! += (1 - upper) * residual;
    middle[below + 1]! += upper * residual;
    counts[below]! += (1 - upper) * times[i]!;
    counts[below + 1]! += upper * times[i]!;
  }
  for (let k = 1; k <= last; k++) {
    residuals[last - k] = middle[k]!;
    residuals[last + last + k] = middle[last - k]!;
  }
  return { residuals, counts };
}

function errorOf({ residuals, counts }: Grid, smoothing: Smoothing): number {
  const { points, evaluations, from, weights, width, total } = smoothing;
  let error = -0;
  for (let e = 0; e < evaluations; e++)
    error += Math.abs(dot(weights, e * width, residuals, from[e]!, width));
  return error / (dot(total, 0, counts, 0, points) + evaluations * DENSITY_FLOOR);
}

/** The sum of products of as many numbers from a place on. */
function dot(a: Float64Array, aFrom: number, b: Float64Array, bFrom: number, length: number): number {
  let sum = -0;
  for (let k = 0; k < length; k++) sum += a[aFrom + k]! * b[bFrom + k]!;
  return sum;
}

/** An error and the bandwidth at which it was found. */
export interface SmoothEce {
  value: number;
  bandwidth: number;
}

/**
 * Smooth ECE of resamples.
 * @param predicted (n) in [0, 1]
 * @param observed (n) 0 or 1
 * @returns a function of how often each example was drawn, (n); NaN for none
 */
export function smoothEce(
  predicted: Float64Array,
  observed: ArrayLike<number>,
): (times: Uint8Array) => SmoothEce {
  return (times) => {
    const grids = new Map<number, Grid>();
    const at = (bandwidth: number) => {
      const smoothing = smoothingOf(bandwidth);
      const { points } = smoothing;
      const grid = grids.get(points) ?? onGrid(predicted, observed, times, points);
      grids.set(points, grid);
      return errorOf(grid, smoothing);
    };
    if (!times.some((count) => count > 0)) return { value: Number.NaN, bandwidth: Number.NaN };
    // The error exceeds small bandwidths and falls below large ones: where it crosses is looked for from above.
    let [above, below, value] = [1, 0, Number.NaN];
    for (let step = 0; step < BISECTIONS; step++) {
      const middle = (above + below) / 2;
      const error = middle < SMALLEST ? Number.POSITIVE_INFINITY : at(middle);
      if (middle < error) below = middle;
      else [above, value] = [middle, error];
    }
    return { value: above === 1 ? at(1) : value, bandwidth: above };
  };
}

/** The smoothed error at one bandwidth, of each example once. @param bandwidth in (0, 1] */
export function smoothEceAt(predicted: Float64Array, observed: ArrayLike<number>, bandwidth: number): number {
  const smoothing = makeSmoothing(bandwidth);
  const once = new Uint8Array(predicted.length).fill(1);
  return errorOf(onGrid(predicted, observed, once, smoothing.points), smoothing);
}
