import { afterAll, beforeAll, expect, it } from 'vitest';
import { createOrtEngine } from '../../../src/engines/ort/engine.js';
import type { PurifyOptions } from '../../../src/models/defences/purify-options.js';
import type { Model } from '../../../src/models/model.js';
import { builtinCatalogue } from '../../../src/suites/catalogue.js';
import {
  type ChainGradientParams,
  chainGradientDiagnostics,
} from '../../../src/suites/measurements/chain-gradients.js';
import {
  convolutional,
  convolutionalCard,
  energyCard,
  linearCard,
  linearGraph,
  open,
  PIXELS,
  quadraticEnergy,
  uniforms,
} from '../../models/networks.js';

const engine = createOrtEngine({ sessions: 1 });
const models: Record<string, Model> = {};
beforeAll(async () => {
  models.linear = await open(engine, linearGraph(), linearCard);
  models.energy = await open(engine, quadraticEnergy(), energyCard);
  models.network = await open(engine, convolutional(), convolutionalCard);
});
afterAll(() => engine.close());

const purify: PurifyOptions = {
  ...{ by: 'energy', steps: 4, stepSize: 0.2, noise: 0.05, inputNoise: 0.1, chains: 2 },
  ...{ clamp: 'none', gradient: 'straight-through', seed: 'fresh' },
};

function measured(classifier: string, size: number, params: ChainGradientParams, order = [0, 1, 2]) {
  const images = uniforms('images', 3 * size);
  return chainGradientDiagnostics.measure(
    {
      system: models[classifier]!,
      systemNamed: (name) => models[name]!,
      examples: {
        n: order.length,
        indices: Int32Array.from(order),
        pixels: Float32Array.from(order.flatMap((i) => [...images.subarray(i * size, (i + 1) * size)])),
        labels: Int32Array.from(order, (i) => i % 3),
      },
      inputs: [],
      reference: [],
      parts: async function* () {},
      images: async function* () {},
      seed: 3,
      signal: new AbortController().signal,
      catalogue: builtinCatalogue,
    },
    params,
  );
}

it('of a linear classifier behind a quadratic energy the gradient keeps its direction and shrinks', async () => {
  const { cosine, norms, growth } = await measured('linear', PIXELS, { purify, loss: 'margin', draws: 4 });
  for (const value of cosine) expect(value).toBeCloseTo(1, 5);
  // (1 - a) a step, from the last one to the first.
  for (let i = 0; i < 3; i++)
    for (let k = 0; k <= 4; k++) expect(norms[i * 5 + k]! / norms[i * 5 + 4]!).toBeCloseTo(0.8 ** (4 - k), 5);
  for (const value of growth) expect(value).toBeCloseTo(0.8 ** 4, 5);
});

it('of a purifier that forgets the image nothing arrives, and cosines with nothing are 0', async () => {
  const forgetful = { ...purify, stepSize: 1, steps: 1 };
  const { cosine, growth } = await measured('linear', PIXELS, {
    purify: forgetful,
    loss: 'margin',
    draws: 2,
  });
  for (const value of growth) expect(value).toBeLessThan(1e-6);
  for (const i of [0, 1, 2]) expect(cosine[i * 2 + 1]).toBeCloseTo(1, 6);
  expect(cosine.every(Number.isFinite)).toBe(true);
});

it('without steps both gradients are one', async () => {
  const { cosine, norms, growth, convergence, convergenceStraight } = await measured('network', 64, {
    ...{ purify: { ...purify, by: 'network', steps: 0 }, loss: 'cross-entropy', draws: 2 },
  });
  expect([...growth]).toEqual([1, 1, 1]);
  for (const value of cosine) expect(value).toBeCloseTo(1, 6);
  expect(norms).toHaveLength(3);
  expect(convergence).toEqual(convergenceStraight);
});

it('of a network both gradients differ; with one seed an image all draws agree', async () => {
  const own = { ...purify, by: 'network' };
  const params = { purify: own, loss: 'cross-entropy', draws: 4 };
  const fresh = await measured('network', 64, params);
  const fixed = await measured('network', 64, { ...params, purify: { ...own, seed: 'fixed' } });
  for (let i = 0; i < 3; i++) {
    expect(fresh.cosine[i * 5]).toBeLessThan(1 - 1e-6);
    expect(fresh.convergence[i]).toBeLessThan(1 - 1e-6);
    expect(fixed.convergence[i]).toBeCloseTo(1, 6);
  }
  const again = await measured('network', 64, params, [2, 0]);
  expect(again.growth[0]).toBeCloseTo(fresh.growth[2]!, 4);
  expect(again.convergence[1]).toBeCloseTo(fresh.convergence[0]!, 4);
});

it('refuses a number of draws that has no halves', async () => {
  await expect(measured('linear', PIXELS, { purify, loss: 'margin', draws: 3 })).rejects.toMatchObject({
    code: 'suite-failed',
    details: { found: '3' },
  });
});
