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
const WEAKER = 'adaptive-weaker-than-transfer';

/** Noise images with the labels that the model gives them. */
async function labelled(n = N) {
  const pixels = noiseImages(n, 4);
  const { logits = new Float32Array(0) } = await jem.forward({ n, pixels });
  const labels = Array.from({ length: n }, (_, i) => {
    const row = logits.subarray(i * 3, i * 3 + 3);
    return row.indexOf(Math.max(...row));
  });
  const images = Array.from({ length: n }, (_, i) => [...pixels.subarray(i * 4, i * 4 + 4)]);
  return memoryDataset({ images, labels });
}

/** Chains that climb a little, without noise, and attacks that know of them. */
const sound = {
  ...{ steps: [2], stepSize: 0.02, noise: 0, inputNoise: 0, chains: 1, epsilon: 0.15, examples: N },
  ...{ attackSteps: 6, ladder: ['transfer', 'bpda', 'full', 'fixed-seed'], draws: 10 },
  adaptive: { steps: 6, eot: 1, confirm: 1, examples: N },
};
const run = async (more: object, systems: System[] = [jem], n = N) =>
  runSuite(purification, { systems, datasets: [await labelled(n)], options: { ...sound, ...more } });
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

  /** An attack that finds nothing, beside transfer that finds a little. */
  const blind = (epsilon: number, n: number) => {
    const whole = { ...jem, groupedGradient: model({ gradientScale: 0 }).groupedGradient };
    const adaptive = { ...sound.adaptive, examples: n };
    const given = { ladder: ['transfer', 'bpda'], examples: n, epsilon, adaptive };
    return run(given, [whole], n);
  };
  const lead = (outcome: Awaited<ReturnType<typeof run>>) =>
    (measureOf(outcome, 'adaptive-robust-accuracy', { rung: 'bpda' }).value ?? 0) -
    (measureOf(outcome, 'transfer-accuracy').value ?? 0);

  it('an attack that is weaker by few points on many images is called so, with counts, n and p', async () => {
    const outcome = await blind(0.03, 100);
    expect(lead(outcome)).toBeCloseTo(0.05, 10);
    const { message } = outcome.summary.warnings?.find(({ code }) => code === WEAKER) ?? {};
    // 2^-5, by hand.
    expect(message).toContain(
      'of 100 images, judged by mean logits, 5 wrong for transfer only, 0 for BPDA + EOT only (sign test, p = 0.031)',
    );
  });

  it('attacks that find as much are not told apart by how their columns are judged', async () => {
    // Noise alone: one draw of a transferred image is often wrong, the means of 8 and of 16 at a point less often.
    const noisy = {
      ...{ by: 'gaussian', steps: [0], inputNoise: 0.3, epsilon: 0.05, ladder: ['transfer', 'bpda'] },
      ...{ attackSteps: 3, adaptive: { steps: 3, eot: 8, confirm: 16, examples: N } },
    };
    const outcome = await run(noisy, [jem, gaussian(0.5, 1, 1)]);
    expect(lead(outcome)).toBeGreaterThan(0.2);
    expect(raised(outcome)).not.toContain(WEAKER);
    const verdicts = ['transfer', 'bpda'].map(
      (rung) => measureOf(outcome, 'verdict-accuracy', { rung, verdict: 'mean-logits' }).value ?? Number.NaN,
    ) as [number, number];
    expect(Math.abs(verdicts[0] - verdicts[1])).toBeLessThan(0.1);
  });

  it('without draws attacks are not compared, and the panel says so', async () => {
    const outcome = await run({ draws: 0 });
    const panel = outcome.summary.tables?.find(({ id }) => id.startsWith('purification-flags'));
    for (const code of ['transfer-overstates', WEAKER, 'bpda-beats-full-gradient', 'robust-by-randomness']) {
      expect(panel?.caption).toContain(code);
      expect(panel?.rows.map(({ flag }) => flag)).not.toContain(code);
    }
  });

  it('the caption says what to quote where columns are not in order, if there are several', async () => {
    const ladderOf = async (given: object) =>
      (await run(given)).summary.tables?.find(({ columns }) => columns.some(({ key }) => key === 'clean'));
    expect((await ladderOf({}))?.caption).toContain('quote the lowest column');
    expect((await ladderOf({ ladder: ['transfer'] }))?.caption).not.toContain('quote the lowest column');
  });

  it('a preset in other units than those of its paper is noted', async () => {
    const given = { preset: 'jem-1', ladder: ['transfer'] };
    expect(codes(await run(given))).toContain('preset-units');
    expect(codes(await run(given, [model({ inputScale: [2] })]))).not.toContain('preset-units');
  });
});
