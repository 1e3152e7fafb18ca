import type { Examples } from '../dataset.js';
import { rangesOf } from '../examples-at.js';
import type { Parent } from './derivation.js';

/** Images at any positions of a data set. */
export interface Picked {
  /** (positions, C, H, W) */
  pixels: Float32Array;
  /** By place in `positions`: why there is no such image. */
  failed: ReadonlyMap<number, string>;
}

/**
 * Reads images at any positions, each once and in ascending order, neighbours together: what lies behind may be a
 * file that is decoded or a unit that is read whole.
 * @param size numbers of an image
 */
export async function readPositions(
  parent: Parent,
  positions: readonly number[],
  size: number,
): Promise<Picked> {
  const pixels = new Float32Array(positions.length * size);
  const failed = new Map<number, string>();
  const places = new Map<number, number[]>();
  positions.forEach((position, place) => {
    places.set(position, [...(places.get(position) ?? []), place]);
  });
  for (const { start, end } of rangesOf(positions)) {
    const examples = await parent.read(start, end);
    const reasons = reasonsOf(examples);
    for (let i = 0; i < end - start; i++) {
      const image = examples.pixels.subarray(i * size, (i + 1) * size);
      const reason = reasons.get(examples.indices[i]!);
      for (const place of places.get(start + i) ?? []) {
        pixels.set(image, place * size);
        if (reason !== undefined) failed.set(place, reason);
      }
    }
  }
  return { pixels, failed };
}

const reasonsOf = ({ failed = [] }: Examples) => new Map(failed.map(({ example, what }) => [example, what]));
