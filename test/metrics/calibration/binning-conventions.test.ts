import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { binningConventions } from '../../../src/metrics/calibration/binning-conventions.js';
import { drawnPredictions, once } from './known-calibration.js';

const named = (name: string) => {
  const found = binningConventions.find((convention) => convention.name === name);
  if (!found) throw new Error(`no convention ${name}`);
  return (p: number[], y: number[], bins: number) => found.of(Float64Array.from(p), y, bins)(once(p.length));
};

describe('known answers', () => {
  it.each([
    ['ece-torchmetrics', [0.95, 1], [1, 0], 10, 0.525],
    ['ece-left-closed', [0.25, 0.5, 0.5, 0.75, 1], [0, 1, 1, 1, 0], 4, 0.4],
    ['ece-left-closed', [0.95, 1], [1, 0], 10, 0.475],
    // The confidence of 0 is wrong to be right, and does not count.
    ['ece-temperature-scaling', [0, 0.75], [1, 1], 2, 0.125],
    // Gaps of .1 and .6 of bins with three and one examples; 0.5 would be in the bin of the others.
    ['ace-netcal', [0.9, 0.9, 0.9, 0.4], [1, 1, 1, 1], 2, 0.35],
    ['ace-netcal', [0.9, 0.9, 0.9, 0.5], [1, 1, 1, 1], 2, 0.2],
    ['ece-max-logit', [3, 0.5, -1, 0.25], [1, 1, 1, 0], 2, 0.0625],
  ])('%s', (name, p, y, bins, expected) => {
    expect(named(name)(p, y, bins)).toBeCloseTo(expected, 12);
  });
  it.each([
    [5, 0.5, 0.525],
    [10, 0.40909090909090906, 0.46875],
    [15, 0.5, 0.5022222222222222],
  ])('confidences on the borders of %i bins are where netcal 1.3.6 counts them', (bins, ece, ace) => {
    const p = Array.from({ length: bins + 1 }, (_, k) => k / bins);
    const y = p.map((_, k) => ((7 * k) % 3 === 0 ? 1 : 0));
    expect(named('ece-left-closed')(p, y, bins)).toBeCloseTo(ece, 12);
    expect(named('ace-netcal')(p, y, bins)).toBeCloseTo(ace, 12);
  });
  it('rms-ce-outlier-exposure skips the most confident hundred and more', () => {
    const p = Array.from({ length: 350 }, (_, i) => (i + 0.5) / 350);
    const y = p.map((_, i) => (i < 200 ? 0 : 1));
    const gap = (from: number) => p.slice(from, from + 100).reduce((a, b) => a + b, 0) / 100;
    expect(named('rms-ce-outlier-exposure')(p, y, 15)).toBeCloseTo(
      Math.sqrt((100 / 350) * (gap(0) ** 2 + gap(100) ** 2)),
      12,
    );
    expect(named('rms-ce-outlier-exposure')(p.slice(0, 99), y.slice(0, 99), 15)).toBeNaN();
  });
});

it('a resample is the repeated examples', () => {
  fc.assert(
    fc.property(drawnPredictions, fc.integer({ min: 1, max: 9 }), ({ p, y, times, drawn }, bins) => {
      for (const { name, of } of binningConventions) {
        const found = of(p, y, bins)(times);
        const direct = named(name)(drawn.p, drawn.y, bins);
        if (Number.isNaN(direct)) expect([name, found]).toEqual([name, Number.NaN]);
        else expect(found).toBeCloseTo(direct, 12);
      }
    }),
  );
});
