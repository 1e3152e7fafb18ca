/** Functions of some images that are bounded in one call: all of each, or some of one. */
export interface Group {
  image: number;
  images: number;
  first: number;
  functions: number;
}

/**
 * All functions (n, count), in their order.
 * @param most functions that a call takes
 */
export function groupsOf(n: number, count: number, most: number): Group[] {
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
