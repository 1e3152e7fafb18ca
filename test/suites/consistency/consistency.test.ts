import { describe, expect, it } from 'vitest';
import { check } from '../../../src/config/validate.js';
import type { DatasetInfo } from '../../../src/data/dataset.js';
import { NotFinite } from '../../../src/models/finite.js';
import type { Batch } from '../../../src/models/system.js';
import { stream } from '../../../src/random/stream.js';
import { summariseSuite } from '../../../src/runs/concluding/summarise.js';
import { execute } from '../../../src/runs/measuring/execute.js';
import { inProcess } from '../../../src/runs/measuring/executor.js';
import { planRun } from '../../../src/runs/plan/plan.js';
import { FolderStore } from '../../../src/runs/units/store.js';
import { builtinCatalogue } from '../../../src/suites/catalogue.js';
import { optionsOf, type Suite } from '../../../src/suites/contract.js';
import { accuracy } from '../../../suites/accuracy/index.js';
import { consistency } from '../../../suites/consistency/index.js';
import type { ConsistencyResult } from '../../../suites/consistency/result.js';
import { consistencyTable } from '../../../suites/consistency/views.js';
import { entryOf, evaluationOf, folder } from '../../runs/small-run.js';
import { linearSystem } from '../helpers/linear-system.js';
import { memoryDataset } from '../helpers/memory-dataset.js';
import { codes, measureOf, runSuite, sheetOf } from '../helpers/run-suite.js';

const SHAPE = [1, 2, 2] as const;
/** Grey: brighter than t is class 1. */
const threshold = (name: string, t: number) =>
  linearSystem({
    name,
    weights: [
      [0, 0, 0, 0],
      [1, 1, 1, 1],
    ],
    bias: [0, -4 * t],
    shape: SHAPE,
  });
const flat = (grey: number) => [grey, grey, grey, grey];
const run = (greys: number[], systems = [threshold('half', 0.5)], options: object = {}) =>
  runSuite(consistency, {
    systems,
    datasets: [memoryDataset({ images: greys.map(flat), shape: SHAPE })],
    options: { sequences: ['brightness'], frames: 4, resamples: 100, ...options },
  });

describe('the suite consistency', () => {
  it('counts flips of frames that follow each other', async () => {
    // Frames add -0.15, -0.05, 0.05, 0.15: 0.52 crosses 0.5 once, the others never.
    const outcome = await run([0.1, 0.52, 0.9]);
    expect(sheetOf(outcome).map(({ flips, steady }) => [Number(flips), steady])).toEqual([
      [0, true],
      [1 / 3, false],
      [0, true],
    ]);
    expect(measureOf(outcome, 'flip-probability').value).toBeCloseTo(1 / 9, 12);
    expect(measureOf(outcome, 'mean-flip-probability').value).toBeCloseTo(1 / 9, 12);
    expect(measureOf(outcome, 'steady-share').value).toBeCloseTo(2 / 3, 12);
    expect(outcome.summary.tables?.[0]?.rows[0]?.most).toBe(1);
  });

  it('finds the most changes among as many images as test sets have', () => {
    const changes = new Int32Array(300_000).fill(1, 7, 8);
    const none = { value: 0, n: changes.length };
    const result = {
      flips: { system: { name: 'half' }, n: changes.length, sequences: ['rotate'], changes },
      ...{ each: [none], mean: none, steady: none },
    } as unknown as ConsistencyResult;
    const table = consistencyTable({ name: 'large' } as DatasetInfo, [result]);
    expect(table.rows[0]!.most).toBe(1);
  });

  it('compares noise with the image itself, so that a flip back is no flip', async () => {
    const grey = 0.501;
    const frames = 6;
    const outcome = await run([grey], undefined, { sequences: ['gaussian-noise'], frames });
    let flips = 0;
    for (let step = 1; step < frames; step++) {
      const noise = new Float64Array(4);
      stream({ seed: 0, purpose: 'sequence/gaussian-noise', example: 0, step }).normals(noise);
      if (noise.reduce((sum, z) => sum + Math.fround(Math.fround(grey) + 0.04 * z), 0) <= 2) flips++;
    }
    expect(flips).toBeGreaterThan(0);
    expect(measureOf(outcome, 'flip-probability').value).toBeCloseTo(flips / (frames - 1), 12);
  });

  it('divides by the flips of a reference', async () => {
    const greys = [0.42, 0.48, 0.52, 0.58, 0.3, 0.66];
    const systems = [threshold('half', 0.5), threshold('dark', 0.35)];
    const outcome = await run(greys, systems, { reference: 'dark' });
    const of = (model: string) => measureOf(outcome, 'flip-probability', { model }).value ?? Number.NaN;
    expect(measureOf(outcome, 'mean-flip-rate', { model: 'half' }).value).toBeCloseTo(
      of('half') / of('dark'),
      12,
    );
    expect(measureOf(outcome, 'mean-flip-rate', { model: 'dark' }).interval).toBeNull();
    const steady = await run(greys, [...systems, threshold('never', 3)], { reference: 'never' });
    expect(measureOf(steady, 'mean-flip-rate', { model: 'half' }).value).toBeNull();
    expect(codes(steady)).toContain('reference-without-errors');
  });

  it('says why there is no mFR where examples failed for one model alone', async () => {
    const half = threshold('half', 0.5);
    /** Black is a frame of the first and fourth image alone, and of brightness alone. */
    const afraid = {
      ...threshold('afraid', 0.4),
      async forward(batch: Batch) {
        if (batch.pixels.includes(0)) throw new NotFinite('a logit is NaN');
        return half.forward(batch);
      },
    };
    const greys = [...[0.1, 0.52, 0.9, 0.05, 0.45].entries()];
    const measured = async (of: typeof greys) => {
      const images = of.map(([, grey]) => flat(grey));
      const dataset = memoryDataset({ images, indices: of.map(([i]) => i), shape: SHAPE });
      const evaluation = evaluationOf([half, afraid], [dataset]);
      const options = { sequences: ['rotate', 'brightness'], frames: 4, reference: 'half', resamples: 100 };
      const given = check(optionsOf(consistency, builtinCatalogue), options, { what: 'options' });
      const plan = planRun([entryOf(consistency as Suite, given)], evaluation);
      const store = await FolderStore.open(folder());
      const signal = new AbortController().signal;
      const done = await execute(plan.jobs, {
        ...evaluation,
        store,
        executor: inProcess({ ...evaluation, store }),
        signal,
        notify: () => undefined,
      });
      const { summary, errors } = await summariseSuite(plan.suites[0]!, store, done);
      expect(errors).toEqual([]);
      const { measures, examples = [], notApplicable = [] } = summary;
      const rows = [...(examples.find(({ name }) => name === 'consistency')?.rows ?? [])];
      return {
        values: measures.filter(({ model, params }) => model === 'afraid' && params?.reference === undefined),
        rows: rows.filter(([model]) => model === 'afraid').map(([, , index, , flips]) => [index, flips]),
        lacking: notApplicable.map(({ model, what, reason }) => [model, what, reason]),
      };
    };
    const [some, sound] = [await measured(greys), await measured(greys.filter(([, grey]) => grey > 0.15))];
    expect(some.rows).toEqual([
      [1, `0 ${1 / 3}`],
      [2, '0 0'],
      [4, `0 ${1 / 3}`],
    ]);
    expect(some.rows).toEqual(sound.rows);
    const own = some.values.filter(({ measure }) => measure !== 'failed-examples');
    expect(own).toEqual(sound.values.filter(({ measure }) => measure !== 'failed-examples'));
    expect(some.lacking).toContainEqual([
      'afraid',
      'mFR on test',
      'some examples failed for "half" or for "afraid" alone',
    ]);
    expect(sound.lacking).toEqual([]);
  });

  it('keeps intervals of shares within [0, 1]', async () => {
    const outcome = await run([0.1, 0.52, 0.9]);
    const { value, interval } = measureOf(outcome, 'mean-flip-probability');
    expect(value).toBeCloseTo(1 / 9, 12);
    expect(interval?.[0]).toBe(0);
    expect(interval?.[1]).toBeGreaterThan(0.5);
  });

  it('refuses a reference that there is not, and a sequence that there is not', async () => {
    await expect(run([0.5], undefined, { reference: 'haf' })).rejects.toMatchObject({ code: 'unknown-name' });
    await expect(run([0.5], undefined, { sequences: ['tilt'] })).rejects.toMatchObject({
      code: expect.any(String),
    });
  });
});

describe('published sequences', () => {
  /** Of each image three frames of noise and four of a rotation, by how bright they are. */
  const sequences = [
    { name: 'shot-noise', frames: 3 },
    { name: 'rotate', frames: 4 },
  ];
  const frames = [
    [0.6, 0.4, 0.4, 0.4, 0.6, 0.6, 0.4],
    [0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6],
    [0.4, 0.6, 0.4, 0.4, 0.6, 0.4, 0.6],
  ];
  const published = (images: readonly number[][], more: Partial<DatasetInfo> & { indices?: number[] } = {}) =>
    memoryDataset({ images: images.flat().map(flat), shape: SHAPE, name: 'frames', sequences, ...more });
  const measured = (dataset: ReturnType<typeof published>, systems = [threshold('half', 0.5)], more = {}) =>
    runSuite(consistency, { systems, datasets: [dataset], options: { resamples: 100, ...more } });

  /** As the code of ImageNet-P and of those who measured CIFAR-10-P: `flip_prob`, mean over images of the mean of flips. */
  const flipProbability = (predictions: readonly boolean[][], noise: boolean) => {
    let result = 0;
    for (const video of predictions) {
      let before = video[0];
      const flips: number[] = [];
      for (const own of video.slice(1)) {
        flips.push(own === before ? 0 : 1);
        if (!noise) before = own;
      }
      result += flips.reduce((a, b) => a + b, 0) / flips.length / predictions.length;
    }
    return result;
  };

  it('have the flip probability of the published code, noise against the first frame', async () => {
    const outcome = await measured(published(frames));
    const bright = frames.map((image) => image.map((grey) => grey > 0.5));
    const [noise, rotate] = [
      flipProbability(
        bright.map((image) => image.slice(0, 3)),
        true,
      ),
      flipProbability(
        bright.map((image) => image.slice(3)),
        false,
      ),
    ];
    expect(noise).toBeCloseTo((1 + 0 + 1 / 2) / 3, 12);
    expect(rotate).toBeCloseTo((2 / 3 + 0 + 1) / 3, 12);
    const of = (sequence: string) => measureOf(outcome, 'flip-probability', { sequence });
    expect(of('shot-noise').value).toBeCloseTo(noise, 12);
    expect(of('shot-noise').params).toEqual({ sequence: 'shot-noise', images: 'published files' });
    expect(of('rotate').value).toBeCloseTo(rotate, 12);
    expect(measureOf(outcome, 'mean-flip-probability').value).toBeCloseTo((noise + rotate) / 2, 12);
    expect(measureOf(outcome, 'mean-flip-probability').n).toBe(3);
    expect(sheetOf(outcome).map(({ index, steady }) => [index, steady])).toEqual([
      [0, false],
      [7, true],
      [14, false],
    ]);
    const [table] = outcome.summary.tables ?? [];
    expect(table?.caption).toMatch(
      /3 images, published sequences, of so many frames: shot-noise 3, rotate 4/,
    );
  });

  it('divide by the flips of a reference, sequence by sequence', async () => {
    const outcome = await measured(published(frames), [threshold('half', 0.5), threshold('dark', 0.1)], {
      reference: 'half',
    });
    expect(measureOf(outcome, 'mean-flip-rate', { model: 'dark' }).value).toBe(0);
    expect(measureOf(outcome, 'flip-rate', { model: 'half', sequence: 'rotate' }).value).toBe(1);
  });

  it('count images of which all frames are there, and the first ones that are asked for', async () => {
    const whole = await measured(published([frames[0]!, frames[2]!]));
    const indices = [
      ...Array(7).keys(),
      8,
      9,
      10,
      11,
      12,
      13,
      ...Array.from({ length: 7 }, (_, i) => 14 + i),
    ];
    const cut = await measured(published([frames[0]!, frames[1]!.slice(1), frames[2]!], { indices }));
    expect(sheetOf(cut).map(({ index }) => index)).toEqual([0, 14]);
    for (const measure of ['mean-flip-probability', 'steady-share'])
      expect(measureOf(cut, measure).value).toBe(measureOf(whole, measure).value);
    const first = await measured(published(frames), undefined, { examples: 2 });
    expect(sheetOf(first).map(({ index }) => index)).toEqual([0, 7]);
  });

  it('are few where few images are used, however many frames these have', async () => {
    const told = async (n: number, more = {}) => {
      const images = Array.from({ length: n }, (_, i) => frames[i % 3]!);
      const { summary } = await measured(published(images), undefined, more);
      return summary.warnings?.flatMap(({ code, message }) => (code === 'few-examples' ? [message] : []));
    };
    expect(await told(99)).toEqual(['"frames" has 99 examples']);
    expect(await told(100)).toEqual([]);
    expect(await told(100, { examples: 5 })).toEqual(['5 of the 100 examples of "frames" were used']);
  });

  it('are shown to suites that read them, and to others where these name them', () => {
    const seen = (datasets?: string[]) => {
      const entry = { ...entryOf(accuracy as unknown as Suite, {}), ...(datasets && { datasets }) };
      const { suites } = planRun([entry], evaluationOf([threshold('half', 0.5)], [published(frames)]));
      const { context, notApplicable } = suites[0]!;
      return [context.datasets.map(({ name }) => name), notApplicable.map(({ reason }) => reason)];
    };
    expect(seen()).toEqual([[], ['"frames" holds sequences of frames, which the suite `consistency` reads']]);
    expect(seen(['frames'])).toEqual([['frames'], []]);
  });
});
