import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openOodMetrics } from '../../../src/metrics/ranking/openood-metrics.js';
import { auprTrapezoid, compareScores } from '../../../src/metrics/ranking/ranking.js';

const once = (n: number) => new Uint8Array(n).fill(1);
const of = (id: readonly number[], ood: readonly number[]) =>
  openOodMetrics(id, ood)(once(id.length), once(ood.length));
const negated = (values: readonly number[]) => values.map((value) => -value);

/** FPR@95 by the arrays of scikit-learn's `roc_curve`, step by step. */
function fprAt95(id: readonly number[], ood: readonly number[]): number {
  const thresholds = [...new Set([...id, ...ood])].sort((a, b) => a - b);
  const below = (values: readonly number[], t: number) => values.filter((value) => value <= t).length;
  const points = thresholds.map((t) => ({ fps: below(id, t), tps: below(ood, t) }));
  const bends = (key: 'fps' | 'tps', i: number) =>
    points[i + 1]![key] - 2 * points[i]![key] + points[i - 1]![key] !== 0;
  const kept = points.filter(
    (_, i) => i === 0 || i === points.length - 1 || bends('fps', i) || bends('tps', i),
  );
  const found = kept.find(({ tps }) => tps / ood.length >= 0.95);
  return (found?.fps ?? Number.NaN) / id.length;
}

describe("OpenOOD's conventions", () => {
  it('are the arrays of scikit-learn, ties and all', () => {
    const scores = fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(scores, scores, (id, ood) => {
        const found = of(id, ood);
        expect(found.fpr95).toBeCloseTo(fprAt95(id, ood), 12);
        expect(found.auprIn).toBeCloseTo(auprTrapezoid(id, ood), 12);
        expect(found.auprOut).toBeCloseTo(auprTrapezoid(negated(ood), negated(id)), 12);
      }),
    );
  });

  it('without ties, FPR@95 is the usual one', () => {
    const scores = fc.uniqueArray(fc.integer({ min: 0, max: 1000 }), { minLength: 2, maxLength: 60 });
    fc.assert(
      fc.property(scores, fc.integer({ min: 1, max: 59 }), (all, cut) => {
        const [id, ood] = [all.slice(0, cut), all.slice(cut)];
        if (id.length === 0 || ood.length === 0) return;
        expect(of(id, ood).fpr95).toBeCloseTo(compareScores(id, ood).fpr95OodPositive, 12);
      }),
    );
  });

  it('known answers', () => {
    const id = [0.9, 0.8, 0.8, 0.7, 0.6, 0.4];
    expect(of(id, [0.5, 0.3, 0.2]).fpr95).toBeCloseTo(1 / 6, 12);
    expect(of(id, [0.7, 0.5, 0.3, 0.2]).auprIn).toBeCloseTo(0.908135, 6);
    expect(of(id, [0.7, 0.5, 0.3, 0.2]).auprOut).toBeCloseTo(0.823512, 6);
  });

  it('with equal steps, a threshold that scikit-learn drops is not found', () => {
    // Forty scores with one example of each kind: all but the first and the last lie on a line.
    const scores = Array.from({ length: 40 }, (_, i) => i);
    expect(compareScores(scores, scores).fpr95OodPositive).toBeCloseTo(38 / 40, 12);
    expect(of(scores, scores).fpr95).toBe(1);
  });

  it('follow how often each example was drawn', () => {
    const found = openOodMetrics([3, 1], [2, 0])(Uint8Array.of(2, 1), Uint8Array.of(0, 3));
    expect(found).toEqual(of([3, 3, 1], [0, 0, 0]));
  });

  it('are not defined without examples of a class', () => {
    expect(of([], [1])).toEqual({ fpr95: Number.NaN, auprIn: Number.NaN, auprOut: Number.NaN });
    expect(of([1], [])).toEqual({ fpr95: Number.NaN, auprIn: Number.NaN, auprOut: Number.NaN });
  });
});
