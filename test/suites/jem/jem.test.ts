import { beforeAll, describe, expect, it } from 'vitest';
import { describePurified } from '../../../src/models/defences/describe-purified.js';
import { NoisySystem } from '../../../src/models/defences/noise.js';
import { PurifiedSystem } from '../../../src/models/defences/purification.js';
import type { System } from '../../../src/models/system.js';
import { jem } from '../../../suites/jem/index.js';
import type { RobustnessRequests } from '../../../suites/jem/requests.js';
import { robustnessOf, type Verdicts } from '../../../suites/jem/robustness.js';
import { jemWarnings } from '../../../suites/jem/warnings.js';
import { type AnalyticOptions, analyticSystem, noiseImages } from '../../attacks/helpers/analytic-system.js';
import { memoryDataset } from '../helpers/memory-dataset.js';
import { codes, measureOf, type Outcome, runSuite } from '../helpers/run-suite.js';

const weights = [
  [3, -1, 2, 0.5],
  [-1, 2, -0.5, 1.5],
  [0.5, 0.5, -2, -1],
];
const model = (more: Partial<AnalyticOptions> = {}) =>
  analyticSystem({ name: 'jem', weights, squash: 2, inputScale: [2], ...more });

const imagesOf = (pixels: Float32Array) =>
  Array.from({ length: pixels.length / 4 }, (_, i) => [...pixels.subarray(4 * i, 4 * i + 4)]);

/** Noise images with the labels that the model gives them, every tenth with another. */
async function test(n = 40) {
  const pixels = noiseImages(n, 4);
  const { logits = new Float32Array(0) } = await model().forward({ n, pixels });
  const labels = Array.from({ length: n }, (_, i) => {
    const row = logits.subarray(i * 3, i * 3 + 3);
    return (row.indexOf(Math.max(...row)) + (i % 10 === 9 ? 1 : 0)) % 3;
  });
  return memoryDataset({ images: imagesOf(pixels), labels });
}
const ood = (name: string, shift: number, n = 30) =>
  memoryDataset({
    name,
    role: 'ood',
    images: imagesOf(
      noiseImages(n, 4).map((v, i) => Math.min(1, Math.max(0, v * 0.4 + shift * ((i % 3) + 1)))),
    ),
  });

const chain = { by: 'jem', stepSize: 0.05, noise: 0.01, inputNoise: 0.1, chains: 2, clamp: 'none' } as const;
const attacked = { gradient: 'straight-through', seed: 'fresh' } as const;
const purified = (bare: System, steps: number) =>
  new PurifiedSystem(bare, bare, { ...chain, ...attacked, steps }, `jem-${steps}`);

const options = {
  model: 'jem',
  published: 'jem-noisy',
  interpolated: { published: 'mixed-noisy', plain: 'mixed' },
  refined: [{ system: 'jem-0' }],
  attacks: [{ norm: 'Linf', epsilons: ['0.02', '0.1'] }],
  examples: 20,
  starts: 3,
  steps: 6,
  searches: 5,
  eot: 2,
  confirm: 3,
  resamples: 100,
};

async function given(std: number) {
  const bare = model();
  return {
    systems: [bare, new NoisySystem(bare, { std }, 'jem-noisy'), purified(bare, 0), purified(bare, 1)],
    datasets: [await test(), ood('far', 0.2), ood('mixed', 0.1), ood('mixed-noisy', 0.11)],
    options,
  };
}

/** What a network with batch normalisation is: in training mode it says something else. */
function normalised(): System {
  const bare = model();
  const training = model({
    name: 'jem',
    weights: weights.map((row) => row.map((w, j) => w * (j < 2 ? 0.3 : 1))),
  });
  return { ...bare, info: { ...bare.info, batchNorms: 2 }, inTrainingMode: async () => training };
}

describe('a network with batch normalisation', () => {
  const [bare, n] = [normalised(), 40];
  const given = async (more = {}) =>
    runSuite(jem, {
      systems: [bare, new NoisySystem(bare, { std: 0.6 }, 'jem-noisy')],
      datasets: [await test(n), ood('far', 0.2)],
      options: { model: 'jem', published: 'jem-noisy', resamples: 100, ...more },
    });

  it('is published in training mode, and that convention has its worth beside the noise', async () => {
    const outcome = await given();
    expect(outcome.requests.map(({ measurement: { name } }) => name)).toContain('train-mode');
    const ofAccuracy = { quantity: 'accuracy' };
    const { pixels, labels } = (await (await test(n)).read(0, n)) as {
      pixels: Float32Array;
      labels: Int32Array;
    };
    const keys = Array.from({ length: n }, (_, example) => ({ seed: 0, purpose: 'clean', example }));
    const accuracyOf = async (system: System) => {
      const { logits = new Float32Array(0) } = await new NoisySystem(system, { std: 0.6 }, 'x').forward({
        n,
        pixels,
        keys,
      });
      const right = labels.filter((label, i) => {
        const row = logits.subarray(3 * i, 3 * i + 3);
        return row.indexOf(Math.max(...row)) === label;
      });
      return right.length / n;
    };
    const training = await bare.inTrainingMode?.();
    const [trained, evaluated] = [await accuracyOf(training ?? bare), await accuracyOf(bare)];
    expect(trained).not.toBe(evaluated);
    expect(measureOf(outcome, 'as-published', ofAccuracy).value).toBeCloseTo(trained, 12);
    const worth = (deviation: string) =>
      measureOf(outcome, 'deviation', { ...ofAccuracy, deviation }).value ?? 0;
    expect(worth('train-mode-batch-norm')).toBeCloseTo(trained - evaluated, 12);
    const corrected = measureOf(outcome, 'as-it-should-be', ofAccuracy).value ?? 0;
    expect(worth('train-mode-batch-norm') + worth('noise-on-input')).toBeCloseTo(trained - corrected, 12);
    const told = outcome.summary.warnings?.find(({ code }) => code === 'train-mode-batch-norm');
    for (const share of [trained, evaluated])
      expect(told?.message).toContain(`${(100 * share).toFixed(1)} %`);
    expect(told?.message).not.toContain('attacks');
    const sheet = outcome.summary.examples?.find(({ name }) => name === 'jem');
    expect(new Set([...(sheet?.rows ?? [])].map(([system]) => system))).toEqual(
      new Set(['jem-noisy in training mode', 'jem-noisy', 'jem']),
    );
  });

  it('is attacked in evaluation mode, and says so', async () => {
    const { refined, attacks, examples, starts, steps, searches } = options;
    const { summary } = await runSuite(jem, {
      systems: [bare, new NoisySystem(bare, { std: 0.6 }, 'jem-noisy'), purified(bare, 0)],
      datasets: [await test(n)],
      options: {
        ...{ model: 'jem', published: 'jem-noisy', resamples: 100, eot: 1, confirm: 1 },
        ...{ refined, attacks, examples, starts, steps, searches },
      },
    });
    const told = summary.warnings?.find(({ code }) => code === 'train-mode-batch-norm');
    expect(told?.message).toMatch(/; attacks are in evaluation mode, as in the public code$/);
  });

  it('is measured in evaluation mode alone where that is asked for', async () => {
    const { requests, summary } = await given({ trainMode: false });
    expect(summary.warnings?.map(({ code }) => code)).not.toContain('train-mode-batch-norm');
    expect(requests.map(({ measurement: { name } }) => name)).not.toContain('train-mode');
    expect(summary.measures.filter(({ params }) => params.deviation === 'train-mode-batch-norm')).toEqual([]);
  });
});

describe('photographs at a size of their own', () => {
  it('are what is published, and the size is one of the conventions', async () => {
    const larger = (std: number) =>
      new NoisySystem(
        analyticSystem({ name: 'larger', weights: weights.map((row) => [...row, 1, -1]), shape: [1, 3, 2] }),
        { std },
        'larger-noisy',
      );
    const photographs = memoryDataset({
      name: 'own',
      role: 'ood',
      shape: [1, 3, 2],
      images: Array.from({ length: 30 }, (_, i) =>
        Array.from({ length: 6 }, (_, k) => ((i * 7 + k * 3) % 11) / 11),
      ),
    });
    const outcome = await runSuite(jem, {
      systems: [model(), new NoisySystem(model(), { std: 0.6 }, 'jem-noisy'), larger(0.6)],
      datasets: [await test(), ood('far', 0.2), ood('celeba', 0.3), photographs],
      options: {
        ...{ model: 'jem', published: 'jem-noisy', resamples: 100 },
        ownSize: { of: 'celeba', dataset: 'own', published: 'larger-noisy' },
      },
    });
    const about = { quantity: 'auroc', score: 'log-px', against: 'celeba' };
    const value = (measure: string, more = {}) =>
      measureOf(outcome, measure, { ...about, ...more }).value ?? 0;
    const worth = (deviation: string) => value('deviation', { deviation });
    expect(worth('image-size')).not.toBe(0);
    expect(worth('image-size') + worth('noise-on-input')).toBeCloseTo(
      value('as-published') - value('as-it-should-be'),
      12,
    );
    // The larger images are no OOD set of their own, and of the others nothing is said of sizes.
    const against = outcome.summary.measures.flatMap(({ params }) => params.against ?? []);
    expect(new Set(against)).toEqual(new Set(['far', 'celeba']));
    const sized = outcome.summary.measures.filter(({ params }) => params.deviation === 'image-size');
    expect(new Set(sized.map(({ params }) => params.against))).toEqual(new Set(['celeba']));
    const published = outcome.summary.measures.filter(
      ({ measure, params }) => measure === 'as-published' && params.against === 'celeba',
    )[0]!;
    expect(published.rows?.against?.[0]?.where).toEqual({ model: 'larger-noisy', dataset: 'own' });
  });
});

describe('the JEM suite', () => {
  let outcome: Outcome;
  beforeAll(async () => {
    outcome = await runSuite(jem, await given(0.6));
  });

  it('gives both columns of every number, and every convention between them', () => {
    const { measures, tables = [] } = outcome.summary;
    const ofAccuracy = { quantity: 'accuracy' };
    const [published, corrected, worth] = ['as-published', 'as-it-should-be', 'deviation'].map((name) =>
      measureOf(outcome, name, ofAccuracy),
    );
    expect(corrected!.value).toBe(0.9);
    expect(worth!.value).toBeCloseTo((published!.value ?? 0) - 0.9, 12);
    expect(worth).toMatchObject({ params: { deviation: 'noise-on-input' }, n: 40, method: 'newcombe' });
    // Deviations of one number add up to what lies between the columns.
    for (const one of measures.filter(({ measure }) => measure === 'as-published')) {
      const same = (m: (typeof measures)[number]) =>
        m.model === one.model && Object.entries(one.params).every(([key, value]) => m.params[key] === value);
      const other = measures.find((m) => m.measure === 'as-it-should-be' && same(m));
      const sum = measures
        .filter((m) => m.measure === 'deviation' && same(m))
        .reduce((total, { value }) => total + (value ?? Number.NaN), 0);
      expect(sum, one.title).toBeCloseTo((one.value ?? 0) - (other?.value ?? 0), 9);
    }
    expect(tables[1]!.rows.map(({ deviation }) => deviation)).toContain(
      'noise a second time on interpolations',
    );
    expect(codes(outcome)).toContain('shortened-attack');
  });

  it('says how many images each row of both tables is of', () => {
    const { tables = [], measures } = outcome.summary;
    const panel = tables.find(({ id }) => id === 'jem-deviations');
    expect(panel?.columns.map(({ key }) => key)).toContain('n');
    const count = (of: string) =>
      new Set(panel?.rows.filter(({ quantity }) => String(quantity).startsWith(of)).map(({ n }) => n));
    expect(['Accuracy', 'ECE', 'AUROC', 'Robust'].map(count)).toEqual(
      [40, 40, 70, 20].map((n) => new Set([n])),
    );
    const columns = tables.find(({ id }) => id === 'jem-columns');
    for (const row of columns?.rows ?? []) {
      const of = (name: string) =>
        measures.find(({ measure, title }) => measure === name && title.startsWith(`${row.quantity},`))?.n;
      expect([row['n published'], row['n corrected']]).toEqual([of('as-published'), of('as-it-should-be')]);
    }
    // As published, robust accuracy is among the images that are right when clean.
    const robust = columns?.rows.find(({ quantity }) => String(quantity).startsWith('Robust'));
    expect(robust?.['n corrected']).toBe(20);
    expect(robust?.['n published']).toBeLessThan(20);
  });

  it('does not claim to know the ECE of two images', async () => {
    const two = await runSuite(jem, {
      systems: [model(), new NoisySystem(model(), { std: 0.6 }, 'jem-noisy')],
      datasets: [await test(2), ood('far', 0.2)],
      options: { model: 'jem', published: 'jem-noisy', resamples: 100 },
    });
    const { value, interval, n, note } = measureOf(two, 'as-it-should-be', { quantity: 'ece' });
    expect(n).toBe(2);
    // A kind of image that is missed in 5 % of samples may be nearly four in five.
    expect(interval![1]).toBeGreaterThanOrEqual(Math.min(1, (1 - 0.776) * (value ?? 0) + 0.776));
    expect(note).toMatch(/none of which was seen/);
    const worth = measureOf(two, 'deviation', { quantity: 'ece' });
    // Twice that of a difference: anything.
    expect([worth.interval, worth.note]).toEqual([[-1, 1], expect.stringMatching(/none of which was seen/)]);
  });

  it('says which images broke by which verdict', () => {
    const { columns = [], rows: lines = [] } =
      outcome.summary.examples?.find(({ name }) => name === 'jem-robustness') ?? {};
    const rows = Array.from(lines, (line) =>
      Object.fromEntries(columns.map((column, i) => [column, line[i]])),
    );
    expect(rows.length).toBe(2 * 20);
    for (const { correct, last, best, confirmed, sweep, corrected } of rows) {
      // The nearest start is no farther than the last, and what is confirmed was found before.
      if (best) expect(last).toBe(true);
      if (best) expect(confirmed).toBe(true);
      if (!correct) expect([last, best, confirmed, sweep, corrected]).toEqual(Array(5).fill(false));
      expect(corrected).toBe(sweep);
    }
    const published = measureOf(outcome, 'as-published', { quantity: 'robust-accuracy', epsilon: '0.02' });
    const among = rows.filter(({ correct, epsilon }) => correct && epsilon === '0.02');
    expect(published.n).toBe(among.length);
    expect(published.value).toBe(among.filter(({ last }) => last).length / among.length);
  });

  it('leaves out an example that failed under one attack, and not the others', () => {
    const collected = new Map<unknown, unknown>();
    const rows = (indices: readonly number[], of: Record<string, readonly number[]>) => {
      const request = {};
      const data = Object.entries(of).map(([name, values]) => [
        name,
        { shape: [values.length], data: values },
      ]);
      const labels = Int32Array.from(indices, (index) => index % 3);
      collected.set(request, { indices: Int32Array.from(indices), labels, rows: Object.fromEntries(data) });
      return request as never;
    };
    const whole = [0, 1, 2, 3];
    const wanted: RobustnessRequests = {
      epsilons: ['0.1'],
      starts: [
        {
          main: rows([0, 2, 3], { adversarial: [1, 1, 0], distance: [0.05, 0.3, 0] }),
          verified: rows([0, 2, 3], { reproduced: [0, 1, 0], inside: [1, 1, 0] }),
        },
      ],
      sweep: {
        main: rows(whole, { correct: [1, 0, 1, 1], brokenAt: [0, -1, -1, 0] }),
        verified: rows(whole, {}),
      },
    };
    const on = { system: model().info, dataset: ood('far', 0).info, norm: 'Linf' };
    const found = robustnessOf(on, wanted, collected as never);
    expect([...(found?.indices ?? [])]).toEqual([0, 2, 3]);
    expect([...(found?.labels ?? [])]).toEqual([0, 2, 0]);
    expect([...(found?.correct ?? [])]).toEqual([1, 1, 1]);
    const of = (name: keyof Verdicts) => [...(found?.verdicts[0]?.[name] ?? [])];
    expect([of('last'), of('confirmed'), of('sweep')]).toEqual([
      [0, 1, 1],
      [1, 1, 1],
      [0, 1, 0],
    ]);
    collected.delete(wanted.starts[0]!.verified);
    expect(robustnessOf(on, wanted, collected as never)).toBeUndefined();
  });

  it('has no published robustness where every clean image is wrong, and all else', async () => {
    const given = await test(20);
    const { pixels, labels } = (await given.read(0, 20)) as { pixels: Float32Array; labels: Int32Array };
    const { logits = new Float32Array(0) } = await model().forward({ n: 20, pixels });
    const wrong = labels.map((_, i) => {
      const row = logits.subarray(i * 3, i * 3 + 3);
      return row.indexOf(Math.min(...row));
    });
    const bare = model();
    const outcome = await runSuite(jem, {
      systems: [bare, new NoisySystem(bare, { std: 1e-6 }, 'jem-noisy'), purified(bare, 0)],
      datasets: [memoryDataset({ images: imagesOf(pixels), labels: [...wrong] })],
      options: { ...options, interpolated: undefined },
    });
    const robust = { quantity: 'robust-accuracy', epsilon: '0.1' };
    expect(measureOf(outcome, 'as-published', robust).value).toBeNull();
    expect(measureOf(outcome, 'as-it-should-be', robust).value).toBe(0);
    const skipped = { ...robust, deviation: 'clean-errors-skipped' };
    expect(measureOf(outcome, 'deviation', skipped).value).toBeNull();
    const panel = outcome.summary.tables?.find(({ id }) => id === 'jem-deviations-all');
    expect(panel?.rows.some((row) => row.with === null)).toBe(true);
  });

  it('says that gradients pass the sampler only where they do', () => {
    const bare = model().info;
    const able = { info: { ...bare, offers: [...bare.offers, 'hessianProduct' as const] } };
    const warned = (steps: number, gradient: 'straight-through' | 'full') => {
      const system = describePurified(able, able, { ...chain, ...attacked, steps, gradient }, 'refined');
      const cast = { model: bare, refined: [{ system }], test: { name: 'test' } };
      return jemWarnings('jem', cast as never, [], { steps: 40, searches: 20, examples: 300 } as never, []);
    };
    expect(warned(3, 'straight-through')).toMatchObject([{ code: 'purification-upper-bound' }]);
    expect(warned(3, 'full')).toEqual([]);
    expect(warned(0, 'straight-through')).toEqual([]);
  });

  it('finds that noise is worth nothing where there is next to none', async () => {
    const still = await runSuite(jem, { ...(await given(1e-9)), options: { ...options, refined: [] } });
    expect(measureOf(still, 'deviation', { quantity: 'accuracy' }).value).toBe(0);
    expect(measureOf(still, 'deviation', { quantity: 'auroc', score: 'log-px', against: 'far' }).value).toBe(
      0,
    );
  });

  it.each([
    [{ published: 'jem-noise' }, 'jem.published'],
    [{ refined: [{ system: 'jem-9' }] }, 'jem.refined[0].system'],
    [{ interpolated: { published: 'mixed', plain: 'mixd' } }, 'jem.interpolated.plain'],
  ])('refuses %j, which names nothing', async (wrong, path) => {
    const run = await given(0.1);
    await expect(runSuite(jem, { ...run, options: { ...options, ...wrong } })).rejects.toMatchObject({
      code: 'unknown-name',
      details: { path },
    });
  });
});
