import type { Examples } from '../dataset.js';
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
  const ascending = [...places.keys()].sort((a, b) => a - b);
  for (let from = 0, to = 0; from < ascending.length; from = to) {
    do to++;
    while (to < ascending.length && ascending[to] === ascending[to - 1] + 1);
    const start = ascending[from];
    const examples = await parent.read(start, ascending[to - 1] + 1);
    const reasons = reasonsOf(examples);
    for (const position of ascending.slice(from, to)) {
      const i = position - start;
      const image = examples.pixels.subarray(i * size, (i + 1) * size);
      const reason = reasons.get(examples.indices[i]);
      for (const place of places.get(position) ?? []) {
        pixels.set(image, place * size);
        if (reason !== undefined) failed.set(place, reason);
      }
    }
  }
  return { pixels, failed };
}

const reasonsOf = ({ failed = [] }: Examples) => new Map(failed.map(({ example, what }) => [example, what]));
