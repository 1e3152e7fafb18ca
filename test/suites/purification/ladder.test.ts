import { describe, expect, it } from 'vitest';
import { check } from '../../../src/config/validate.js';
import type { System } from '../../../src/models/system.js';
import { builtinCatalogue } from '../../../src/suites/catalogue.js';
import { optionsOf } from '../../../src/suites/contract.js';
import { purification } from '../../../suites/purification/index.js';
import { ladder } from '../../../suites/purification/ladder.js';
import { analyticSystem, noiseImages } from '../../attacks/helpers/analytic-system.js';
import { gaussian } from '../../sampling/helpers/gaussian-system.js';
import { memoryDataset } from '../helpers/memory-dataset.js';
import { codes, measureOf, runSuite, sheetOf } from '../helpers/run-suite.js';

const weights = [
  [3, -1, 2, 0.5],
  [-1, 2, -0.5, 1.5],
  [0.5, 0.5, -2, -1],
];
const jem = analyticSystem({ name: 'jem', weights, squash: 2, shape: [1, 2, 2] });

/** Noise images with the labels that the model gives them. */
async function labelled(n: number) {
  const pixels = noiseImages(n, 4);
  const { logits = new Float32Array(0) } = await jem.forward({ n, pixels });
  const labels = Array.from({ length: n }, (_, i) => {
    const row = logits.subarray(i * 3, i * 3 + 3);
    return row.indexOf(Math.max(...row));
  });
  const images = Array.from({ length: n }, (_, i) => [...pixels.subarray(i * 4, i * 4 + 4)]);
  return memoryDataset({ images, labels });
}

const all = ladder.map(({ name }) => name);
const whole = ladder.filter((rung) => rung.whole).map(({ name }) => name);
const options = {
  steps: [2],
  stepSize: 0.02,
  noise: 0.01,
  inputNoise: 0.05,
  chains: 2,
  epsilon: 0.15,
  examples: 24,
  attackSteps: 8,
  ladder: all,
  adaptive: { steps: 6, eot: 2, confirm: 3, examples: 24 },
};
const run = async (more: object, systems: System[] = [jem], n = 24) =>
  runSuite(purification, { systems, datasets: [await labelled(n)], options: { ...options, ...more } });

describe('the ladder', () => {
  it('before an identity all attacks that are alike give the same, and no verdict differs', async () => {
    const still = { steps: [0], noise: 0, inputNoise: 0, chains: 1, draws: 10 };
    const outcome = await run({ ...still, attackSteps: options.adaptive.steps });
    for (const rung of whole) {
      const robust = measureOf(outcome, 'adaptive-robust-accuracy', { rung }).value;
      const verdicts = outcome.summary.measures.filter(
        ({ measure, params }) => measure === 'verdict-accuracy' && params.rung === rung,
      );
      expect(new Set(verdicts.map(({ value }) => value))).toEqual(
        new Set(verdicts.length > 0 ? [robust] : []),
      );
    }
    const [transfer, bpda] = [
      measureOf(outcome, 'transfer-accuracy'),
      measureOf(outcome, 'adaptive-robust-accuracy', { rung: 'bpda' }),
    ];
    expect(bpda.value).toBe(transfer.value);
    expect(measureOf(outcome, 'purification-distance', { distance: 'L2' }).value).toBe(0);
    expect(codes(outcome)).toEqual(['few-examples', 'purification-upper-bound']);
  });

  it('behind a constant accuracy is the share of one class, and no attack matters', async () => {
    // One step of this size ends at the mean, wherever it began.
    const peak = gaussian(0.3, 0.01, 1);
    const still = { by: 'gaussian', steps: [1], stepSize: 0.01, noise: 0, inputNoise: 0, chains: 1 };
    const outcome = await run(still, [jem, peak]);
    const clean = measureOf(outcome, 'purified-accuracy').value;
    const predictions = new Set(sheetOf(outcome).flatMap(({ prediction }) => prediction ?? []));
    expect(predictions.size).toBe(1);
    expect(measureOf(outcome, 'transfer-accuracy').value).toBe(clean);
    for (const rung of whole)
      expect(measureOf(outcome, 'adaptive-robust-accuracy', { rung }).value).toBe(clean);
  });

  it('verdicts are recomputed from the sheet, with the draws that were made', async () => {
    const outcome = await run({ draws: 40 });
    const rows = sheetOf(outcome).filter(({ images }) => images === 'bpda');
    const drawn = rows.map(({ draws }) => Number(draws));
    expect(Math.min(...drawn)).toBe(10);
    expect(drawn.every((count) => count % 10 === 0 && count <= 40)).toBe(true);
    const mean = drawn.reduce((sum, count) => sum + count, 0) / drawn.length;
    expect(measureOf(outcome, 'draws-per-example', { rung: 'bpda' }).value).toBeCloseTo(mean, 10);
    // Whoever may submit again succeeds at least as often.
    const verdict = (name: string) =>
      measureOf(outcome, 'verdict-accuracy', { rung: 'bpda', verdict: name }).value ?? Number.NaN;
    expect(verdict('any-of')).toBeLessThanOrEqual(verdict('vote'));
    expect(verdict('any-of')).toBeLessThanOrEqual(verdict('one-shot'));
  });

  it('without the sequence every image gets all draws', async () => {
    const outcome = await run({ draws: 20, sequential: false, ladder: ['bpda'] });
    const rows = sheetOf(outcome).filter(({ images }) => images === 'bpda');
    expect(rows.map(({ draws }) => draws)).toEqual(rows.map(() => 20));
  });

  it('passes are those that the networks made', async () => {
    const made = async (names: string[]) => {
      jem.spy.batches.length = 0;
      const outcome = await run({ ladder: names, draws: 0 });
      const of = (kind: string) =>
        jem.spy.batches.filter((batch) => batch.kind === kind).reduce((sum, { n }) => sum + n, 0);
      return { outcome, passes: [of('forward'), of('gradient')] };
    };
    const before = await made([]);
    for (const rung of whole) {
      const { outcome, passes } = await made([rung]);
      const counted = ['forward-passes', 'gradient-passes'].map(
        (kind) => 24 * (measureOf(outcome, kind, { rung }).value ?? Number.NaN),
      );
      counted.forEach((count, kind) => {
        expect(count).toBeCloseTo(passes[kind]! - before.passes[kind]!, 6);
      });
    }
  });

  it('more draws per gradient are run beside the ladder', async () => {
    const adaptive = { ...options.adaptive, sweep: [1, 2, 4] };
    const outcome = await run({ ladder: ['transfer', 'bpda'], adaptive });
    const eots = outcome.summary.measures.flatMap(({ measure, params }) =>
      measure === 'adaptive-robust-accuracy' ? [params.eot ?? 'ladder'] : [],
    );
    expect(eots).toEqual(['ladder', 1, 4]);
    expect(outcome.summary.figures?.map(({ id }) => id)).toContain('purification-eot-test-jem');
    // The strongest is the last of the ladder, in whatever order attacks are asked for.
    const turned = await run({ ladder: ['full', 'bpda'], adaptive: { ...options.adaptive, sweep: [1] } });
    const rungs = turned.summary.measures.flatMap(({ measure, params }) =>
      measure === 'adaptive-robust-accuracy' ? [`${params.rung} ${params.eot ?? ''}`] : [],
    );
    expect(rungs).toEqual(['bpda ', 'full ', 'full 1']);
  });

  it('a vote about fewer draws than ten is about those', async () => {
    const outcome = await run({ draws: 3, ladder: ['bpda'] });
    const rows = sheetOf(outcome).filter(({ images }) => images === 'bpda');
    expect(rows.map(({ draws }) => draws)).toEqual(rows.map(() => 3));
  });

  it('a scalar energy purifies for any classifier', async () => {
    const peak = gaussian(0.5, 0.5, 1);
    const plain: System = {
      ...jem,
      info: { ...jem.info, offers: ['logits', 'inputGradient'], energy: 'none' },
    };
    const outcome = await run({ by: 'gaussian' }, [plain, peak]);
    expect(measureOf(outcome, 'purified-accuracy').n).toBe(24);
    expect(measureOf(outcome, 'adaptive-robust-accuracy', { rung: 'bpda' }).params).toMatchObject({
      by: 'gaussian',
      clamp: 'none',
    });
  });
});

describe('presets and protocols of the suite', () => {
  const settled = (given: object) =>
    check(optionsOf(purification, builtinCatalogue), given, { what: 'options' });

  it('jem-k is the default chain, of k steps', () => {
    const { preset: _, ...ten } = settled({ preset: 'jem-10' });
    expect(ten).toEqual(settled({ steps: [10] }));
  });

  it('ebm-defense averages 15 replicates in every answer, and confirms with 150', () => {
    expect(settled({ preset: 'ebm-defense', examples: 10 })).toMatchObject({
      ...{ steps: [1500], chains: 15, stepSize: 1, noise: 0.01, inputNoise: 0, draws: 10, examples: 10 },
      adaptive: { eot: 1, confirm: 10 },
    });
  });

  it('strong is the ladder of the literature with its figures, and variants are asked for', () => {
    expect(settled({ protocol: 'strong' })).toMatchObject({
      ladder: all.filter((name) => name !== 'selective'),
      draws: 150,
      examples: 512,
    });
    expect(settled({ protocol: 'strong', draws: 20, ladder: ['bpda'] })).toMatchObject({
      ...{ ladder: ['bpda'], draws: 20 },
    });
  });
});
