/** Examples at the first look, and how many more there are at the next ones at least. */
const FIRST = 32;

/** How much more there is at a look than at the one before: looks are few, and units long enough for full batches. */
const GROWTH = 1 / 4;

/** After how many examples of `size` a run looks whether its gates are decided; the last is all of them. */
export function looks(size: number): number[] {
  const found: number[] = [];
  for (let n = FIRST; n < size; n += Math.max(FIRST, Math.floor(n * GROWTH))) found.push(n);
  return [...found, size];
}

/** Ranges of at most `most` examples that end at every look. */
export function rangesBetweenLooks(size: number, most: number): { start: number; end: number }[] {
  let from = 0;
  return looks(size).flatMap((to) => {
    const ranges: { start: number; end: number }[] = [];
    for (; from < to; from = ranges[ranges.length - 1]!.end)
      ranges.push({ start: from, end: Math.min(to, from + most) });
    return ranges;
  });
}
