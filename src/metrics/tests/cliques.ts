/**
 * Maximal sets of items that are all joined to each other (Bron & Kerbosch 1973, with a pivot), of two or more: the bars of
 * a critical-difference diagram, the letters of a compact letter display.
 * @param joined whether two items are; symmetric
 * @returns sorted, each in the order of the items
 */
export function cliques(n: number, joined: (i: number, j: number) => boolean): number[][] {
  const maximal: number[][] = [];
  const grow = (clique: readonly number[], open: readonly number[], done: readonly number[]): void => {
    if (open.length === 0) {
      if (done.length === 0 && clique.length > 1) maximal.push([...clique].sort((i, j) => i - j));
      return;
    }
    const pivot = [...open, ...done].reduce((best, v) =>
      joinedTo(v, open) > joinedTo(best, open) ? v : best,
    );
    let [left, past] = [open, done];
    for (const v of open.filter((u) => u === pivot || !joined(u, pivot))) {
      const isNear = (u: number) => u !== v && joined(u, v);
      grow([...clique, v], left.filter(isNear), past.filter(isNear));
      left = left.filter((u) => u !== v);
      past = [...past, v];
    }
  };
  const joinedTo = (v: number, among: readonly number[]) =>
    among.filter((u) => u !== v && joined(u, v)).length;
  grow(
    [],
    Array.from({ length: n }, (_, i) => i),
    [],
  );
  return maximal.sort(compare);
}

/** By the first item that differs. */
function compare(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((item, i) => item !== b[i]);
  return at < 0 ? a.length - b.length : a[at]! - (b[at] ?? -1);
}
