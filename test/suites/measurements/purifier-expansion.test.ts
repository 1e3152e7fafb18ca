import { describe, expect, it } from 'vitest';
import { builtinCatalogue } from '../../../src/suites/catalogue.js';
import { purifierExpansion } from '../../../src/suites/measurements/purifier-expansion.js';
import { analyticSystem, noiseImages } from '../../attacks/helpers/analytic-system.js';
import { gaussian } from '../../sampling/helpers/gaussian-system.js';

const classifier = analyticSystem({
  weights: [
    [3, -1, 2, 0.5],
    [-1, 2, -0.5, 1.5],
  ],
  shape: [1, 2, 2],
});

/** Of 5 images behind a Gaussian energy of this variance. */
async function expansionOf(more: object, variance = 0.5, inputScale = 1) {
  const by = gaussian(0.5, variance, inputScale);
  const chain = { by: 'gaussian', stepSize: 0.1, noise: 0.02, inputNoise: 0.1, clamp: 'none' as const };
  const context = {
    system: classifier,
    examples: { n: 5, indices: Int32Array.of(3, 1, 4, 5, 9), pixels: noiseImages(5, 4) },
    inputs: [] as [],
    reference: [] as [],
    parts: async function* () {},
    images: async function* () {},
    seed: 1,
    catalogue: builtinCatalogue,
    signal: new AbortController().signal,
    systemNamed: () => by,
  };
  const { expansion } = await purifierExpansion.measure(context, { ...chain, steps: [0, 1, 5], ...more });
  return Array.from({ length: 5 }, (_, i) => [...expansion.subarray(3 * i, 3 * i + 3)]);
}

describe('the expansion of a purifier', () => {
  it('of a quadratic energy is |1 - step / variance|^K in closed form, whatever the noise', async () => {
    for (const row of await expansionOf({})) {
      expect(row[0]).toBeCloseTo(1, 3);
      expect(row[1]).toBeCloseTo(0.8, 3);
      expect(row[2]).toBeCloseTo(0.8 ** 5, 3);
    }
  });

  it('is above 1 where steps overshoot', async () => {
    for (const row of await expansionOf({ stepSize: 1.5 })) expect(row[2]).toBeCloseTo(2 ** 5, 1);
  });

  it('is 0 behind a constant', async () => {
    for (const row of await expansionOf({ stepSize: 0.5 })) expect(row[1]).toBeLessThan(1e-3);
  });
});
