/** Examples in the order of their groups, and in their own order within one. */
export interface GroupOrder {
  /** (groups + 1) where each group begins in `order`, and at last where all end. */
  starts: Int32Array;
  /** (n) example numbers. */
  order: Int32Array;
}

/** Sorts examples by group in two passes. @param group (n) numbers from 0 to groups - 1 */
export function groupOrder(group: Int32Array, groups: number): GroupOrder {
  const starts = new Int32Array(groups + 1);
  for (let i = 0; i < group.length; i++) starts[group[i]! + 1]!++;
  for (let g = 0; g < groups; g++) starts[g + 1]! += starts[g]!;
  const next = starts.slice();
  const order = new Int32Array(group.length);
  for (let i = 0; i < group.length; i++) order[next[group[i]!]!++] = i;
  return { starts, order };
}

/**
 * How many drawn examples each group has. Examples are brought into the order of their groups once, so that counts of
 * a million groups are written one after the other and not here and there.
 * @returns a function of how often each example was drawn; the array that it gives, (groups), is used again
 */
export function drawnGroupCounts(group: Int32Array, groups: number): (times: Uint8Array) => Int32Array {
  const { order } = groupOrder(group, groups);
  const groupOf = Int32Array.from(order, (i) => group[i]!);
  const counts = new Int32Array(groups);
  return (times) => {
    counts.fill(0);
    for (let at = 0; at < order.length; at++) counts[groupOf[at]!]! += times[order[at]!]!;
    return counts;
  };
}
