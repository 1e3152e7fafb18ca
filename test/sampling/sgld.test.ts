import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NotFinite } from '../../src/models/finite.js';
import type { System } from '../../src/models/system.js';
import { stream } from '../../src/random/stream.js';
import { addNoise, type SgldState, sgld, sgldStep, stepNoise } from '../../src/sampling/sgld.js';
import { gaussian } from './helpers/gaussian-system.js';

const start = (n: number, first = 0): SgldState => ({
  n,
  pixels: new Float32Array(n * 4).fill(0.5),
  keys: Array.from({ length: n }, (_, i) => ({ seed: 5, purpose: 'test/chain', example: first + i })),
});

const moments = (values: Float32Array) => {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return { mean, variance: values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length };
};

describe('SGLD on a Gaussian', () => {
  // x' = (1 - s/v) x + noise: an AR(1) process, whose stationary variance is noise^2 / (1 - (1 - s/v)^2).
  it.each([
    { mean: 0.3, variance: 1, scale: 1, stepSize: 0.1, noise: 0.2 },
    { mean: -1, variance: 0.5, scale: 2, stepSize: 0.05, noise: 0.1 },
    { mean: 3, variance: 2, scale: 4, stepSize: 0.3, noise: 0.5 },
  ])('reaches the moments of its stationary state: %o', async (given) => {
    const { mean, variance, scale, ...options } = given;
    const state = start(1500);
    await sgld(gaussian(mean, variance, scale, 300), state, { ...options, clamp: 'none', steps: 120 });
    const found = moments(state.pixels.map((pixel) => scale * pixel));
    const shrink = 1 - options.stepSize / variance;
    const expected = options.noise ** 2 / (1 - shrink ** 2);
    expect(Math.abs(found.mean - mean)).toBeLessThan(4 * Math.sqrt(expected / 6000) + 1e-3);
    expect(Math.abs(found.variance / expected - 1)).toBeLessThan(0.08);
  });

  it('is Langevin dynamics when noise = sqrt(2 stepSize): the variance is that of the density', async () => {
    const state = start(1500);
    const options = { stepSize: 0.01, noise: Math.sqrt(0.02), clamp: 'none' as const };
    await sgld(gaussian(0.5, 0.2, 1, 300), state, { ...options, steps: 150 });
    expect(Math.abs(moments(state.pixels).variance / 0.2 - 1)).toBeLessThan(0.1);
  });

  it('counts a gradient pass per image and step', async () => {
    const passes = await sgld(gaussian(0, 1, 1), start(13), {
      stepSize: 0.1,
      noise: 0,
      clamp: 'none',
      steps: 7,
    });
    expect(passes).toEqual({ forward: 0, gradient: 91 });
  });
});

describe('whatever the batch', () => {
  const options = { stepSize: 0.1, noise: 0.1, clamp: 'none' as const, steps: 6 };

  it.each([
    ['all lanes, where there are enough', 100, 64, [34, 34, 32]],
    ['as many as there are calls at once, where there are few', 66, 64, [33, 33]],
    ['whole batches in all lanes', 192, 64, [64, 64, 64]],
    ['all lanes alike, where there are more parts', 256, 64, [43, 43, 43, 43, 43, 41]],
  ])('chains go to %s', async (_, n, batchSize, parts) => {
    const system = gaussian(0, 1, 1, batchSize);
    const sizes: number[] = [];
    const told: System = {
      ...system,
      gradient: (batch, loss) => {
        sizes.push(batch.n);
        return system.gradient(batch, loss);
      },
    };
    await sgld(told, start(n), { ...options, steps: 1 });
    expect(sizes.sort((a, b) => b - a)).toEqual(parts);
  });

  it('shards draw the same noise to the bit', async () => {
    const whole = start(20);
    await sgld(gaussian(0, 1, 2, 8), whole, options);
    const [first, second] = [start(7), start(13, 7)];
    await sgld(gaussian(0, 1, 2, 3), first, options);
    await sgld(gaussian(0, 1, 2, 64), second, options);
    expect([...first.pixels, ...second.pixels]).toEqual([...whole.pixels]);
  });

  it('a chain is the chain in any batch, order and part, stopped anywhere and continued', async () => {
    const steps = 6;
    const whole = start(12);
    await sgld(gaussian(0, 1, 2, 5), whole, options);
    const order = fc.shuffledSubarray([...Array(12).keys()], { minLength: 1 });
    const batchSize = fc.integer({ min: 1, max: 16 });
    const stops = fc.subarray([1, 2, 3, 4, 5]);
    await fc.assert(
      fc.asyncProperty(order, batchSize, stops, async (chains, size, middles) => {
        const some: SgldState = {
          n: chains.length,
          pixels: new Float32Array(chains.length * 4).fill(0.5),
          keys: chains.map((chain) => whole.keys[chain]!),
        };
        let from = 0;
        for (const stop of [...middles, steps]) {
          await sgld(gaussian(0, 1, 2, size), some, { ...options, from, steps: stop - from });
          from = stop;
        }
        chains.forEach((chain, row) => {
          const at = (of: SgldState, i: number) => [...of.pixels.slice(i * 4, i * 4 + 4)];
          expect(at(some, row)).toEqual(at(whole, chain));
        });
      }),
      { numRuns: 50 },
    );
  });

  it('the noise of a step can be replayed: with it and the gradient, the step is known', () => {
    const state = start(3);
    const before = state.pixels.slice();
    sgldStep(state, 4, new Float32Array(12), options, [2]);
    const noise = new Float64Array(4);
    for (const [i, key] of state.keys.entries()) {
      stepNoise([key], 4, noise);
      noise.forEach((z, j) => {
        expect(state.pixels[i * 4 + j]).toBe(Math.fround(before[i * 4 + j]! + (0.1 / 2) * z));
      });
    }
  });

  it('no two steps draw the same, nor does input noise, nor a chain inside another step of an attack', () => {
    const key = { seed: 5, purpose: 'test/chain', example: 0 };
    const first = (draw: (into: Float64Array) => void) => {
      const into = new Float64Array(1);
      draw(into);
      return into[0]!;
    };
    const input = { n: 1, pixels: new Float32Array(1), keys: [key] };
    addNoise(input, 1, [1]);
    const draws = [
      input.pixels[0],
      Math.fround(stream({ ...key, purpose: 'test/chain' }).normal()),
      ...[0, 1, 2].flatMap((attackStep) =>
        [0, 1, 2].map((step) =>
          Math.fround(first((into) => stepNoise([{ ...key, step: attackStep }], step, into))),
        ),
      ),
    ];
    expect(new Set(draws).size).toBe(11);
  });
});

describe('units and bounds', () => {
  it('steps and noise are in units of the model input, per channel', () => {
    const gradientAtInput = [2, -1];
    const scales = [2, 8];
    const pixels = Float32Array.from([0.5, 0.5]);
    const gradient = Float32Array.from(gradientAtInput.map((g, c) => g * scales[c]!));
    const still = { n: 1, pixels, keys: [{ seed: 0, purpose: 'test', example: 0 }] };
    sgldStep(still, 0, gradient, { stepSize: 0.1, noise: 0, clamp: 'none' }, scales);
    expect(pixels[0]! * 2).toBeCloseTo(0.5 * 2 + 0.1 * 2, 6);
    expect(pixels[1]! * 8).toBeCloseTo(0.5 * 8 - 0.1, 6);
  });

  it('noise has the deviation asked for', () => {
    const state = start(2000);
    addNoise(state, 0.3, [2]);
    const { mean, variance } = moments(state.pixels.map((pixel) => 2 * pixel));
    expect(mean).toBeCloseTo(1, 1);
    expect(Math.abs(Math.sqrt(variance) - 0.3)).toBeLessThan(0.01);
  });

  it('box keeps pixels in [0, 1], none lets them go', async () => {
    const run = async (clamp: 'none' | 'box') => {
      const state = start(4);
      await sgld(gaussian(9, 1, 1), state, { stepSize: 0.5, noise: 0.1, clamp, steps: 5 });
      return Math.max(...state.pixels);
    };
    expect(await run('box')).toBe(1);
    expect(await run('none')).toBeGreaterThan(5);
  });

  it('a gradient that is not finite is an error that says where', async () => {
    const system = gaussian(0, 1, 1);
    const broken: System = {
      ...system,
      gradient: async (batch, loss) => {
        const found = await system.gradient(batch, loss);
        found.gradient[2] = Number.NaN;
        return found;
      },
    };
    const options = { stepSize: 1, noise: 0, clamp: 'none' as const, steps: 1 };
    await expect(sgld(broken, start(2), options)).rejects.toMatchObject({
      code: 'model-invalid',
      details: { path: 'SGLD step 0' },
    });
  });

  it('or is told of, where somebody listens: the other chains go on as if alone', async () => {
    const system = gaussian(0, 1, 1, 8);
    const broken: System = {
      ...system,
      async gradient(batch, loss) {
        // Refused as a whole, as a network does whose logits overflow.
        if (batch.pixels.some((x) => x > 0.65)) throw new NotFinite('a logit is NaN');
        return system.gradient(batch, loss);
      },
    };
    const options = { stepSize: 0.05, noise: 0.1, clamp: 'none' as const, steps: 6 };
    const [some, all] = [start(20), start(20)];
    const lost = new Map<number, string>();
    await sgld(broken, some, { ...options, fail: (row, { message }) => lost.set(row, message) });
    await sgld(system, all, options);
    expect(lost.size).toBeGreaterThan(2);
    expect(lost.size).toBeLessThan(18);
    expect(new Set(lost.values())).toEqual(new Set(['a logit is NaN']));
    for (let i = 0; i < 20; i++)
      if (!lost.has(i))
        expect(some.pixels.slice(4 * i, 4 * i + 4)).toEqual(all.pixels.slice(4 * i, 4 * i + 4));
  });
});
