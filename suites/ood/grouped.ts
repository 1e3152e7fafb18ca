/** All with the same key together, groups and their members in order of first appearance. */
export const grouped = <T>(all: Iterable<T>, key: (one: T) => unknown): T[][] => [
  ...groupsBy(all, key).values(),
];

/** The same by their keys. */
export function groupsBy<K, T>(all: Iterable<T>, key: (one: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const one of all) {
    const of = key(one);
    const group = groups.get(of);
    if (group) group.push(one);
    else groups.set(of, [one]);
  }
  return groups;
}
