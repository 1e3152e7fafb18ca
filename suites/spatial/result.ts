import { gridOf, type SpatialParams, type SpatialRows } from '../../src/measurements.js';
import { type Estimate, meanOfShares, wilson } from '../../src/metrics.js';
import type { Collected, DatasetInfo, SystemInfo } from '../../src/suite.js';

/** What transformations do to a system; arrays of n have an entry an image. */
export interface SpatialResult {
  system: SystemInfo;
  dataset: DatasetInfo;
  n: number;
  indices: Int32Array;
  labels: Int32Array;
  /** First point of the grid at which an image is mistaken, or -1; point 0 is the image as it is. */
  brokenAt: Int32Array;
  /** (n, draws) */
  random: Uint8Array;
  draws: number;
  /** (n, angles) Share of the translations at which it is right. */
  byAngle?: Float64Array;
  angles: readonly number[];
  clean: Estimate;
  worst: Estimate;
  /** Mean over the random transformations of each image, and right under all of them. */
  atRandom: Estimate;
  worstOfRandom: Estimate;
  grid?: Estimate;
  perAngle?: readonly Estimate[];
  /** Points that had to be looked at, of so many. */
  tried: number;
  points: number;
}

const share = (outcome: readonly boolean[]) => wilson(outcome.filter((is) => is).length, outcome.length);

export function spatialResult(
  system: SystemInfo,
  dataset: DatasetInfo,
  { rows, indices, labels = new Int32Array(0) }: Collected<SpatialRows>,
  params: SpatialParams,
): SpatialResult {
  const n = indices.length;
  const grid = gridOf(params);
  const brokenAt = Int32Array.from(rows.brokenAt.data);
  const random = Uint8Array.from(rows.random.data);
  const { draws, shifts } = params;
  const ofDraws = Array.from({ length: n }, (_, i) => random.subarray(i * draws, (i + 1) * draws));
  const angles = [...new Set(grid.map(({ degrees }) => degrees))].sort((a, b) => a - b);
  const byAngle = rows.byAngle && Float64Array.from(rows.byAngle.data, (right) => right / shifts ** 2);
  const whole = byAngle && wholeGrid(byAngle, n, angles.length);
  const looked = brokenAt.reduce((sum, at) => sum + (at < 0 ? grid.length : at + 1), 0);
  return {
    ...{ system, dataset, n, indices, labels, brokenAt, random, draws, angles },
    clean: share(Array.from(brokenAt, (at) => at !== 0)),
    worst: share(Array.from(brokenAt, (at) => at < 0)),
    atRandom: meanOfShares(ofDraws.map((hits) => meanOfList(hits))),
    worstOfRandom: share(ofDraws.map((hits) => hits.every((hit) => hit === 1))),
    ...(byAngle && { byAngle, ...whole }),
    tried: n > 0 ? looked / n : Number.NaN,
    points: grid.length,
  };
}

function wholeGrid(byAngle: Float64Array, n: number, angles: number) {
  const perImage = Array.from({ length: n }, (_, i) =>
    meanOfList(byAngle.subarray(i * angles, (i + 1) * angles)),
  );
  return {
    grid: meanOfShares(perImage),
    perAngle: Array.from({ length: angles }, (_, a) =>
      meanOfShares(Array.from({ length: n }, (__, i) => byAngle[i * angles + a]!)),
    ),
  };
}

function meanOfList(values: ArrayLike<number>): number {
  let sum = 0;
  for (let k = 0; k < values.length; k++) sum += values[k]!;
  return sum / values.length;
}
