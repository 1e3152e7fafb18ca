import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { consistencyBand } from '../../../src/metrics/calibration/consistency-band.js';
import { stream } from '../../../src/random/stream.js';

describe('the band of a calibrated model', () => {
  it('is that of all outcomes written out', () => {
    const confidences = fc.array(fc.integer({ min: 0, max: 8 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(confidences, fc.constantFrom(0.5, 0.95), (eighths, level) => {
        const p = eighths.map((k) => k / 8);
        const mass = new Array<number>(p.length + 1).fill(0);
        for (let outcomes = 0; outcomes < 2 ** p.length; outcomes++) {
          const right = p.filter((_, i) => (outcomes >> i) & 1).length;
          mass[right]! += p.reduce((chance, v, i) => chance * ((outcomes >> i) & 1 ? v : 1 - v), 1);
        }
        const [low, high] = consistencyBand(p, level).map((share) => Math.round(share * p.length)) as [
          number,
          number,
        ];
        const tail = (1 - level) / 2 + 1e-9;
        const sum = (from: number, to: number) => mass.slice(from, to).reduce((a, b) => a + b, 0);
        // Beyond each end lies at most the tail, and the ends themselves are needed.
        expect(sum(0, low)).toBeLessThanOrEqual(tail);
        expect(sum(high + 1, mass.length)).toBeLessThanOrEqual(tail);
        expect(sum(0, low + 1)).toBeGreaterThanOrEqual(tail - 2e-9);
        expect(sum(high, mass.length)).toBeGreaterThanOrEqual(tail - 2e-9);
      }),
    );
  });
  it.each([
    [new Array(7).fill(1), [1, 1]],
    [new Array(7).fill(0), [0, 0]],
  ])('has no width where every prediction is certain', (p, band) => {
    expect(consistencyBand(p)).toEqual(band);
  });
  it('is normal for many', () => {
    const draws = stream({ seed: 0, purpose: 'test/band', example: 0 });
    const p = Array.from({ length: 5000 }, () => draws.uniform());
    const mean = p.reduce((a, b) => a + b, 0);
    const deviation = Math.sqrt(p.reduce((sum, v) => sum + v * (1 - v), 0));
    const [low, high] = consistencyBand(p);
    expect(Math.abs(5000 * low - (mean - 1.96 * deviation))).toBeLessThan(1.1);
    expect(Math.abs(5000 * high - (mean + 1.96 * deviation))).toBeLessThan(1.1);
  });
});
