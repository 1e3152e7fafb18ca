import type { LowerBounds } from '../network/ranges.js';
import type { Item } from './cut.js';

/** Functions of some images that are bounded in one call: all of each, or some of one. */
interface Group {
  image: number;
  images: number;
  first: number;
  functions: number;
}

/**
 * All functions (n, count), in their order.
 * @param most functions that a call takes
 */
function groupsOf(n: number, count: number, most: number): Group[] {
  const together = Math.max(1, Math.floor(most / count));
  const own = Math.max(1, Math.min(count, most));
  const groups: Group[] = [];
  for (let image = 0; image < n; image += together)
    for (let first = 0; first < count; first += own)
      groups.push({
        image,
        images: Math.min(together, n - image),
        first,
        functions: Math.min(own, count - first),
      });
  return groups;
}

/** Whole images. */
export const itemsOf = ({ image, images }: Group): Item[] =>
  Array.from({ length: images }, (_, i) => ({ image: image + i }));

/**
 * Lower bounds of functions (n, count, size), by as many calls as it takes.
 * @param most functions that a call takes
 * @param bounded those of a group (images, functions, size)
 */
export async function boundedInGroups(
  { n, count, size, rows }: { n: number; count: number; size: number; rows: Float32Array },
  most: number,
  bounded: (group: Group, rows: Float32Array) => Promise<LowerBounds>,
): Promise<LowerBounds> {
  const found = { bound: new Float64Array(n * count), rounding: new Float64Array(n * count) };
  for (const group of groupsOf(n, count, most)) {
    const from = group.image * count + group.first;
    const to = from + group.images * group.functions;
    const { bound, rounding } = await bounded(group, rows.subarray(from * size, to * size));
    found.bound.set(bound, from);
    found.rounding.set(rounding, from);
  }
  return found;
}
