import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normalQuantile } from '../../../src/metrics/distributions/distributions.js';
import { areaDifference, delongTest } from '../../../src/metrics/ranking/area-difference.js';
import { type Area, areaInterval, areaLimits } from '../../../src/metrics/ranking/area-interval.js';
import { areaOf, delongDifference, placements } from '../../../src/metrics/ranking/delong.js';
import { delongEstimate } from '../../../src/metrics/ranking/delong-estimate.js';
import { waldTest } from '../../../src/metrics/tests/wald.js';
import { stream } from '../../../src/random/stream.js';

const Z = normalQuantile(0.95);

/** P(j of n), each with probability p. */
function binomial(j: number, n: number, p: number): number {
  let choose = 1;
  for (let i = 0; i < j; i++) choose *= (n - i) / (i + 1);
  return choose * p ** j * (1 - p) ** (n - j);
}

/** How often the interval holds AUROC where all 100 OOD examples tie and each of 60 ID examples lies above them or below, exactly. */
function coverageOfTied(auroc: number, scale: 'logit' | 'plain'): number {
  let covered = 0;
  for (let above = 0; above <= 60; above++) {
    const id = Array.from({ length: 60 }, (_, i) => (i < above ? 1 : -1));
    const placed = placements(id, new Float64Array(100));
    const { interval } = delongEstimate(placed.auroc, [placed], 0.95, scale);
    if (interval && interval[0] <= auroc && auroc <= interval[1]) covered += binomial(above, 60, auroc);
  }
  return covered;
}

describe('intervals of areas', () => {
  it('of tied scores hold an AUROC of 0.948 in 92 % of samples, where plain ones do in 82 %', () => {
    expect(coverageOfTied(0.948, 'plain')).toBeLessThan(0.83);
    expect(coverageOfTied(0.948, 'logit')).toBeGreaterThan(0.915);
    const grid = Array.from({ length: 98 }, (_, i) => 0.5 + i / 200);
    const mean = (of: number[]) => of.reduce((a, b) => a + b, 0) / of.length;
    const covered = grid.map((auroc) => coverageOfTied(auroc, 'logit'));
    expect(Math.min(...covered)).toBeGreaterThan(0.915);
    expect(mean(covered)).toBeGreaterThan(0.95);
    expect(mean(covered)).toBeLessThan(0.97);
    expect(mean(grid.map((auroc) => coverageOfTied(auroc, 'plain')))).toBeLessThan(0.94);
  });

  it('reach as far as those of scores that do not overlap, and say so', () => {
    const bound = 0.05 ** (1 / 60);
    const close = areaInterval({ value: 0.9998, error: 0.0002, pairs: 60 }, 0.95);
    expect(close).toMatchObject({ method: 'delong-logit', why: expect.stringContaining('lower end') });
    expect(close.interval?.[0]).toBeCloseTo(bound, 12);
    expect(close.interval?.[1]).toBeGreaterThan(0.9998);
    const reversed = areaInterval({ value: 0.0002, error: 0.0002, pairs: 60 }, 0.95);
    expect(reversed.interval?.map((end) => 1 - end).reverse()).toEqual(
      close.interval?.map((end) => expect.closeTo(end, 12)),
    );
    const usual = areaInterval({ value: 0.8, error: 0.04, pairs: 60 }, 0.95);
    expect(usual.why).toBeUndefined();
    expect(usual.interval?.[0]).toBeCloseTo(1 / (1 + Math.exp(-Math.log(4) + (Z * 0.04) / 0.16)), 12);
  });

  it('hold the value, lie in [0, 1], and are mirrored with it', () => {
    fc.assert(
      fc.property(areas, ({ value, error, pairs }) => {
        const [lo, hi] = areaLimits({ value, error, pairs }, { z: Z, alpha: 0.05 })!;
        expect(lo).toBeLessThanOrEqual(value);
        expect(hi).toBeGreaterThanOrEqual(value);
        expect(lo).toBeGreaterThanOrEqual(0);
        expect(hi).toBeLessThanOrEqual(1);
        const mirrored = areaLimits({ value: 1 - value, error, pairs }, { z: Z, alpha: 0.05 })!;
        expect(mirrored[0]).toBeCloseTo(1 - hi, 9);
      }),
    );
  });
});

const areas: fc.Arbitrary<Area> = fc
  .record({
    value: fc.double({ min: 0.001, max: 0.999, noNaN: true }),
    share: fc.double({ min: 0.01, max: 0.5, noNaN: true }),
    pairs: fc.integer({ min: 2, max: 500 }),
  })
  // No variance of values in [0, 1] is larger than this.
  .map(({ value, share, pairs }) => ({ value, pairs, error: share * Math.sqrt(value * (1 - value)) }));

describe('the difference of two areas', () => {
  it('its test says what its interval says, at every level, and B - A is the mirror image', () => {
    fc.assert(
      fc.property(
        fc.tuple(
          areas,
          areas,
          fc.double({ min: -0.9, max: 0.999, noNaN: true }),
          fc.constantFrom(0.8, 0.95, 0.99),
        ),
        ([a, b, r, level]) => {
          const error = Math.sqrt(a.error ** 2 + b.error ** 2 - 2 * r * a.error * b.error);
          const { value, interval, p } = areaDifference(a, b, error, level);
          const [lo, hi] = interval!;
          expect(lo).toBeLessThanOrEqual(value);
          expect(hi).toBeGreaterThanOrEqual(value);
          expect([lo >= -1, hi <= 1]).toEqual([true, true]);
          expect(p! < 1 - level).toBe(lo > 0 || hi < 0);
          const other = areaDifference(b, a, error, level);
          expect(other.p).toBeCloseTo(p!, 9);
          expect(other.interval).toEqual([expect.closeTo(-hi, 9), expect.closeTo(-lo, 9)]);
        },
      ),
    );
  });

  it("far from 0 and 1 it is DeLong's, however small p is", () => {
    const draws = stream({ seed: 5, purpose: 'test/areas', example: 0 });
    const scores = (n: number, up: number) => Float64Array.from({ length: n }, () => draws.normal() + up);
    const ood = scores(3000, 0);
    const [a, b] = [placements(scores(3000, 0.9), ood), placements(scores(3000, 0.5), ood)];
    const found = delongTest([a], [b]);
    const { value, error } = delongDifference([a], [b]);
    const wald = waldTest(value, error, 3000, { by: 'normal' });
    found.interval?.forEach((end, i) => {
      expect(end).toBeCloseTo(wald.interval![i]!, 3);
    });
    expect(Math.log(found.p!) / Math.log(wald.p!)).toBeGreaterThan(0.9);
    expect(Math.log(found.p!) / Math.log(wald.p!)).toBeLessThan(1.1);
    expect(found.p).toBeLessThan(1e-20);
  });

  it('scores that do not overlap are no better than others by more than their number can tell', () => {
    const apart: Area = { value: 1, error: 0, pairs: 60 };
    const other: Area = { value: 0.97, error: 0.012, pairs: 60 };
    const { interval, p } = areaDifference(apart, other, 0.012);
    const [, most] = areaLimits(other, { z: Z, alpha: 0.05 })!;
    expect(interval?.[0]).toBeCloseTo(0.03 - Math.hypot(1 - 0.05 ** (1 / 60), most - 0.97), 12);
    expect(p).toBeGreaterThan(0.05);
    expect(waldTest(0.03, 0.012, 60, { by: 'normal' }).p).toBeLessThan(0.05);
    expect(areaDifference({ ...apart, pairs: 2000 }, other, 0.012).p).toBeLessThan(0.05);
  });

  it('systems that correlate closely are told apart as by DeLong, and p is no smaller than that of few examples', () => {
    const [a, b]: Area[] = [
      { value: 0.92, error: 0.027, pairs: 60 },
      { value: 0.9, error: 0.031, pairs: 60 },
    ];
    const found = areaDifference(a!, b!, 0.005);
    const wald = waldTest(0.02, 0.005, 60, { by: 'normal' });
    found.interval?.forEach((end, i) => {
      expect(Math.abs(end - wald.interval![i]!)).toBeLessThan(0.005);
    });
    expect(found.p).toBeLessThan(0.01);
    const few = areaDifference(
      { value: 0.56, error: 0.14, pairs: 10 },
      { value: 0.38, error: 0.14, pairs: 10 },
      0.04,
    );
    expect(few.p).toBeGreaterThan(1e-12);
  });

  it('without any difference there is no interval; a score that ties all examples has none of its own', () => {
    const a = placements([3, 4, 5, 1], [1, 2, 0]);
    expect(delongTest([a], [a])).toEqual({ value: 0, interval: null, p: 1 });
    const tied = placements([1, 1, 1, 1], [1, 1, 1]);
    const [lo, hi] = areaLimits(areaOf([a]), { z: Z, alpha: 0.05 })!;
    expect(delongTest([a], [tied]).interval).toEqual([expect.closeTo(lo - 0.5), expect.closeTo(hi - 0.5)]);
    const best = placements([3, 4, 5, 6, 7, 8], [1, 2, 0, 1, 2, 0]);
    const worst = placements(new Float64Array(6), new Float64Array(6));
    expect(delongTest([best], [worst])).toEqual({
      value: 0.5,
      interval: [expect.closeTo(0.05 ** (1 / 6) - 0.5), 0.5],
      p: expect.closeTo(0.5 ** 6),
    });
    expect(delongTest([placements([1], [0, 2])], [placements([3], [0, 2])]).p).toBeNull();
  });
});
