import { describe, expect, it } from 'vitest';
import type { System } from '../../../src/models/system.js';
import { flags } from '../../../suites/purification/flags.js';
import { purification } from '../../../suites/purification/index.js';
import { analyticSystem, noiseImages } from '../../attacks/helpers/analytic-system.js';
import { gaussian } from '../../sampling/helpers/gaussian-system.js';
import { memoryDataset } from '../helpers/memory-dataset.js';
import { codes, measureOf, runSuite } from '../helpers/run-suite.js';
import { shatteredSystem } from './shattered-system.js';

const weights = [
  [3, -1, 2, 0.5],
  [-1, 2, -0.5, 1.5],
  [0.5, 0.5, -2, -1],
];
const model = (more: object = {}) =>
  analyticSystem({ name: 'jem', weights, squash: 2, shape: [1, 2, 2], ...more });
const jem = model();
/** Of the same predictions, and never saturated. */
const gentle = model({ weights: weights.map((row) => row.map((w) => w / 1000)) });
const N = 32;

/** Noise images with the labels that the model gives them. */
async function labelled() {
  const pixels = noiseImages(N, 4);
  const { logits = new Float32Array(0) } = await jem.forward({ n: N, pixels });
  const labels = Array.from({ length: N }, (_, i) => {
    const row = logits.subarray(i * 3, i * 3 + 3);
    return row.indexOf(Math.max(...row));
  });
  const images = Array.from({ length: N }, (_, i) => [...pixels.subarray(i * 4, i * 4 + 4)]);
  return memoryDataset({ images, labels });
}

/** Chains that climb a little, without noise, and attacks that know of them. */
const sound = {
  ...{ steps: [2], stepSize: 0.02, noise: 0, inputNoise: 0, chains: 1, epsilon: 0.15, examples: N },
  ...{ attackSteps: 6, ladder: ['transfer', 'bpda', 'full', 'fixed-seed'], draws: 0 },
  adaptive: { steps: 6, eot: 1, confirm: 1, examples: N },
};
const run = async (more: object, systems: System[] = [jem]) =>
  runSuite(purification, { systems, datasets: [await labelled()], options: { ...sound, ...more } });
const raised = (found: Awaited<ReturnType<typeof run>>) =>
  codes(found).filter((code) => flags.some((flag) => flag.code === code));

/** Every flag, and a system made to trip it. */
const cases: Record<string, () => ReturnType<typeof run>> = {
  'transfer-overstates': () => {
    // The bare model shows no gradient, the whole does.
    const masked = model({ gradientScale: 0 });
    return run({ steps: [0] }, [{ ...masked, groupedGradient: jem.groupedGradient }]);
  },
  'adaptive-weaker-than-transfer': () =>
    run({ ladder: ['transfer', 'bpda'] }, [
      { ...jem, groupedGradient: model({ gradientScale: 0 }).groupedGradient },
    ]),
  'bpda-beats-full-gradient': () => {
    const wrong: System['hessianProduct'] = async (batch, direction) => {
      const found = await jem.hessianProduct?.(batch, direction);
      return {
        product: direction.map((d) => -100 * d),
        passes: found?.passes ?? { forward: 0, gradient: 0 },
      };
    };
    return run({ steps: [1] }, [{ ...jem, hessianProduct: wrong }]);
  },
  'robust-by-randomness': () =>
    // Noise alone, before a classifier whose ripples it makes random.
    run(
      {
        ...{ by: 'gaussian', steps: [0], inputNoise: 0.1, epsilon: 0.05, ladder: ['bpda', 'fixed-seed'] },
        adaptive: { steps: 10, eot: 8, confirm: 16, examples: N },
      },
      [shatteredSystem({ weights, amplitude: 1, frequency: 50 }), gaussian(0.5, 1, 1)],
    ),
  'gradient-explodes': () =>
    // x <- x - 3 (x - mean): every step makes a gradient twice as long.
    run({ by: 'gaussian', steps: [8], stepSize: 0.3 }, [gentle, gaussian(0.5, 0.1, 1)]),
  'eot-not-converged': () => run({ inputNoise: 20 }),
  'bpda-misleads': () =>
    // Every step turns the image over.
    run({ by: 'gaussian', steps: [1], stepSize: 0.2 }, [jem, gaussian(0.5, 0.1, 1)]),
  'purifier-expands': () =>
    run({ by: 'gaussian', steps: [3], stepSize: 0.3, ladder: ['bpda'] }, [jem, gaussian(0.5, 0.1, 1)]),
  'purification-descends': () =>
    run({ by: 'gaussian', stepSize: 0, noise: 0.6 }, [jem, gaussian(0.5, 0.01, 1)]),
};

describe('flags of purification', () => {
  it('a sound purification that is attacked soundly raises none', async () => {
    expect(raised(await run({}))).toEqual([]);
  });

  it('with no steps and no noise the full gradient is that of BPDA', async () => {
    const outcome = await run({ steps: [0] });
    expect(raised(outcome)).toEqual([]);
    expect(measureOf(outcome, 'gradient-cosine').value).toBeCloseTo(1, 6);
    expect(measureOf(outcome, 'gradient-growth').value).toBe(1);
    expect(measureOf(outcome, 'eot-agreement').value).toBeCloseTo(1, 6);
    expect(measureOf(outcome, 'purifier-expansion').value).toBeCloseTo(1, 3);
  });

  it.each(flags.map(({ code }) => code))('%s is raised by a system made to trip it', async (code) => {
    expect(raised(await cases[code]!())).toContain(code);
  });

  it('a preset in other units than those of its paper is noted', async () => {
    const given = { preset: 'jem-1', ladder: ['transfer'] };
    expect(codes(await run(given))).toContain('preset-units');
    expect(codes(await run(given, [model({ inputScale: [2] })]))).not.toContain('preset-units');
  });
});
