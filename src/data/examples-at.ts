import type { ExampleReader, Examples } from './dataset.js';

/** Neighbours among positions: each position once, in ascending order, as ranges. */
export function rangesOf(positions: Iterable<number>): { start: number; end: number }[] {
  const ranges: { start: number; end: number }[] = [];
  for (const position of [...new Set(positions)].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last?.end === position) last.end++;
    else ranges.push({ start: position, end: position + 1 });
  }
  return ranges;
}

/**
 * Examples at any positions of a data set, in the order given, each position once. Neighbours are read together: what
 * lies behind may be a file that is decoded or a unit that is read whole.
 */
export async function examplesAt(reader: ExampleReader, positions: ArrayLike<number>): Promise<Examples> {
  const n = positions.length;
  const placeOf = new Map(Array.from(positions, (position, place) => [position, place]));
  const indices = new Int32Array(n);
  const labels = new Int32Array(n);
  let [pixels, labelled] = [new Float32Array(), true];
  const failed: NonNullable<Examples['failed']>[number][] = [];
  for (const { start, end } of rangesOf(placeOf.keys())) {
    const read = await reader.read(start, end);
    const size = read.pixels.length / read.n;
    if (pixels.length === 0) pixels = new Float32Array(n * size);
    labelled &&= read.labels !== undefined;
    failed.push(...(read.failed ?? []));
    for (let i = 0; i < read.n; i++) {
      const place = placeOf.get(start + i) ?? 0;
      pixels.set(read.pixels.subarray(i * size, (i + 1) * size), place * size);
      indices[place] = read.indices[i]!;
      labels[place] = read.labels?.[i] ?? 0;
    }
  }
  return { n, indices, pixels, ...(labelled && { labels }), ...(failed.length > 0 && { failed }) };
}
