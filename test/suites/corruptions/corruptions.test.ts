import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { check } from '../../../src/config/validate.js';
import { corrupted, drawsFor } from '../../../src/data/corruptions/corrupted.js';
import { corruptions as rows } from '../../../src/data/corruptions/registry.js';
import { binSums, equalWidth } from '../../../src/metrics/calibration/binning.js';
import { ece } from '../../../src/metrics/calibration/calibration.js';
import { compareScores } from '../../../src/metrics/ranking/ranking.js';
import { NotFinite } from '../../../src/models/finite.js';
import type { Batch } from '../../../src/models/system.js';
import { stream } from '../../../src/random/stream.js';
import { summariseSuite } from '../../../src/runs/concluding/summarise.js';
import { execute } from '../../../src/runs/measuring/execute.js';
import { inProcess } from '../../../src/runs/measuring/executor.js';
import { planRun } from '../../../src/runs/plan/plan.js';
import { FolderStore } from '../../../src/runs/units/store.js';
import { builtinCatalogue } from '../../../src/suites/catalogue.js';
import { optionsOf, type Suite, type Summary } from '../../../src/suites/contract.js';
import { corruptions } from '../../../suites/corruptions/index.js';
import { entryOf, evaluationOf, folder } from '../../runs/small-run.js';
import { linearSystem } from '../helpers/linear-system.js';
import { memoryDataset } from '../helpers/memory-dataset.js';
import { codes, measureOf, type Outcome, runSuite } from '../helpers/run-suite.js';

const SHAPE = [1, 4, 4] as const;
const SIZE = 16;
const N = 24;
/** Grey images; the left half is bright in class 0, the right one in class 1. */
const images = Array.from({ length: N }, (_, i) => {
  const draws = stream({ seed: 3, purpose: 'images', example: i });
  return Array.from({ length: SIZE }, (_, p) => {
    const bright = p % 4 < 2 === (i % 2 === 0) ? 0.12 : 0;
    return Math.floor(255 * (0.3 + 0.4 * draws.uniform() + bright)) / 255;
  });
});
const labels = images.map((_, i) => i % 2);
const dataset = memoryDataset({ images, labels, shape: SHAPE });
const halves = (gain: number, tilt = 0) => [
  Array.from({ length: SIZE }, (_, p) => (p % 4 < 2 ? gain : tilt)),
  Array.from({ length: SIZE }, (_, p) => (p % 4 < 2 ? tilt : gain)),
];
const sharp = linearSystem({ name: 'sharp', weights: halves(3), shape: SHAPE });
/** It looks at one column of each half, and leans to one class as images get brighter. */
const weak = linearSystem({
  name: 'weak',
  weights: [0, 1].map((k) => Array.from({ length: SIZE }, (_, p) => (p % 4 === 3 * k ? 3 - k : 0))),
  bias: [0, 0.3],
  shape: SHAPE,
});
const options = {
  corruptions: ['gaussian-noise', 'brightness', 'contrast'],
  severities: [2, 5],
  resamples: 100,
};

const seen = (name: string, severity: 2 | 5, i: number): Float32Array => {
  const row = rows.named(name);
  const setting = { severity, parameters: 'cifar' as const };
  const draws = stream({ seed: 0, purpose: `corrupt/${drawsFor(row, setting)}`, example: i });
  return corrupted(row, Float32Array.from(images[i]!), SHAPE, setting, draws);
};

/** What a linear model says of an image, by hand. */
function said(system: typeof sharp, image: ArrayLike<number>) {
  const [weights, bias] = JSON.parse(system.info.identity) as [number[][], number[]];
  const logits = weights.map((row, k) =>
    Math.fround(row.reduce((sum, w, p) => sum + w * image[p]!, bias[k]!)),
  );
  const most = Math.max(...logits);
  const total = logits.reduce((sum, z) => sum + Math.exp(z - most), 0);
  return { predicted: logits.indexOf(most), confidence: 1 / total, logPx: most + Math.log(total) };
}

const SETTINGS = options.corruptions.flatMap((name) =>
  ([2, 5] as const).map((severity) => ({ name, severity })),
);
const found = (system: typeof sharp) =>
  SETTINGS.map(({ name, severity }) => images.map((_, i) => said(system, seen(name, severity, i))));
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
const error = (answers: readonly { predicted: number }[]) =>
  mean(answers.map(({ predicted }, i) => (predicted === labels[i] ? 0 : 1)));

const value = (outcome: Outcome, measure: string, where: Record<string, string | number>) =>
  measureOf(outcome, measure, where).value ?? Number.NaN;
const run = (more: object = {}, systems = [sharp, weak]) =>
  runSuite(corruptions, { systems, datasets: [dataset], options: { ...options, ...more } });

describe('the suite corruptions', () => {
  it('gives of every setting and mean what the definitions say', async () => {
    const outcome = await run();
    for (const system of [sharp, weak]) {
      const model = system.info.name;
      const all = found(system);
      const clean = images.map((image) => said(system, image));
      const gaps = all.map((answers) => {
        const confidence = Float64Array.from(answers, (answer) => answer.confidence);
        const correct = Uint8Array.from(answers, ({ predicted }, i) => (predicted === labels[i] ? 1 : 0));
        return ece(binSums(equalWidth(confidence, 15), confidence, correct));
      });
      const shifts = all.map((answers) => mean(answers.map(({ logPx }, i) => logPx - clean[i]!.logPx)));
      const aurocs = all.map(
        (answers) =>
          compareScores(
            clean.map(({ logPx }) => Math.fround(logPx)),
            answers.map(({ logPx }) => Math.fround(logPx)),
          ).auroc,
      );
      SETTINGS.forEach(({ name: corruption, severity }, k) => {
        const at = { model, corruption, severity };
        expect(value(outcome, 'corrupted-accuracy', at)).toBeCloseTo(1 - error(all[k]!), 12);
        expect(value(outcome, 'corrupted-ece', at)).toBeCloseTo(gaps[k]!, 6);
        expect(value(outcome, 'log-px-shift', at)).toBeCloseTo(shifts[k]!, 5);
        expect(value(outcome, 'corruption-auroc', { ...at, score: 'log-px' })).toBeCloseTo(aurocs[k]!, 12);
      });
      const over = { model, averaged: 'all' };
      expect(value(outcome, 'mean-corrupted-accuracy', over)).toBeCloseTo(1 - mean(all.map(error)), 12);
      expect(value(outcome, 'mean-corrupted-ece', over)).toBeCloseTo(mean(gaps), 6);
      expect(value(outcome, 'mean-log-px-shift', over)).toBeCloseTo(mean(shifts), 5);
      expect(value(outcome, 'mean-corruption-auroc', { ...over, score: 'log-px' })).toBeCloseTo(
        mean(aurocs),
        12,
      );
      // By severity and by corruption.
      const strong = all.filter((_, k) => SETTINGS[k]!.severity === 5);
      expect(
        value(outcome, 'mean-corrupted-accuracy', { model, averaged: 'severity', severity: 5 }),
      ).toBeCloseTo(1 - mean(strong.map(error)), 12);
      expect(
        value(outcome, 'mean-corrupted-accuracy', { model, averaged: 'corruption', corruption: 'contrast' }),
      ).toBeCloseTo(1 - mean(all.slice(4).map(error)), 12);
    }
  });

  it('divides errors under each corruption by those of the reference: mCE and relative mCE', async () => {
    const outcome = await run({ reference: 'weak' });
    const [own, other] = [found(sharp).map(error), found(weak).map(error)];
    const [cleanOwn, cleanOther] = [sharp, weak].map((system) =>
      error(images.map((image) => said(system, image))),
    ) as [number, number];
    const at = (errors: number[], c: number) => errors[2 * c]! + errors[2 * c + 1]!;
    const pairs = [0, 1, 2].map((c) => [at(own, c), at(other, c)] as const);
    const where = { model: 'sharp', reference: 'weak' };
    expect(value(outcome, 'mean-corruption-error', where)).toBeCloseTo(
      mean(pairs.map(([a, b]) => a / b)),
      12,
    );
    expect(value(outcome, 'relative-mean-corruption-error', where)).toBeCloseTo(
      mean(pairs.map(([a, b]) => (a - 2 * cleanOwn) / (b - 2 * cleanOther))),
      12,
    );
    // A model against itself: 1 in every resample.
    const itself = measureOf(outcome, 'mean-corruption-error', { model: 'weak' });
    expect(itself).toMatchObject({ value: 1, interval: null, note: expect.stringMatching(/resample/) });
  });

  it('says where mCE is not defined, and which settings tell nothing', async () => {
    const perfect = linearSystem({
      name: 'perfect',
      weights: halves(0.01),
      shape: SHAPE,
    });
    const easy = memoryDataset({
      images: labels.map((label) =>
        Array.from({ length: SIZE }, (_, p) => (p % 4 < 2 === (label === 0) ? 1 : 0)),
      ),
      labels,
      shape: SHAPE,
    });
    const outcome = await runSuite(corruptions, {
      systems: [perfect],
      datasets: [easy],
      options: { ...options, reference: 'perfect' },
    });
    const { value: mce, note } = measureOf(outcome, 'mean-corruption-error', {});
    expect(mce).toBeNull();
    expect(note).toContain('perfect makes no more mistakes');
    expect(codes(outcome)).toEqual(['corruptions-in-part', 'few-examples', 'reference-without-errors']);
    const chance = await run({}, [linearSystem({ name: 'blind', weights: halves(0, 0), shape: SHAPE })]);
    expect(codes(chance)).toContain('accuracy-at-chance');
  });

  it('refuses a reference that does not exist, and tells of what images and systems cannot have', async () => {
    await expect(run({ reference: 'shrap' })).rejects.toMatchObject({
      code: 'unknown-name',
      details: { hint: expect.stringContaining('sharp') },
    });
    await expect(run({ severities: [7] })).rejects.toMatchObject({ code: 'config-invalid' });
    await expect(run({ corruptions: ['fogg'] })).rejects.toMatchObject({ code: expect.any(String) });
    const outcome = await run({ reference: 'alexnet' }, [
      linearSystem({
        name: 'plain',
        weights: halves(1),
        shape: SHAPE,
        offers: ['logits'],
        lacks: { logPx: 'none' },
      }),
    ]);
    expect(outcome.summary.notApplicable?.map(({ what, reason }) => [what, reason])).toEqual([
      ['log p(x)', expect.stringContaining('needs')],
      ['mCE on test', expect.stringContaining('parameters imagenet')],
    ]);
    expect(outcome.summary.measures.some(({ measure }) => measure.includes('shift'))).toBe(false);
    const without = await runSuite(corruptions, {
      systems: [sharp],
      datasets: [memoryDataset({ images, shape: SHAPE })],
      options,
    });
    expect(without.requests).toEqual([]);
    expect(without.summary.notApplicable?.[0]?.reason).toContain('no labels');
  });

  it('does not depend on batches, and is the same for the first images as for them alone', async () => {
    const strip = ({ summary }: Outcome) =>
      summary.measures.map(({ measure, params, value: v }) => [measure, params, v]);
    const whole = await run();
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 9 }), async (chunk) => {
        const again = await runSuite(corruptions, {
          systems: [sharp, weak],
          datasets: [dataset],
          options,
          chunk,
        });
        expect(strip(again)).toEqual(strip(whole));
      }),
      { numRuns: 2 },
    );
    const first = await run({ examples: 10 });
    const alone = await runSuite(corruptions, {
      systems: [sharp, weak],
      datasets: [memoryDataset({ images: images.slice(0, 10), labels: labels.slice(0, 10), shape: SHAPE })],
      options,
    });
    expect(strip(first)).toEqual(strip(alone));
  });

  it('takes published images where the run has them: a set for a severity, or one for all five', async () => {
    const own = (name: string, severity: 2 | 5) => images.map((_, i) => [...seen(name, severity, i)]);
    const fog = { name: 'contrast', severity: 5 };
    const of = (more: object, pictures: number[][], from: number) =>
      memoryDataset({
        ...{ images: pictures, labels: pictures.map((_, i) => i % 2), shape: SHAPE, ...more },
        indices: pictures.map((_, i) => from + i),
      });
    const alone = of({ name: 'contrast-5', corruption: fog }, own('contrast', 5), 4 * N);
    const all = of(
      { name: 'brightness-c', corruption: { name: 'brightness' } },
      [1, 2, 3, 4, 5].flatMap((severity) => own('brightness', severity === 2 ? 2 : 5)),
      0,
    );
    const given = { systems: [sharp, weak], options };
    const outcome = await runSuite(corruptions, { ...given, datasets: [dataset, alone, all] });
    const made = await run();
    const values = ({ summary }: Outcome) => summary.measures.map(({ measure, value: v }) => [measure, v]);
    expect(values(outcome)).toEqual(values(made));
    const images5 = (corruption: string, severity: number) =>
      measureOf(outcome, 'corrupted-accuracy', { model: 'weak', corruption, severity }).params.images;
    expect([images5('contrast', 5), images5('contrast', 2), images5('brightness', 2)]).toEqual([
      'published files',
      'CIFAR-C-like, made in process',
      'published files',
    ]);
    expect(
      measureOf(outcome, 'mean-corrupted-accuracy', { model: 'weak', averaged: 'all' }).params.images,
    ).toBe('3 of 6 settings from published files');
    expect(
      outcome.requests.some(
        ({ measurement, dataset: on }) => measurement.name === 'corrupted' && on !== 'test',
      ),
    ).toBe(false);
    expect(codes(outcome)).toContain('published-images-in-part');
    expect(codes(outcome)).not.toContain('published-images-unused');
    expect(outcome.summary.notApplicable?.map(({ what }) => what)).not.toContain('contrast-5');
    const few = await runSuite(corruptions, {
      ...given,
      options: { ...options, examples: 5 },
      datasets: [dataset, alone, all],
    });
    expect(values(few)).toEqual(values(await run({ examples: 5 })));
    const firsts = few.requests.flatMap(({ dataset: on, first }) =>
      on === 'test' ? [] : [`${on} ${first}`],
    );
    expect(new Set(firsts)).toEqual(
      new Set(['contrast-5 5', `brightness-c ${N + 5}`, `brightness-c ${4 * N + 5}`]),
    );
    const shifted = memoryDataset({
      ...{ images: own('contrast', 5), labels: labels.map((label) => 1 - label), shape: SHAPE },
      ...{ name: 'other', corruption: fog },
    });
    await expect(runSuite(corruptions, { ...given, datasets: [dataset, shifted] })).rejects.toMatchObject({
      code: 'data-invalid',
      details: { found: 'image 0 has another label' },
    });
  });

  it('leaves what failed in one setting out of all, and says how many', async () => {
    // A pixel that no other image has; what failed are the first and third of the clean images and two published ones.
    const broken = (pictures: readonly number[][], at: readonly number[]) =>
      pictures.map((image, i) => (at.includes(i) ? [0.987, ...image.slice(1)] : image));
    const refusing = {
      ...sharp,
      async forward(batch: Batch) {
        for (let i = 0; i < batch.n; i++)
          if (Math.abs(batch.pixels[i * SIZE]! - 0.987) < 1e-6) throw new NotFinite('a logit is NaN');
        return sharp.forward(batch);
      },
    };
    const few = { ...options, severities: [5] };
    const dark = images.map((_, i) => [...seen('contrast', 5, i)]);
    const fog = [1, 2, 3, 4, 5].flatMap(() => images.map((_, i) => [...seen('brightness', 5, i)]));
    /** Sets as they are, or only with images that no setting fails for. */
    const measured = async (failing: boolean) => {
      const lost = [0, 2, 5, N - 1];
      const of = (pictures: number[][], more: object, first: number, at: readonly number[]) => {
        const all = [...(failing ? broken(pictures, at) : pictures).entries()];
        const kept = failing ? all : all.filter(([i]) => !lost.includes(i % N));
        return memoryDataset({
          ...{ images: kept.map(([, image]) => image), labels: kept.map(([i]) => i % 2), shape: SHAPE },
          ...{ ...more, indices: kept.map(([i]) => first + i) },
        });
      };
      const datasets = [
        of(images, {}, 0, [0, 2]),
        of(dark, { name: 'contrast-5', corruption: { name: 'contrast', severity: 5 } }, 4 * N, [N - 1]),
        of(fog, { name: 'brightness-c', corruption: { name: 'brightness' } }, 0, [4 * N + 5]),
      ];
      const evaluation = evaluationOf([refusing], datasets);
      const given = check(optionsOf(corruptions, builtinCatalogue), few, { what: 'options' });
      const plan = planRun([entryOf(corruptions as Suite, given)], evaluation);
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
      return summary;
    };
    const [some, sound] = [await measured(true), await measured(false)];
    const own = ({ measures }: Summary) => measures.filter(({ measure }) => measure !== 'failed-examples');
    expect(own(some)).toEqual(own(sound));
    expect(new Set(own(some).map(({ n }) => n))).toEqual(new Set([N - 4]));
    const told = ({ warnings }: Summary) => warnings?.find(({ code }) => code === 'failed-in-a-setting');
    expect(told(some)?.message).toContain(`4 of ${N} images of "test" failed for "sharp" in some setting`);
    expect(told(sound)).toBeUndefined();
  });

  it('says where published images are not used', async () => {
    const some = memoryDataset({
      ...{ images: images.slice(3), labels: labels.slice(3), shape: SHAPE },
      ...{ name: 'some', corruption: { name: 'contrast', severity: 5 } },
    });
    const outcome = await runSuite(corruptions, { systems: [sharp], options, datasets: [dataset, some] });
    const warning = outcome.summary.warnings?.find(({ code }) => code === 'published-images-unused');
    expect(warning).toMatchObject({
      dataset: 'some',
      message: expect.stringMatching(/contrast.*"some" \(21\).*"test" \(24\)/),
    });
  });

  it('keeps what is held out of the means', async () => {
    expect([...rows].filter(({ category }) => category === 'extra').length % 4).toBe(0);
    const outcome = await run();
    const settings = outcome.summary.tables?.find(({ id }) => id === 'settings-test')?.rows ?? [];
    expect(settings.map(({ at, model }) => [at, model]).slice(0, 7)).toEqual([
      ...[0, 1, 2, 3, 4, 5].map((at) => [at, 'sharp']),
      [0, 'weak'],
    ]);
  });
});
