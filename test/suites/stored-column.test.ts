import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeNpy, npyPieces } from '../../src/data/arrays/npy.js';
import { chosen } from '../../src/suites/chosen-rows.js';
import { piecesOf, rowsOf, StoredColumn } from '../../src/suites/stored-column.js';

/** A column in parts of these sizes, beside the same in memory. */
function columns(sizes: readonly number[]) {
  const n = sizes.reduce((a, b) => a + b, 0);
  const data = Float32Array.from({ length: 4 * n }, (_, i) => i);
  let at = 0;
  const parts = sizes.map((size) => {
    const from = at;
    at += size;
    return { n: size, read: () => data.slice(4 * from, 4 * (from + size)) };
  });
  return { stored: new StoredColumn('float32', [1, 2, 2], parts), memory: { shape: [n, 1, 2, 2], data }, n };
}

describe('a column that stays where it lies', () => {
  it('has the rows, all, some or chosen ones, of the same column in memory, and the same file', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 6 }),
        fc.array(fc.nat(), { maxLength: 8 }),
        fc.nat(),
        fc.nat(),
        (sizes, picks, a, b) => {
          const { stored, memory, n } = columns(sizes);
          const [start, end] = [a % (n + 1), b % (n + 1)].sort((x, y) => x - y) as [number, number];
          expect(rowsOf(stored, start, end)).toEqual(memory.data.slice(4 * start, 4 * end));
          const positions = n === 0 ? [] : picks.map((pick) => pick % n);
          const [some, same] = [chosen(stored, positions), chosen(memory, positions)];
          expect([some.shape, some.data]).toEqual([same.shape, same.data]);
          expect([stored.shape, stored.data]).toEqual([memory.shape, memory.data]);
          expect(Buffer.concat([...npyPieces(stored.shape, piecesOf(stored))])).toEqual(
            Buffer.from(encodeNpy(memory)),
          );
        },
      ),
    );
  });

  it('reads no part that nobody looks at', () => {
    let read = 0;
    const part = () => ({
      n: 2,
      read: () => {
        read++;
        return new Float32Array(8);
      },
    });
    const stored = new StoredColumn('float32', [1, 2, 2], [part(), part(), part()]);
    rowsOf(stored, 2, 4);
    expect(read).toBe(1);
  });
});
