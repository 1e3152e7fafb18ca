import { describe, expect, it } from 'vitest';
import { corrupted } from '../../../src/data/corruptions/corrupted.js';
import { type ParameterSet, SEVERITIES } from '../../../src/data/corruptions/corruption.js';
import { poisson } from '../../../src/data/corruptions/imaging/poisson.js';
import { corruptions } from '../../../src/data/corruptions/registry.js';
import { stream } from '../../../src/random/stream.js';

const SIZE = 40_000;

/** A grey image of one value, corrupted, not cut to bytes. */
function noisy(name: string, grey: number, severity: (typeof SEVERITIES)[number], parameters: ParameterSet) {
  const row = corruptions.named(name);
  const draws = stream({ seed: 2, purpose: name, example: severity });
  const pixels = new Float32Array(SIZE).fill(grey);
  return corrupted(row, pixels, [1, 200, 200], { severity, parameters, quantise: false }, draws);
}

function moments(values: ArrayLike<number>): { mean: number; std: number } {
  const all = Array.from(values);
  const mean = all.reduce((a, b) => a + b, 0) / all.length;
  return { mean, std: Math.sqrt(all.reduce((a, b) => a + (b - mean) ** 2, 0) / all.length) };
}

/** Five standard errors of the standard deviation of as many normal numbers. */
const CLOSE = 5 / Math.sqrt(2 * SIZE);

describe.each(SEVERITIES)('severity %d', (severity) => {
  const at = <T>(list: readonly T[]) => list[severity - 1]!;

  it('gaussian noise has the published standard deviation', () => {
    const sigma = at([0.04, 0.06, 0.08, 0.09, 0.1]);
    const { mean, std } = moments(noisy('gaussian-noise', 0.5, severity, 'cifar'));
    expect(Math.abs(mean - 0.5)).toBeLessThan((5 * sigma) / Math.sqrt(SIZE));
    expect(Math.abs(std / sigma - 1)).toBeLessThan(CLOSE);
  });

  it('speckle noise grows with the light', () => {
    const sigma = at([0.06, 0.1, 0.12, 0.16, 0.2]);
    for (const grey of [0.25, 0.5])
      expect(
        Math.abs(moments(noisy('speckle-noise', grey, severity, 'cifar')).std / (sigma * grey) - 1),
      ).toBeLessThan(CLOSE);
  });

  it.each<[ParameterSet, readonly number[], number]>([
    ['cifar', [500, 250, 100, 75, 50], 0.5],
    ['imagenet', [60, 25, 12, 5, 3], 0.1],
  ])('shot noise of %s counts photons', (parameters, all, grey) => {
    const photons = at(all);
    const values = noisy('shot-noise', grey, severity, parameters);
    const { mean, std } = moments(values);
    const expected = Math.sqrt(grey / photons);
    expect(Math.abs(mean - Math.fround(grey))).toBeLessThan((5 * expected) / Math.sqrt(SIZE));
    expect(Math.abs(std / expected - 1)).toBeLessThan(0.05);
    expect(values.every((v) => Math.abs(v * photons - Math.round(v * photons)) < 1e-4)).toBe(true);
  });

  it('impulse noise turns the published share into black and white', () => {
    const share = at([0.03, 0.06, 0.09, 0.17, 0.27]);
    const values = noisy('impulse-noise', 0.5, severity, 'imagenet');
    for (const extreme of [0, 1]) {
      const found = values.filter((v) => v === extreme).length / SIZE;
      expect(Math.abs(found - share / 2)).toBeLessThan(5 * Math.sqrt(share / 2 / SIZE));
    }
    expect(values.every((v) => v === 0 || v === 0.5 || v === 1)).toBe(true);
  });
});

it.each([0, 0.3, 3, 9.9, 10, 37, 400])('Poisson draws of mean %d have its probabilities', (mean) => {
  const n = 20_000;
  const draws = stream({ seed: 4, purpose: 'poisson', example: Math.round(10 * mean) });
  const counts = new Map<number, number>();
  for (let i = 0; i < n; i++) {
    const k = poisson(mean, draws);
    counts.set(k, (counts.get(k) ?? 0) + 1);
  }
  let log = -mean;
  let statistic = 0;
  let cells = 0;
  for (let k = 0; k < mean + 10 * Math.sqrt(mean) + 10; k++) {
    if (k > 0) log += Math.log(mean) - Math.log(k);
    const expected = n * Math.exp(mean === 0 && k === 0 ? 0 : log);
    if (expected < 5) continue;
    statistic += ((counts.get(k) ?? 0) - expected) ** 2 / expected;
    cells++;
  }
  // Mean and five standard deviations of chi squared.
  expect(statistic).toBeLessThan(cells + 5 * Math.sqrt(2 * cells));
});
