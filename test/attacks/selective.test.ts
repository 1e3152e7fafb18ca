import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { selectedGradient, trailing } from '../../src/attacks/selective.js';

/** The selection as its steps say, without care for numbers that overflow. */
function literal(gradients: number[][], losses: number[]): number[] {
  const mean = (weights: number[]) =>
    gradients[0]!.map(
      (_, j) =>
        gradients.reduce((sum, g, i) => sum + weights[i]! * g[j]!, 0) / weights.reduce((a, b) => a + b, 0),
    );
  let r = mean(gradients.map(() => 1));
  for (let round = 0; round < 10; round++) {
    const length = Math.hypot(...r);
    const unit = r.map((x) => (length > 0 ? x / length : 0));
    r = mean(
      gradients.map((g, i) => {
        const gain = g.reduce((sum, x, j) => sum + x * unit[j]!, 0);
        return 1 / (1 + Math.exp(-5 * (losses[i]! + gain)));
      }),
    );
  }
  return r;
}

const select = (gradients: number[][], losses: number[]) => [
  ...selectedGradient(
    gradients.map((g) => Float32Array.from(g)),
    losses,
  ),
];

describe('the selection of draws', () => {
  it('is that of its steps', () => {
    const gradient = fc.array(fc.integer({ min: -8, max: 8 }), { minLength: 3, maxLength: 3 });
    const draws = fc.array(fc.tuple(gradient, fc.integer({ min: -4, max: 4 })), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(draws, (all) => {
        // A little apart: of opposite gradients that are alike, rounding decides.
        const gradients = all.map(([g], i) =>
          g.map((x, j) => Math.fround(x + 0.3 * Math.sin(1 + 3 * i + 7 * j))),
        );
        const losses = all.map(([, loss]) => loss);
        const found = select(gradients, losses);
        // float32, and sums that cancel.
        literal(gradients, losses).forEach((x, j) => {
          expect(Math.abs(found[j]! - x)).toBeLessThan(1e-5);
        });
      }),
    );
  });

  it('follows the draws that can be broken, and of draws that are alike the mean', () => {
    // One is nearly broken, the other cannot be: their mean would go nowhere.
    expect(
      select(
        [
          [1, 0],
          [-1, 0],
        ],
        [-0.5, -50],
      )[0],
    ).toBeCloseTo(1, 6);
    expect(
      select(
        [
          [2, 0],
          [0, 4],
        ],
        [30, 30],
      ),
    ).toEqual([1, 2]);
    expect(select([[3, -7]], [-1e6])).toEqual([3, -7]);
    expect(
      select(
        [
          [0, 0],
          [0, 0],
        ],
        [-1, 2],
      ),
    ).toEqual([0, 0]);
    // All weights vanish in double precision: what is left are their ratios.
    expect(
      select(
        [
          [1, 0],
          [0, 1],
        ],
        [-1e4, -1e4 - 1],
      )[0],
    ).toBeGreaterThan(0.99);
  });

  it('goes on from where the run went', () => {
    const [before, now] = [Float32Array.of(1, 0), Float32Array.of(0, 1)];
    expect(trailing(undefined, now, 0)).toBe(now);
    expect([...trailing(before, now, 3)]).toEqual([0.5, 0.5]);
    expect([...trailing(before, now, 0)]).toEqual([0, 1]);
  });
});
