import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { auprTrapezoid } from '../../../src/metrics/ranking/ranking.js';
import { precisionRecall } from '../../../src/metrics/ranking/roc.js';
import { rankCorrelations } from '../../../src/metrics/tests/rank-correlation.js';

const values = fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 3, maxLength: 20 });
const mean = (of: readonly number[]) => of.reduce((a, b) => a + b, 0) / of.length;

/** The rank of each value by counting, and Pearson's correlation by its definition. */
function literal(a: readonly number[], b: readonly number[]): number {
  const ranks = (of: readonly number[]) =>
    of.map((x) => of.filter((y) => y < x).length + (of.filter((y) => y === x).length + 1) / 2);
  const [p, q] = [ranks(a), ranks(b)];
  const covariance = (x: readonly number[], y: readonly number[]) =>
    mean(x.map((one, i) => (one - mean(x)) * (y[i]! - mean(y))));
  return covariance(p, q) / Math.sqrt(covariance(p, p) * covariance(q, q));
}

describe('rank correlations', () => {
  it("are Pearson's of ranks, ties and all", () => {
    fc.assert(
      fc.property(
        values.chain((a) =>
          fc.tuple(
            fc.constant(a),
            fc.array(fc.integer({ min: 0, max: 6 }), { minLength: a.length, maxLength: a.length }),
          ),
        ),
        ([a, b]) => {
          const wanted = literal(a, b);
          const found = rankCorrelations([a, b]);
          if (Number.isNaN(wanted)) expect(found[0]![1]).toBeNaN();
          else expect(found[0]![1]).toBeCloseTo(wanted, 10);
          expect(found[1]![0]).toEqual(found[0]![1]);
        },
      ),
    );
  });
  it('of a score with itself is 1, with its opposite -1; a constant has none', () => {
    const [first, , last] = rankCorrelations([
      [1, 2, 5],
      [-1, -2, -5],
      [3, 3, 3],
    ]);
    expect(first).toEqual([1, expect.closeTo(-1, 12), Number.NaN]);
    expect(last![2]).toBeNaN();
  });
});

describe('precision and recall', () => {
  it('have the trapezoid AUPR below them, from precision 1', () => {
    fc.assert(
      fc.property(values, values, (positives, negatives) => {
        const curve = [{ x: 0, y: 1 }, ...precisionRecall(positives, negatives)];
        const area = curve
          .slice(1)
          .reduce((sum, p, i) => sum + ((p.x - curve[i]!.x) * (p.y + curve[i]!.y)) / 2, 0);
        expect(area).toBeCloseTo(auprTrapezoid(positives, negatives), 10);
        expect(curve.at(-1)?.x).toBe(1);
      }),
    );
    expect(precisionRecall([], [1])).toEqual([]);
  });
});
