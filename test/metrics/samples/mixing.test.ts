import { describe, expect, it } from 'vitest';
import { mixing } from '../../../src/metrics/samples/mixing.js';

/** Autoregressive chains driven by numbers that look random and can be made anywhere again. */
const chains = (count: number, draws: number, phi: number, shift: number): number[][] =>
  Array.from({ length: count }, (_, c) => {
    let x = 0;
    return Array.from({ length: draws }, (_, at) => {
      const t = at + 1;
      const u = (t * 0.6180339887498949 + (c + 1) * 0.7548776662466927 + t * t * 0.5698402909980532) % 1;
      x = phi * x + (u - 0.5);
      return x + shift * c;
    });
  });

describe('R-hat and effective sample size', () => {
  // ArviZ 0.23.4: rhat(method='rank'), ess(method='bulk'), ess(method='tail').
  it.each([
    ['mixed', chains(4, 100, 0.3, 0), 1.0118728712468306, 231.31295395738243, 246.8646822856926],
    ['slow', chains(4, 100, 0.95, 0), 1.361336346332992, 10.195028057358966, 14.171474845632144],
    [
      'apart, of odd length',
      chains(3, 51, 0.5, 0.4),
      1.5265043907515863,
      6.370286354407695,
      33.486841265993974,
    ],
    ['two short ones', chains(2, 20, 0, 0), 1.0707567828770845, 25.950837756489378, 24.59016393442624],
  ])('of chains that are %s', (_, given, rHat, bulkEss, tailEss) => {
    const found = mixing(given);
    expect(found.rHat).toBeCloseTo(rHat, 9);
    expect(found.bulkEss / bulkEss).toBeCloseTo(1, 9);
    expect(found.tailEss / tailEss).toBeCloseTo(1, 9);
  });

  it('is undefined where there is nothing to tell', () => {
    for (const given of [[], [[1, 2, 3]], [[1, 1, 1, 1, 1]], [[1, 2, Number.NaN, 3, 4]]])
      expect(mixing(given)).toEqual({ rHat: Number.NaN, bulkEss: Number.NaN, tailEss: Number.NaN });
  });

  it('tells chains that do not move from each other apart', () => {
    const stuck = [1, 2, 3].map((level) => Array.from({ length: 10 }, () => level));
    expect(mixing(stuck).rHat).toBe(Number.POSITIVE_INFINITY);
  });
});
