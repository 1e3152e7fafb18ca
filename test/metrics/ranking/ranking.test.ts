import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { auprTrapezoid, compareScores } from '../../../src/metrics/ranking/ranking.js';
import { rocCurve, thinCurve } from '../../../src/metrics/ranking/roc.js';

const ID = [0.9, 0.8, 0.8, 0.7, 0.6, 0.4];
const negated = (values: number[]) => values.map((v) => -v);

describe('known answers', () => {
  it('three OOD scores', () => {
    const metrics = compareScores(ID, [0.5, 0.3, 0.2]);
    expect(metrics.auroc).toBeCloseTo(17 / 18, 14);
    expect(metrics.fpr95IdPositive).toBeCloseTo(1 / 3, 14);
    expect(metrics.fpr95OodPositive).toBeCloseTo(1 / 6, 14);
  });
  it('four OOD scores with a tie across the classes', () => {
    const ood = [0.7, 0.5, 0.3, 0.2];
    const metrics = compareScores(ID, ood);
    expect(metrics.auroc).toBeCloseTo(0.854167, 6);
    expect(metrics.auprIn).toBeCloseTo(0.897222, 6);
    expect(metrics.auprOut).toBeCloseTo(0.830357, 6);
    expect(auprTrapezoid(ID, ood)).toBeCloseTo(0.908135, 6);
    expect(auprTrapezoid(negated(ood), negated(ID))).toBeCloseTo(0.823512, 6);
  });
  it('perfect, reversed and useless', () => {
    expect(compareScores([3, 4], [1, 2])).toEqual({
      auroc: 1,
      auprIn: 1,
      auprOut: 1,
      fpr95IdPositive: 0,
      fpr95OodPositive: 0,
      detectionError: 0,
    });
    expect(compareScores([1, 2], [3, 4])).toMatchObject({
      auroc: 0,
      fpr95IdPositive: 1,
      detectionError: 0.5,
    });
    expect(compareScores([1, 1, 1], [1])).toMatchObject({
      auroc: 0.5,
      auprIn: 0.75,
      auprOut: 0.25,
      detectionError: 0.5,
    });
  });
  it('95 % of 20 is 19, whatever 0.95 * 20 rounds to', () => {
    const id = Array.from({ length: 20 }, (_, i) => i);
    // Accepting the 19 best rejects only the score 0.
    expect(compareScores(id, [0.5, 1.5]).fpr95IdPositive).toBe(0.5);
  });
});

/** Scores from a coarse grid, so that ties are common. */
const scores = fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 40 });

describe('against definitions written out', () => {
  it('all metrics, by trying every threshold and every pair', () => {
    fc.assert(
      fc.property(scores, scores, (id, ood) => {
        let pairs = 0;
        for (const a of id) for (const o of ood) pairs += a > o ? 1 : a === o ? 0.5 : 0;
        const thresholds = [...new Set([...id, ...ood, 99])];
        const share = (values: number[], test: (v: number) => boolean) =>
          values.filter(test).length / values.length;
        const enough = (values: number[], test: (v: number) => boolean) =>
          20 * values.filter(test).length >= 19 * values.length;
        const precision = (positive: number[], negative: number[]) =>
          positive.reduce((sum, p) => {
            const tp = positive.filter((v) => v >= p).length;
            return sum + tp / (tp + negative.filter((v) => v >= p).length);
          }, 0) / positive.length;
        const metrics = compareScores(id, ood);
        expect(metrics.auroc).toBeCloseTo(pairs / (id.length * ood.length), 12);
        expect(metrics.auprIn).toBeCloseTo(precision(id, ood), 12);
        expect(metrics.auprOut).toBeCloseTo(precision(negated(ood), negated(id)), 12);
        expect(metrics.fpr95IdPositive).toBeCloseTo(
          Math.min(
            ...thresholds.filter((t) => enough(id, (v) => v >= t)).map((t) => share(ood, (v) => v >= t)),
          ),
          12,
        );
        expect(metrics.fpr95OodPositive).toBeCloseTo(
          Math.min(
            ...thresholds.filter((t) => enough(ood, (v) => v < t)).map((t) => share(id, (v) => v < t)),
            1,
          ),
          12,
        );
        expect(metrics.detectionError).toBeCloseTo(
          Math.min(...thresholds.map((t) => (share(id, (v) => v < t) + share(ood, (v) => v >= t)) / 2)),
          12,
        );
      }),
    );
  });

  it('swapping the roles mirrors every metric', () => {
    fc.assert(
      fc.property(scores, scores, (id, ood) => {
        const one = compareScores(id, ood);
        const two = compareScores(negated(ood), negated(id));
        expect(two.auroc).toBeCloseTo(one.auroc, 12);
        expect(two.auprIn).toBeCloseTo(one.auprOut, 12);
        expect(two.fpr95IdPositive).toBeCloseTo(one.fpr95OodPositive, 12);
        expect(two.detectionError).toBeCloseTo(one.detectionError, 12);
        expect(compareScores(ood, id).auroc).toBeCloseTo(1 - one.auroc, 12);
      }),
    );
  });

  it('any increasing map of the scores changes nothing', () => {
    fc.assert(
      fc.property(scores, scores, (id, ood) => {
        expect(compareScores(id.map(Math.exp), ood.map(Math.exp))).toEqual(compareScores(id, ood));
      }),
    );
  });
});

describe('ROC curve', () => {
  const area = (points: readonly { x: number; y: number }[]) =>
    points.slice(1).reduce((sum, p, i) => sum + ((p.x - points[i]!.x) * (p.y + points[i]!.y)) / 2, 0);

  it('has the AUROC as its area, from corner to corner', () => {
    fc.assert(
      fc.property(scores, scores, (id, ood) => {
        const curve = rocCurve(id, ood);
        expect(curve[0]).toEqual({ x: 0, y: 0 });
        expect(curve.at(-1)).toEqual({ x: 1, y: 1 });
        expect(area(curve)).toBeCloseTo(compareScores(id, ood).auroc, 12);
      }),
    );
  });

  it('keeps its shape when thinned', () => {
    const normal = (i: number) => Math.sqrt(-2 * Math.log((i + 0.5) / 3000)) * Math.cos(i * 2.399963);
    const id = Array.from({ length: 3000 }, (_, i) => normal(i) + 1);
    const ood = Array.from({ length: 3000 }, (_, i) => normal((i * 7) % 3000));
    const full = rocCurve(id, ood);
    const thin = thinCurve(full);
    expect(full.length).toBeGreaterThan(3000);
    expect(thin.length).toBeLessThan(300);
    expect(Math.abs(area(thin) - area(full))).toBeLessThan(0.002);
    for (const p of full) {
      const near = thin.slice(1).some((b, i) => {
        const a = thin[i]!;
        const length = Math.hypot(b.x - a.x, b.y - a.y);
        const off = Math.abs((b.x - a.x) * (a.y - p.y) - (a.x - p.x) * (b.y - a.y)) / length;
        return off <= 0.0021 && p.x >= a.x - 0.0021 && p.x <= b.x + 0.0021;
      });
      expect(near).toBe(true);
    }
  });

  it('drops only what lies on a line', () => {
    const corner = [
      { x: 0, y: 0 },
      { x: 0, y: 0.5 },
      { x: 0, y: 1 },
      { x: 0.5, y: 1 },
      { x: 1, y: 1 },
    ];
    expect(thinCurve(corner)).toEqual([corner[0], corner[2], corner[4]]);
  });
});

describe('bad input', () => {
  it('NaN has no rank, and the example is named', () => {
    expect(() => compareScores([1, Number.NaN], [0])).toThrow(/NaN/);
    expect(() => compareScores([1], [0, 2, Number.NaN])).toThrow(/NaN/);
  });
  it('an empty class makes every metric undefined', () => {
    for (const [id, ood] of [
      [[], [1]],
      [[1], []],
      [[], []],
    ] as const) {
      for (const value of Object.values(compareScores(id, ood))) expect(value).toBeNaN();
      expect(auprTrapezoid(id, ood)).toBeNaN();
      expect(rocCurve(id, ood)).toEqual([]);
    }
  });
  it('infinite scores are ranked', () => {
    expect(compareScores([Number.POSITIVE_INFINITY], [Number.NEGATIVE_INFINITY]).auroc).toBe(1);
  });
});
