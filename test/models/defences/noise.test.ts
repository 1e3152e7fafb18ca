import { describe, expect, it } from 'vitest';
import { check } from '../../../src/config/validate.js';
import { NoiseOptions, NoisySystem } from '../../../src/models/defences/noise.js';
import { PurifiedSystem } from '../../../src/models/defences/purification.js';
import { defences } from '../../../src/models/defences/registry.js';
import type { Batch } from '../../../src/models/system.js';
import { stream } from '../../../src/random/stream.js';
import { analyticSystem, noiseImages } from '../../attacks/helpers/analytic-system.js';

const weights = [
  [3, -1, 2, 0.5],
  [-1, 2, -0.5, 1.5],
  [0.5, 0.5, -2, -1],
];
const bare = analyticSystem({ weights, squash: 2, inputScale: [2] });
const keysOf = (n: number, first = 0) =>
  Array.from({ length: n }, (_, i) => ({ seed: 1, purpose: 'test', example: first + i }));
const batchOf = (n: number): Batch => ({
  n,
  pixels: noiseImages(n, 4),
  labels: Int32Array.from({ length: n }, (_, i) => i % 3),
  keys: keysOf(n),
});

describe('noise on every image', () => {
  const noisy = new NoisySystem(bare, { std: 2 }, 'noisy');

  it('is that of the model’s own input, drawn by the key of the example, and not cut to [0, 1]', async () => {
    const batch = batchOf(3);
    const pixels = batch.pixels.slice();
    for (let i = 0; i < 3; i++) {
      const draws = stream({ seed: 1, purpose: 'test/input-noise', example: i });
      for (let j = 0; j < 4; j++) pixels[4 * i + j]! += draws.normal();
    }
    expect(pixels.some((v) => v < 0 || v > 1)).toBe(true);
    const [seen, wanted] = [await noisy.forward(batch), await bare.forward({ n: 3, pixels })];
    expect([...(seen.logits ?? [])]).toEqual([...(wanted.logits ?? [])]);
    const [slope, exact] = [
      await noisy.gradient(batch, 'log-px'),
      await bare.gradient({ n: 3, pixels }, 'log-px'),
    ];
    expect([...slope.gradient]).toEqual([...exact.gradient]);
  });

  it('is the same for an example in any batch, and another for another key', async () => {
    const whole = await noisy.forward(batchOf(6));
    const { pixels } = batchOf(6);
    const one = await noisy.forward({ n: 1, pixels: pixels.slice(16, 20), keys: keysOf(1, 4) });
    expect([...(one.logits ?? [])]).toEqual([...(whole.logits ?? [])].slice(12, 15));
    const other = await noisy.forward({ n: 1, pixels: pixels.slice(16, 20), keys: keysOf(1, 5) });
    expect([...(other.logits ?? [])]).not.toEqual([...(one.logits ?? [])]);
  });

  it('leaves alone what a system offers, and says that it draws at random', () => {
    expect(noisy.info).toMatchObject({
      name: 'noisy',
      stochastic: true,
      defence: 'noise 2 on every image',
      offers: bare.info.offers,
    });
    expect(noisy.info.identity).not.toBe(bare.info.identity);
    expect(new NoisySystem(bare, { std: 0.1 }, 'noisy').info.identity).not.toBe(noisy.info.identity);
  });

  it('stands before another defence, which draws for itself', async () => {
    const attacked = { gradient: 'straight-through', seed: 'fresh' } as const;
    const chains = { by: 'analytic', steps: 1, stepSize: 0.05, noise: 0.02, inputNoise: 0, chains: 2 };
    const purified = new PurifiedSystem(bare, bare, { ...chains, clamp: 'none', ...attacked }, 'purified');
    const both = new NoisySystem(purified, { std: 0.3 }, 'both');
    expect(both.info.defence).toMatch(/^noise 0.3 on every image; then purified by analytic/);
    expect((await both.forward(batchOf(2))).logits?.length).toBe(6);
  });

  it('keeps no replay buffer: that of the checkpoint is the model’s', () => {
    const keeping = { ...bare, info: { ...bare.info, storedChains: 10 } };
    expect(new NoisySystem(keeping, { std: 1 }, 'noisy').info).not.toHaveProperty('storedChains');
    const chains = { by: 'analytic', steps: 1, stepSize: 0.05, noise: 0.02, inputNoise: 0, chains: 2 };
    const more = { clamp: 'none', gradient: 'straight-through', seed: 'fresh' } as const;
    const purified = new PurifiedSystem(keeping, bare, { ...chains, ...more }, 'purified');
    expect(purified.info).not.toHaveProperty('storedChains');
  });

  it('is a defence of run files, 0.03 unless told otherwise', () => {
    const row = defences.named('noise');
    const options = check(NoiseOptions, {}, { file: 'x', what: 'defence' });
    expect(options).toEqual({ std: 0.03 });
    expect(row.wrap(bare, options, () => bare, 'n').info).toEqual(
      row.describe(bare, options, () => bare, 'n'),
    );
    expect(() => check(row.options, { std: 0 }, { file: 'x', what: 'defence' })).toThrow(
      /a value in the defence is not valid/,
    );
  });

  it('refuses a batch that does not say where to draw', async () => {
    const { keys: _, ...rest } = batchOf(2);
    await expect(noisy.forward(rest)).rejects.toThrow(/was not told where to draw/);
  });
});
