import type { Collected, NdArray, Rows } from '../../src/suite.js';

/** Source indices that all of these have: examples may have failed in one and not in another. */
export function shared(all: readonly (Collected | undefined)[]): Int32Array {
  const [first, ...others] = all.filter((one) => one !== undefined);
  const sets = others.map(({ indices }) => new Set(indices));
  return (first?.indices ?? new Int32Array(0)).filter((index) => sets.every((set) => set.has(index)));
}

/** The rows of these examples, in their order. */
export function rowsOf<R extends Rows>(collected: Collected<R>, indices: Int32Array): R {
  const { rows, indices: from } = collected;
  if (from.length === indices.length) return rows;
  const at = new Map(Array.from(from, (index, row) => [index, row]));
  const pick = ({ shape, data }: NdArray): NdArray => {
    const width = data.length / shape[0]!;
    const picked = data.slice(0, indices.length * width);
    indices.forEach((index, to) => {
      const row = at.get(index) ?? 0;
      picked.set(data.subarray(row * width, (row + 1) * width), to * width);
    });
    return { shape: [indices.length, ...shape.slice(1)], data: picked };
  };
  return Object.fromEntries(Object.entries(rows).map(([name, row]) => [name, pick(row)])) as R;
}
