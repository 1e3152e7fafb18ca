import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { length2 } from '../../../src/metrics/linear-algebra/matrix.js';
import { singularValues } from '../../../src/metrics/linear-algebra/singular-values.js';
import { withoutTopComponent } from '../../../src/metrics/linear-algebra/top-component.js';

const descending = (values: Float64Array) => values.sort().reverse();

/** What is left has the other singular values and 0, and what was taken is one component of the largest. */
function check(matrix: Float64Array, rows: number, columns: number): void {
  const before = descending(singularValues(matrix, rows, columns));
  const left = withoutTopComponent(matrix, rows, columns);
  const after = descending(singularValues(left, rows, columns));
  const taken = descending(
    singularValues(
      left.map((value, at) => matrix[at]! - value),
      rows,
      columns,
    ),
  );
  const close = 1e-9 * before[0]!;
  const other = [...before.slice(1), 0];
  for (const [k, value] of after.entries()) expect(Math.abs(value - other[k]!)).toBeLessThanOrEqual(close);
  for (const [k, value] of taken.entries())
    expect(Math.abs(value - (k === 0 ? before[0]! : 0))).toBeLessThanOrEqual(close);
}

describe('a matrix without its largest singular component', () => {
  it('has the other singular values', () => {
    const sizes = { rows: fc.integer({ min: 1, max: 9 }), columns: fc.integer({ min: 1, max: 9 }) };
    const matrices = fc.record(sizes).chain(({ rows, columns }) =>
      fc.record({
        rows: fc.constant(rows),
        columns: fc.constant(columns),
        // Small whole numbers: ties, zeros and lower ranks are common.
        data: fc.array(fc.integer({ min: -3, max: 3 }), {
          minLength: rows * columns,
          maxLength: rows * columns,
        }),
      }),
    );
    const property = fc.property(matrices, ({ rows, columns, data }) =>
      check(Float64Array.from(data), rows, columns),
    );
    fc.assert(property, { numRuns: 100 });
  });

  it.each<[string, number, number, number[]]>([
    ['zeros', 2, 3, [0, 0, 0, 0, 0, 0]],
    ['one number', 1, 1, [-2]],
    ['equal largest values', 3, 3, [2, 0, 0, 0, 2, 0, 0, 0, 1]],
    ['nearly equal ones', 2, 2, [1, 0, 0, 0.9999]],
    ['a largest row across the top direction', 4, 3, [3, 0, 0, 0, 2, 2, 0, 2, 2, 0, 2, 2]],
    ['small numbers', 2, 2, [3e-38, 1e-38, 0, 2e-38]],
    ['large numbers', 2, 2, [3e38, 1e38, 0, 2e38]],
  ])('%s', (_, rows, columns, data) => {
    check(Float64Array.from(data), rows, columns);
  });

  it('leaves nothing of a matrix of rank one', () => {
    const matrix = Float64Array.from({ length: 12 }, (_, at) => (1 + (at % 4)) * (2 - Math.floor(at / 4)));
    expect(length2(withoutTopComponent(matrix, 3, 4))).toBeLessThan(1e-13);
  });

  it('is not a number where the matrix is none', () => {
    expect(withoutTopComponent([1, Number.NaN, 2, 3], 2, 2).some(Number.isNaN)).toBe(true);
  });

  it('is that of the transposed matrix, transposed', () => {
    const wide = withoutTopComponent([1, 2, 3, 4, 5, 7], 2, 3);
    const tall = withoutTopComponent([1, 4, 2, 5, 3, 7], 3, 2);
    expect([tall[0], tall[2], tall[4], tall[1], tall[3], tall[5]]).toEqual([...wide]);
  });
});
