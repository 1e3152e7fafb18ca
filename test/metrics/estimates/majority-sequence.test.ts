import { describe, expect, it } from 'vitest';
import { firstDecision, sideOfHalf } from '../../../src/metrics/estimates/majority-sequence.js';
import { stream } from '../../../src/random/stream.js';

const REPEATS = 2000;

/** Draws that are right with probability p. */
function outcomes(p: number, draws: number, seed: number): boolean[] {
  const source = stream({ seed, purpose: 'coin', example: 0 });
  return Array.from({ length: draws }, () => source.uniform() < p);
}

const share = (p: number, draws: number, test: (decided: ReturnType<typeof firstDecision>) => boolean) =>
  Array.from({ length: REPEATS }, (_, r) => firstDecision(outcomes(p, draws, r))).filter(test).length /
  REPEATS;

describe('the side of 1/2', () => {
  // By hand: 1/2 stays while (t + 1) C(t, s) / 2^t >= 0.05.
  it.each([
    [{ seen: 0, right: 0 }, undefined],
    // 8 / 128 = 0.0625; 9 / 256 = 0.035.
    [{ seen: 7, right: 7 }, undefined],
    [{ seen: 8, right: 8 }, 'above'],
    [{ seen: 8, right: 0 }, 'below'],
    // 12 * 11 / 2048 = 0.064; 13 * 12 / 4096 = 0.038.
    [{ seen: 11, right: 10 }, undefined],
    [{ seen: 12, right: 11 }, 'above'],
    [{ seen: 12, right: 1 }, 'below'],
    [{ seen: 1000, right: 500 }, undefined],
  ] as const)('of %j is %s', (draws, side) => {
    expect(sideOfHalf(draws)).toBe(side);
  });

  it('of a fair coin is named in at most 5 % of the repeats, looked at after each of 150 draws', () => {
    expect(share(0.5, 150, (decided) => decided !== undefined)).toBeLessThanOrEqual(0.05);
  });

  it.each([0.35, 0.45])('of a coin of %d is called above in at most 5 %% of the repeats', (p) => {
    expect(share(p, 150, (decided) => decided?.side === 'above')).toBeLessThanOrEqual(0.05);
  });

  it('of a coin that is far from fair is found long before 150 draws', () => {
    expect(share(0.95, 150, (decided) => decided?.side === 'above' && decided.draws <= 20)).toBeGreaterThan(
      0.95,
    );
  });
});
