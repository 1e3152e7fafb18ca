import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quantile } from '../../../src/metrics/estimates/intervals.js';
import { pseudoSolve } from '../../../src/metrics/linear-algebra/pseudo-inverse.js';
import { eachRowProducts } from '../../../src/metrics/linear-algebra/row-products.js';
import { symmetricEigen } from '../../../src/metrics/linear-algebra/symmetric-eigen.js';
import { streamedQuantiles } from '../../../src/metrics/streamed-quantiles.js';
import { largestMask, TopK } from '../../../src/metrics/top-k.js';

const number = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.double({ min: -9, max: 9, noNaN: true }),
  // Their squares vanish, and some of their products.
  fc.constantFrom(1e-90, -1e-162, 3e-170, 1e-300),
);
const list = (length: number) => fc.array(number, { minLength: length, maxLength: length });

describe('symmetricEigen', () => {
  const sizes = fc.integer({ min: 1, max: 9 });
  it("gives V A V' = diagonal, V V' = 1, the largest first; of any rank, with equal eigenvalues", () => {
    fc.assert(
      fc.property(
        sizes.chain((n) => fc.tuple(fc.constant(n), list(n * n), fc.integer({ min: 1, max: n }))),
        ([n, drawn, rank]) => {
          // B' B of `rank` rows of small numbers.
          const a = new Float64Array(n * n);
          for (let r = 0; r < rank; r++)
            for (let i = 0; i < n; i++)
              for (let j = 0; j < n; j++) a[i * n + j]! += drawn[r * n + i]! * drawn[r * n + j]!;
          const { values, vectors } = symmetricEigen(a, n);
          const row = (k: number) => vectors.subarray(k * n, (k + 1) * n);
          const scale = 1e-12 * Math.max(1, ...a.map(Math.abs)) * n;
          for (let k = 0; k < n; k++) {
            if (k > 0) expect(values[k]).toBeLessThanOrEqual(values[k - 1]!);
            for (let i = 0; i < n; i++) {
              let sum = 0;
              for (let j = 0; j < n; j++) sum += a[i * n + j]! * row(k)[j]!;
              expect(Math.abs(sum - values[k]! * row(k)[i]!)).toBeLessThanOrEqual(scale);
            }
            for (let l = 0; l <= k; l++) {
              const inner = row(k).reduce((s, v, j) => s + v * row(l)[j]!, 0);
              expect(inner).toBeCloseTo(k === l ? 1 : 0, 11);
            }
          }
        },
      ),
    );
  });
});

describe('pseudoSolve', () => {
  it('of a matrix of rank one is its row scaled', () => {
    const found = pseudoSolve([1, 2, 2, 4], Float64Array.of(5, 10));
    // A = (1, 2)' (1, 2): A^+ = A' / 25.
    expect([...found]).toEqual([expect.closeTo(1, 12), expect.closeTo(2, 12)]);
  });
  it('of zeros is zero', () => {
    expect([...pseudoSolve([0, 0, 0, 0], Float64Array.of(1, 2))]).toEqual([0, 0]);
  });
});

describe('eachRowProducts', () => {
  it('gives every product of two rows once, whatever the sizes', () => {
    fc.assert(
      fc.property(
        fc.tuple(
          fc.integer({ min: 0, max: 7 }),
          fc.integer({ min: 0, max: 140 }),
          fc.integer({ min: 1, max: 5 }),
        ),
        ([n, m, width]) => {
          const a = Float64Array.from({ length: n * width }, (_, i) => (i * 7) % 11);
          const b = Float64Array.from({ length: m * width }, (_, i) => (i * 5) % 13);
          const found = new Map<string, number>();
          const rows = (start: number, count: number, into: Float64Array) =>
            into.set(b.subarray(start * width, (start + count) * width));
          eachRowProducts(a, width, m, rows, (products, start, count) => {
            for (let i = 0; i < n; i++)
              for (let c = 0; c < count; c++) found.set(`${i} ${start + c}`, products[i * count + c]!);
          });
          expect(found.size).toBe(n * m);
          for (let i = 0; i < n; i++)
            for (let j = 0; j < m; j++) {
              let sum = 0;
              for (let k = 0; k < width; k++) sum += a[i * width + k]! * b[j * width + k]!;
              expect(found.get(`${i} ${j}`)).toBe(sum);
            }
        },
      ),
      { numRuns: 30 },
    );
  });
});

describe('the largest', () => {
  it('k are kept, and their least is the k-th', () => {
    fc.assert(
      fc.property(
        fc.array(number, { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 1, max: 8 }),
        (all, k) => {
          const top = new TopK(k);
          all.forEach((value, at) => {
            top.put(value, at);
          });
          const wanted = [...all].sort((a, b) => b - a).slice(0, k);
          expect(top.size).toBe(wanted.length);
          expect(top.mean()).toBeCloseTo(wanted.reduce((a, b) => a + b, 0) / wanted.length, 9);
          expect(all[top.leastTag]).toBe(wanted.at(-1));
          const mask = largestMask(Float64Array.from(all), k);
          const kept = all.filter((_, j) => mask[j]).sort((a, b) => b - a);
          expect(kept).toEqual(wanted);
        },
      ),
    );
  });
});

describe('streamedQuantiles', () => {
  it('are those of the sorted numbers, in parts of any size', async () => {
    const float = fc.float({ noNaN: true, noDefaultInfinity: true });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(float, fc.constantFrom(0, 1, -1)), { minLength: 1, maxLength: 40 }),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 1, max: 9 }),
        async (values, quantiles, part) => {
          async function* read() {
            for (let at = 0; at < values.length; at += part) yield values.slice(at, at + part);
          }
          const sorted = Float64Array.from(values).sort();
          const found = await streamedQuantiles(read, quantiles);
          quantiles.forEach((q, i) => {
            expect(found[i]! + 0).toBeCloseTo(quantile(sorted, q) + 0, 6);
          });
        },
      ),
    );
  });
  it('of nothing are NaN', async () => {
    expect([...(await streamedQuantiles(async function* () {}, [0.5]))]).toEqual([Number.NaN]);
  });
});
