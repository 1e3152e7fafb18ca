import { imageSize } from '../../models/batching.js';
import type { SystemInfo } from '../../models/system.js';
import { float32, float64, int32, type NdArray, type RowsIn } from '../columns.js';
import { defineMeasurement, type MeasureContext, type Request, request } from '../contract.js';

export interface NearestImagesParams {
  /** Images that neighbours are sought for. */
  n: number;
}

/** Rows that hold images, (n, C, H, W). */
type Images = { readonly pixels: NdArray<Float32Array> };

const columns = ({ shape }: SystemInfo, { n }: NearestImagesParams) => ({
  query: int32(n),
  neighbour: int32(n),
  distance: float64(n),
  pixels: float32(n, ...shape),
});

export type NearestImagesRows = RowsIn<ReturnType<typeof columns>>;

/**
 * For each of some images, the image of a data set that is nearest in L2 over all pixels, in one row: `query` (n), the
 * source index of the image, -1 where it failed; `neighbour` (n), that of its neighbour; `distance` (n); `pixels`
 * (n, C, H, W) of the neighbours. The data set is read part by part, and once; `n` images are held.
 */
export const nearestImages = defineMeasurement({
  name: 'nearest-images',
  version: 1,
  needs: [],
  unitSize: 1,
  aggregate: 'images',
  passes: () => ({ forward: 0, gradient: 0 }),
  columns,
  async measure({ system, parts, images, signal }: MeasureContext<[], [Images]>, { n }: NearestImagesParams) {
    const size = imageSize(system.info);
    const queries = new Float32Array(n * size);
    const found = {
      query: new Int32Array(n).fill(-1),
      neighbour: new Int32Array(n).fill(-1),
      distance: new Float64Array(n).fill(Number.POSITIVE_INFINITY),
      pixels: new Float32Array(n * size),
    };
    const squares = new Float64Array(n).fill(Number.POSITIVE_INFINITY);
    let count = 0;
    for await (const { rows, indices } of parts(0)) {
      queries.set(rows.pixels!.data as Float32Array, count * size);
      found.query.set(indices, count);
      count += indices.length;
    }
    for await (const { pixels, indices } of images()) {
      signal.throwIfAborted();
      for (let q = 0; q < count; q++) {
        const at = nearest(queries.subarray(q * size, (q + 1) * size), pixels, squares[q]!);
        if (!at) continue;
        squares[q] = at.squares;
        found.neighbour[q] = indices[at.row]!;
        found.distance[q] = Math.sqrt(at.squares);
        found.pixels.set(pixels.subarray(at.row * size, (at.row + 1) * size), q * size);
      }
    }
    return found;
  },
});

/** The nearest row of `images` below a squared distance; a row is given up once it is farther. */
function nearest(query: Float32Array, images: Float32Array, below: number) {
  const size = query.length;
  let best: { row: number; squares: number } | undefined;
  let least = below;
  for (let row = 0; row * size < images.length; row++) {
    let squares = 0;
    for (let start = 0; start < size && squares < least; start += 256) {
      const end = Math.min(size, start + 256);
      for (let k = start; k < end; k++) squares += (query[k]! - images[row * size + k]!) ** 2;
    }
    if (squares < least) {
      least = squares;
      best = { row, squares };
    }
  }
  return best;
}

/** @param to the data set whose images are the neighbours; any system of its shape will do */
export const nearestImagesRequest = (
  { name: system }: Pick<SystemInfo, 'name'>,
  of: Request<Images>,
  n: number,
  to: string,
): Request<NearestImagesRows> =>
  request({
    measurement: nearestImages,
    system,
    dataset: to,
    params: { n },
    reference: [of],
  });
