import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { whiten } from '../../../src/metrics/linear-algebra/whitening.js';

const product = (a: ArrayLike<number>, b: ArrayLike<number>, size: number) =>
  Float64Array.from({ length: size * size }, (_, at) => {
    const [i, j] = [Math.floor(at / size), at % size];
    let sum = 0;
    for (let k = 0; k < size; k++) sum += a[i * size + k]! * b[k * size + j]!;
    return sum;
  });

/** W'W */
const inverse = (w: Float64Array, size: number) =>
  product(
    Float64Array.from(w, (_, at) => w[(at % size) * size + Math.floor(at / size)]!),
    w,
    size,
  );

function far(a: Float64Array, b: Float64Array): number {
  const scale = Math.max(...b.map(Math.abs), 1e-300);
  return Math.max(...a.map((v, i) => Math.abs(v - b[i]!))) / scale;
}

describe('whitening', () => {
  it('of a diagonal divides by standard deviations, and leaves out what does not vary', () => {
    const { matrix, rank } = whiten(Float64Array.from([4, 0, 0, 0, 0, 0, 0, 0, 0.25]), 3);
    expect(rank).toBe(2);
    expect([...inverse(matrix, 3)]).toEqual([0.25, 0, 0, 0, 0, 0, 0, 0, 4]);
  });

  it('of nothing is nothing', () => {
    expect(whiten(new Float64Array(4), 2)).toEqual({ matrix: new Float64Array(4), rank: 0 });
  });

  it("is the Moore-Penrose inverse's root, whatever the rank", () => {
    const size = 5;
    const entry = fc.double({ min: -1, max: 1, noNaN: true });
    const factors = fc.integer({ min: 1, max: 9 }).chain((count) =>
      fc.array(fc.array(entry, { minLength: size, maxLength: size }), {
        minLength: count,
        maxLength: count,
      }),
    );
    fc.assert(
      fc.property(factors, (rows) => {
        // Unequal, so that few draws are nearly of a lower rank.
        const c = Float64Array.from({ length: size * size }, (_, at) =>
          rows.reduce((sum, row, k) => {
            const bent = row.map((v, j) => v + Math.sin(7 * k + 3 * j * (k + 1)));
            return sum + bent[Math.floor(at / size)]! * bent[at % size]!;
          }, 0),
        );
        const { matrix, rank } = whiten(c, size);
        expect(rank).toBeLessThanOrEqual(Math.min(size, rows.length));
        const p = inverse(matrix, size);
        expect(far(product(product(c, p, size), c, size), c)).toBeLessThan(1e-6);
        expect(far(product(product(p, c, size), p, size), p)).toBeLessThan(1e-6);
        const cp = product(c, p, size);
        const turned = cp.map((_, at) => cp[(at % size) * size + Math.floor(at / size)]!);
        expect(far(cp, turned)).toBeLessThan(1e-6);
      }),
    );
  });
});
