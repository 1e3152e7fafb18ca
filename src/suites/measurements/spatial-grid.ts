import { type Padding, type Warp, warped } from '../../data/warps/warp.js';
import { AssayError } from '../../errors.js';
import { imageSize } from '../../models/batching.js';
import { stream } from '../../random/stream.js';
import { int32, type RowsIn, uint8 } from '../columns.js';
import { defineMeasurement, type MeasureContext } from '../contract.js';
import { predictedClasses } from './predicted-classes.js';

/** Transformations: turned by up to `degrees` either way, moved by up to `shift` of the side in either direction. */
export interface SpatialParams {
  degrees: number;
  /** Angles of the grid; odd, so that 0 is one. */
  angles: number;
  shift: number;
  /** Of the grid, for each of the two directions; odd. */
  shifts: number;
  padding: Padding;
  /** Transformations drawn at random for each image. */
  draws: number;
  /** Every point of the grid is looked at, also when an earlier one was mistaken. */
  whole: boolean;
}

const columns = (_: unknown, { draws, whole, angles }: SpatialParams) => ({
  brokenAt: int32(),
  random: uint8(draws),
  byAngle: whole ? int32(angles) : undefined,
});

export type SpatialRows = RowsIn<ReturnType<typeof columns>>;

const spaced = (reach: number, n: number): number[] =>
  n === 1 ? [0] : Array.from({ length: n }, (_, k) => (reach * (2 * k - (n - 1))) / (n - 1));

/** A point of the grid, moves in shares of the side. */
export interface GridPoint {
  degrees: number;
  right: number;
  down: number;
  /** Position of its angle. */
  angle: number;
}

/** The grid in the order in which it is tried: no change first, then the largest changes, which break most. */
export function gridOf({ degrees, angles, shift, shifts }: SpatialParams): GridPoint[] {
  const moves = spaced(shift, shifts);
  const points = spaced(degrees, angles).flatMap((turn, angle) =>
    moves.flatMap((right) => moves.map((down) => ({ degrees: turn, right, down, angle }))),
  );
  const size = (point: GridPoint) =>
    Math.abs(point.degrees) / Math.max(degrees, 1e-9) +
    (Math.abs(point.right) + Math.abs(point.down)) / Math.max(shift, 1e-9);
  const isNone = (point: GridPoint) => size(point) === 0;
  return points.sort((a, b) => Number(isNone(b)) - Number(isNone(a)) || size(b) - size(a));
}

/**
 * Classes under every rotation and translation of a grid, and under some at random (Engstrom et al. 2019, section 4). Rows:
 * `brokenAt` (n): the first point of `gridOf` at which the image is mistaken, or -1; `random` (n, draws): right under each
 * random transformation; `byAngle` (n, angles), where the whole grid is looked at: at how many of the translations it is
 * right. An image that is mistaken is done with, unless all is wanted.
 */
export const spatialGrid = defineMeasurement({
  name: 'spatial-grid',
  version: 1,
  needs: ['logits'],
  unitSize: 128,
  endsEarly: true,
  passes: ({ angles, shifts, draws }: SpatialParams) => ({
    forward: angles * shifts * shifts + draws,
    gradient: 0,
  }),
  columns,
  async measure(context: MeasureContext, params: SpatialParams) {
    const { examples, outlook } = context;
    const { n, labels } = examples;
    if (!labels)
      throw new AssayError('suite-failed', 'what is mistaken under a transformation needs labels', {
        hint: 'request it on a labelled data set',
      });
    const grid = gridOf(params);
    const random = await randomHits(context, params, labels);
    const brokenAt = new Int32Array(n).fill(-1);
    const byAngle = params.whole ? new Int32Array(n * params.angles) : undefined;
    // Few images that are left still fill batches, with several points of each.
    const room = context.system.batchSize * context.system.concurrency;
    let left = Array.from({ length: n }, (_, i) => i);
    for (let from = 0; from < grid.length && left.length > 0; ) {
      const to = Math.min(grid.length, from + Math.max(1, Math.floor(room / left.length)));
      const tried = left.flatMap((image) =>
        grid.slice(from, to).map((point, k) => ({ image, warp: point, point: from + k })),
      );
      const hits = await hitsOf(context, params.padding, labels, tried, 'spatial/grid');
      for (const [k, { image, point }] of tried.entries()) {
        if (!hits[k] && brokenAt[image]! < 0) brokenAt[image] = point;
        if (byAngle && hits[k]) byAngle[image * params.angles + grid[point]!.angle]!++;
      }
      from = to;
      const before = left.length;
      if (!params.whole) left = left.filter((image) => brokenAt[image]! < 0);
      outlook?.spare({ forward: (before - left.length) * (grid.length - to), gradient: 0 });
    }
    return { brokenAt, random, ...(byAngle && { byAngle }) };
  },
});

async function randomHits(
  context: MeasureContext,
  { degrees, shift, padding, draws: count }: SpatialParams,
  labels: Int32Array,
): Promise<Uint8Array> {
  const { examples, seed } = context;
  const tried = Array.from(examples.indices).flatMap((example, image) =>
    Array.from({ length: count }, (_, step) => {
      const draws = stream({ seed, purpose: 'spatial/random', example, step });
      const within = (reach: number) => reach * (2 * draws.uniform() - 1);
      return { image, warp: { degrees: within(degrees), right: within(shift), down: within(shift) } };
    }),
  );
  return hitsOf(context, padding, labels, tried, 'spatial/random');
}

/**
 * 1 where an image is right under a transformation, by trial. What a stochastic system draws depends on the image alone: the
 * worst of many points is not the worst of many draws.
 */
async function hitsOf(
  context: MeasureContext,
  padding: Padding,
  labels: Int32Array,
  tried: readonly { image: number; warp: Warp }[],
  purpose: string,
): Promise<Uint8Array> {
  const { system, examples } = context;
  const { shape } = system.info;
  const size = imageSize(system.info);
  const hits = new Uint8Array(tried.length);
  const step = 4096;
  for (let start = 0; start < tried.length; start += step) {
    const some = tried.slice(start, start + step);
    const pixels = new Float32Array(some.length * size);
    some.forEach(({ image, warp }, k) => {
      const { right = 0, down = 0, degrees } = warp;
      const moved = { degrees, right: right * shape[2], down: down * shape[1] };
      const original = examples.pixels.subarray(image * size, (image + 1) * size);
      pixels.set(warped(original, shape, moved, padding), k * size);
    });
    const indices = Int32Array.from(some, ({ image }) => examples.indices[image]!);
    const predicted = await predictedClasses(context, { n: some.length, indices, pixels }, purpose);
    some.forEach(({ image }, k) => {
      hits[start + k] = predicted[k] === labels[image] ? 1 : 0;
    });
  }
  return hits;
}
