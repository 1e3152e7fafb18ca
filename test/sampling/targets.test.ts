import { afterAll, describe, expect, it } from 'vitest';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { softmax } from '../../src/metrics/softmax.js';
import type { System } from '../../src/models/system.js';
import { type SgldOptions, type SgldState, sgld, sgldStep } from '../../src/sampling/sgld.js';
import { refuseTarget, type TargetName } from '../../src/sampling/targets.js';
import { analyticSystem } from '../attacks/helpers/analytic-system.js';
import {
  CLASSES,
  energyCard,
  linear,
  linearCard,
  linearGraph,
  linearLogits,
  open,
  PIXELS,
  quadraticEnergy,
  uniforms,
} from '../models/networks.js';

const engine = createOrtEngine({ sessions: 2 });
afterAll(() => engine.close());

const state = (n: number, labels?: Int32Array): SgldState => ({
  n,
  pixels: uniforms('chains', n * PIXELS),
  keys: Array.from({ length: n }, (_, example) => ({ seed: 2, purpose: 'test/targets', example })),
  ...(labels && { labels }),
});
const STILL: SgldOptions = { stepSize: 0.1, noise: 0, clamp: 'none' };

describe('on the quadratic energy |z|^2 / 2 of a network', () => {
  // The network sees z = (x - 0.4) / 0.5: N(0, 1) in its units is N(0.4, 0.25) in pixels.
  const card = { input: { ...energyCard.input, mean: 0.4, std: 0.5 } };
  const network = () => open(engine, quadraticEnergy(), energyCard, card);

  it.each([1, 2])('without noise a chain is (1 - stepSize / T)^k z, T = %d', async (temperature) => {
    const chains = state(7);
    const start = chains.pixels.slice();
    await sgld(await network(), chains, { ...STILL, temperature, steps: 9 });
    const shrink = (1 - 0.1 / temperature) ** 9;
    start.forEach((x, i) => {
      expect(chains.pixels[i]).toBeCloseTo(0.4 + shrink * (x - 0.4), 5);
    });
  });

  it.each([1, 2, 0.5])('Langevin noise reaches its mean and T times its variance, T = %d', async (T) => {
    const n = 400;
    const chains = state(n);
    const stepSize = 0.1 * T;
    const noise = Math.sqrt(2 * stepSize);
    await sgld(await network(), chains, { stepSize, noise, temperature: T, clamp: 'none', steps: 60 });
    const count = n * PIXELS;
    const mean = chains.pixels.reduce((a, b) => a + b, 0) / count;
    const variance = chains.pixels.reduce((a, b) => a + (b - mean) ** 2, 0) / count;
    // Of the discrete chain z <- (1 - s / T) z + sqrt(2 s) n: T / (1 - s / 2T).
    const expected = (0.25 * T) / (1 - 0.05);
    expect(Math.abs(mean - 0.4)).toBeLessThan(4 * Math.sqrt(expected / count));
    expect(Math.abs(variance / expected - 1)).toBeLessThan(4 * Math.sqrt(2 / count));
  });

  it('has no class to climb, and says what it has', async () => {
    const { info } = await network();
    for (const target of ['log-pxy', 'log-py-x'] as const) {
      await expect(sgld({ info } as System, state(1), { ...STILL, target, steps: 1 })).rejects.toMatchObject({
        code: 'config-invalid',
        details: { found: expect.stringMatching(/class/), hint: expect.stringMatching(/log p\(x\)/) },
      });
    }
  });
});

describe('on a linear classifier f = W x + b', () => {
  const labels = Int32Array.of(0, 1, 2, 3, 1);
  const n = labels.length;
  const probabilitiesOf = (pixels: Float32Array) =>
    softmax({ n, classes: CLASSES, data: linearLogits(pixels) });
  const column = (k: number, j: number) => linear.weight[j * CLASSES + k]!;
  const climbed = async (options: Partial<SgldOptions> & { steps: number }) => {
    const chains = state(n, labels);
    await sgld(await open(engine, linearGraph(), linearCard), chains, { ...STILL, ...options });
    return chains.pixels;
  };

  it('log p(x|y) climbs f_y: a straight line', async () => {
    const found = await climbed({ target: 'log-pxy', steps: 3 });
    state(n).pixels.forEach((x, at) => {
      const [i, j] = [Math.floor(at / PIXELS), at % PIXELS];
      expect(found[at]).toBeCloseTo(x + 3 * 0.1 * column(labels[i]!, j), 5);
    });
  });

  it.each<[TargetName, (p: Float64Array, i: number) => (k: number) => number]>([
    ['log-px', (p) => (k) => p[k]!],
    ['log-py-x', (p, i) => (k) => Number(k === labels[i]) - p[k]!],
  ])('%s: one step is that of the formula', async (target, weightsOf) => {
    const start = state(n).pixels;
    const found = await climbed({ target, steps: 1 });
    const probabilities = probabilitiesOf(start);
    for (let i = 0; i < n; i++) {
      const weight = weightsOf(probabilities.slice(i * CLASSES, (i + 1) * CLASSES), i);
      for (let j = 0; j < PIXELS; j++) {
        let slope = 0;
        for (let k = 0; k < CLASSES; k++) slope += weight(k) * column(k, j);
        expect(found[i * PIXELS + j]).toBeCloseTo(start[i * PIXELS + j]! + 0.1 * slope, 5);
      }
    }
  });

  it('log p(y|x) reaches its class from anywhere: a distal adversarial', async () => {
    const p = probabilitiesOf(await climbed({ target: 'log-py-x', stepSize: 0.5, steps: 40 }));
    labels.forEach((label, i) => {
      expect(p[i * CLASSES + label]).toBeGreaterThan(0.9);
    });
  });
});

describe('a clipped step', () => {
  const step = (gradient: number[], clip: number, scales: readonly number[]) => {
    const chains = { n: 1, pixels: new Float32Array(2), keys: [{ seed: 0, purpose: 'test', example: 0 }] };
    sgldStep(chains, 0, Float32Array.from(gradient), { ...STILL, stepSize: 1, clip }, scales);
    return [...chains.pixels];
  };

  it('is no longer than the bound, in units of the model input, and keeps its direction', () => {
    // d / d pixels = (12, 32) is (6, 8) in model units, of norm 10; a step of 5 is (3, 4), or (1.5, 1) in pixels.
    expect(step([12, 32], 5, [2, 4])).toEqual([1.5, 1]);
  });

  it('is what it was where it is short enough', () => {
    expect(step([12, 32], 10, [2, 4])).toEqual([3, 2]);
    expect(step([0, 0], 1, [1])).toEqual([0, 0]);
  });
});

it.each<[string, Partial<System['info']>, TargetName, RegExp]>([
  ['a stochastic system', { stochastic: true }, 'log-px', /behind the defence/],
  [
    'an energy of none',
    { offers: ['logits', 'inputGradient'], lacks: { logPx: 'energy: none' } },
    'log-px',
    /energy: none/,
  ],
  [
    'no gradient',
    { offers: ['logits', 'logPx'], lacks: { inputGradient: 'Loop has none' } },
    'log-py-x',
    /Loop has none/,
  ],
  ['a single class', { classes: ['one'] }, 'log-pxy', /1 class"/],
])('refuses %s', (_, change, target, says) => {
  const { info } = analyticSystem({ weights: [[1, 0, 0, 0]] });
  const refused = () => refuseTarget({ ...info, ...change }, target);
  expect(refused).toThrowError(expect.objectContaining({ code: 'config-invalid' }));
  try {
    refused();
  } catch (error) {
    expect(JSON.stringify(error)).toMatch(says);
  }
});
