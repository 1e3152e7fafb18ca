import { describe, expect, it } from 'vitest';
import { placeInBuffer } from '../../../src/measurements.js';
import { frechetDistance } from '../../../src/metrics/samples/frechet.js';
import { inceptionScore } from '../../../src/metrics/samples/inception-score.js';
import { momentsOf } from '../../../src/metrics/samples/moments.js';
import { quantile } from '../../../src/metrics.js';
import type { System } from '../../../src/models/system.js';
import { samples } from '../../../suites/samples/index.js';
import { sampleSet } from '../../../suites/samples/result.js';
import { sharesOf } from '../../../suites/samples/shares.js';
import { setWarnings } from '../../../suites/samples/warnings.js';
import { type AnalyticOptions, analyticSystem } from '../../attacks/helpers/analytic-system.js';
import { linearSystem } from '../helpers/linear-system.js';
import { memoryDataset } from '../helpers/memory-dataset.js';
import { codes, measureOf, type Outcome, runSuite, sheetOf } from '../helpers/run-suite.js';

const SHAPE = [1, 2, 2] as const;
const WEIGHTS = [
  [3, -1, 2, 0.5],
  [-1, 2, -0.5, 1.5],
  [0.5, 0.5, -2, -1],
];

/** Its features are the pixels. */
const featured = (system: System): System => ({
  ...system,
  info: { ...system.info, offers: [...system.info.offers, 'features'], featureWidth: 4 },
  async evaluate(batch, wanted, loss) {
    const found = await system.evaluate(batch, wanted, loss);
    return {
      ...found,
      values: { ...found.values, ...(wanted.includes('features') && { features: batch.pixels }) },
    };
  },
});

const jem = (more: Partial<AnalyticOptions> = {}) =>
  analyticSystem({ name: 'jem', shape: SHAPE, weights: WEIGHTS, squash: 2, ...more });
const other = featured(
  analyticSystem({ name: 'other', shape: SHAPE, weights: WEIGHTS.map((row) => row.map((w) => 3 * w)) }),
);

const image = (i: number, s: number) =>
  Array.from({ length: 4 }, (_, k) => 0.5 + 0.5 * Math.sin(1.3 * (i + 1) * (k + 1) + s));
const dataset = (name: string, n: number, role: 'test' | 'train' | 'validation' | 'ood', s: number) =>
  memoryDataset({
    name,
    role,
    shape: SHAPE,
    images: Array.from({ length: n }, (_, i) => image(i, s)),
    labels: Array.from({ length: n }, (_, i) => i % 3),
  });
const sets = [dataset('test', 40, 'test', 0), dataset('train', 60, 'train', 1)];
const options = {
  systems: ['jem'],
  images: 12,
  steps: 8,
  stepSize: 0.05,
  clamp: 'box',
  resamples: 20,
  strips: 2,
  selections: [1, 0.5],
  distal: { images: 6, steps: 6, every: 4, threshold: 0.5 },
};

const drawn = (more: object = {}, systems: readonly System[] = [jem(), other], rest: object = {}) =>
  runSuite(samples, { systems, datasets: sets, options: { ...options, ...more }, ...rest });

/** With the options above: most tests look at the same samples. */
let shared: Promise<Outcome> | undefined;
const usual = () => {
  shared ??= drawn();
  return shared;
};

const rowsOf = (outcome: Outcome, set: string) => sheetOf(outcome).filter((row) => row.samples === set);
const pixelsOf = ({ summary }: Outcome, set: string) =>
  summary.arrays?.find(({ name }) => name.startsWith(`samples-${set}`))?.array ?? { shape: [0], data: [] };

describe('the suite samples', () => {
  it('draws the same whatever the batches and the parts', async () => {
    const once = await usual();
    const again = await drawn({}, [jem({ batchSize: 5, concurrency: 1 }), other], { chunk: 5 });
    expect(again.summary.measures).toEqual(once.summary.measures);
    expect(sheetOf(again)).toEqual(sheetOf(once));
  });

  it('climbs the classes in turn, and shows them in their order', async () => {
    const outcome = await usual();
    const rows = rowsOf(outcome, 'conditional');
    expect(rows.map((row) => row.class)).toEqual(rows.map((_, i) => i % 3));
    const grid = outcome.summary.figures?.find(({ id }) => id === 'conditional-jem');
    if (grid?.kind !== 'images') throw new Error('there is no grid');
    expect(grid.rows.map(({ label }) => label)).toEqual(jem().info.classes);
    // Class 1 begins with sample 1, whose first row of pixels begins the picture.
    const { data } = pixelsOf(outcome, 'conditional');
    expect([...Array.from(grid.rows[1]!.cells[0]?.pixels ?? []).slice(0, 2)]).toEqual([...data.slice(4, 6)]);
    expect(outcome.summary.arrays?.map(({ array }) => array.shape)).toEqual([
      [12, ...SHAPE],
      [12, ...SHAPE],
    ]);
  });

  it('shows the images of a line with fewer of them as large as the others', async () => {
    const outcome = await drawn({ images: 11, distal: { images: 0 } });
    const grid = outcome.summary.figures?.find(({ id }) => id === 'conditional-jem');
    if (grid?.kind !== 'images') throw new Error('there is no grid');
    expect(grid.rows.map(({ cells }) => cells[0]?.shape)).toEqual(Array(3).fill([1, 2, 4 * 3 - 1]));
  });

  it('gives the Frechet distance of the features, of all and of the most confident', async () => {
    const outcome = await usual();
    const { data } = pixelsOf(outcome, 'unconditional');
    const real = { n: 60, width: 4, data: Array.from({ length: 60 }, (_, i) => image(i, 1)).flat() };
    const distanceOf = (chosen: readonly number[]) => {
      const features = chosen.flatMap((i) => [...data.slice(4 * i, 4 * i + 4)]);
      return frechetDistance(
        momentsOf({ n: chosen.length, width: 4, data: features }),
        momentsOf({ ...real, data: Float32Array.from(real.data) }),
      );
    };
    const about = { samples: 'unconditional', extractor: 'other' };
    const found = (selection: string) =>
      measureOf(outcome, 'frechet-distance', { ...about, selection, dataset: 'train' }).value;
    expect(found('all')).toBeCloseTo(distanceOf([...Array(12).keys()]), 12);
    const confident = rowsOf(outcome, 'unconditional')
      .map(({ confidence }, i) => ({ confidence: Number(confidence), i }))
      .sort((a, b) => b.confidence - a.confidence)
      .slice(0, 6)
      .map(({ i }) => i)
      .sort((a, b) => a - b);
    expect(found('top 50 % by max p(y|x)')).toBeCloseTo(distanceOf(confident), 12);
    const chosen = rowsOf(outcome, 'unconditional').flatMap((row, i) => (row['top_0.5'] ? [i] : []));
    expect(chosen).toEqual(confident);
  });

  it('gives an inception score that follows from the logits in the sheet', async () => {
    const outcome = await usual();
    const rows = rowsOf(outcome, 'conditional');
    const data = rows.flatMap((row) => String(row.extractor_logits).split(' ').map(Number));
    const { value } = measureOf(outcome, 'inception-score', { samples: 'conditional', selection: 'all' });
    expect(value).toBe(inceptionScore({ n: 12, classes: 3, data })(new Uint8Array(12).fill(1)));
  });

  it('finds the nearest training image of every sample', async () => {
    const outcome = await usual();
    const { data } = pixelsOf(outcome, 'unconditional');
    const train = Array.from({ length: 60 }, (_, i) => Float32Array.from(image(i, 1)));
    for (const [i, row] of rowsOf(outcome, 'unconditional').entries()) {
      const distances = train.map((x) => Math.hypot(...x.map((v, k) => v - data[4 * i + k]!)));
      expect(row.neighbour_distance).toBeCloseTo(Math.min(...distances), 6);
      expect(distances[Number(row.neighbour)]).toBeCloseTo(Math.min(...distances), 6);
    }
    expect(measureOf(outcome, 'nearer-than-real', { samples: 'unconditional' }).dataset).toBe('train');
  });

  it('takes only the numbers of chains from noise: what is real is the test set', async () => {
    const noise = (more: object = {}) =>
      memoryDataset({
        name: 'numbers',
        role: 'ood',
        shape: SHAPE,
        images: Array.from({ length: 50 }, (_, i) => image(i, 2)),
        recipe: { by: 'uniform', like: 'test', options: {} },
        ...more,
      });
    const on = (datasets: typeof sets) => ({ on: 'numbers', images: 50, distal: { images: 0 }, datasets });
    const from = ({ datasets, ...more }: ReturnType<typeof on>) => drawn(more, undefined, { datasets });
    const outcome = await from(on([noise(), ...sets]));
    expect(rowsOf(outcome, 'unconditional')).toHaveLength(50);
    const train = Array.from({ length: 60 }, (_, i) => Float32Array.from(image(i, 1)));
    const ofReal = Float64Array.from({ length: 40 }, (_, i) => {
      const own = Float32Array.from(image(i, 0));
      return Math.min(...train.map((x) => Math.hypot(...x.map((v, k) => v - own[k]!))));
    }).sort();
    const below = quantile(ofReal, 0.05);
    const rows = rowsOf(outcome, 'unconditional');
    expect(rows.map((row) => row.nearer_than_real)).toEqual(
      rows.map((row) => Number(row.neighbour_distance) < below),
    );
    expect(measureOf(outcome, 'nearer-than-real', { samples: 'unconditional' }).title).toContain('of test');
    const about = { samples: 'unconditional', selection: 'all' };
    const untrained = await from(on([noise(), sets[0]!]));
    expect(measureOf(untrained, 'frechet-distance', about).dataset).toBe('test');
    const alone = await from(on([noise()]));
    const names = alone.summary.measures.map(({ measure }) => measure);
    expect(names).toContain('inception-score');
    expect(names).not.toContain('frechet-distance');
    expect(alone.summary.notApplicable?.map(({ what }) => what)).toContain(
      'Frechet distance and kernel distance',
    );
  });

  it('says in its measures how chains ran, and nothing of what was not run', async () => {
    const about = { samples: 'unconditional' };
    expect(measureOf(await usual(), 'sample-log-px', about).params).not.toHaveProperty('clip');
    expect(measureOf(await drawn({ clip: 0.5 }), 'sample-log-px', about).params).toMatchObject({
      ...{ steps: 8, stepSize: 0.05, clip: 0.5 },
    });
  });

  it('says how far chains up p(y|x) came, and when', async () => {
    const outcome = await usual();
    const rows = rowsOf(outcome, 'distal');
    expect(rows.map((row) => row.class)).toEqual([0, 1, 2, 0, 1, 2]);
    for (const row of rows) {
      expect(row.reached).toBe(Number(row.p_class) > 0.5);
      expect([null, 4, 6]).toContain(row.reached_at);
    }
    const reached = rows.filter((row) => row.reached).length;
    expect(measureOf(outcome, 'distal-reached').value).toBe(reached / 6);
    const never = await drawn({ distal: { ...options.distal, threshold: 0.999999 } });
    expect(measureOf(never, 'distal-reached').value).toBe(0);
    expect(measureOf(never, 'distal-steps')).toMatchObject({ value: null, note: 'no chain reached it' });
    expect((await drawn({ distal: { images: 0 } })).summary.measures.map((m) => m.measure)).not.toContain(
      'distal-reached',
    );
  });

  it('looks at the replay buffer of a checkpoint too, as it is', async () => {
    const kept = Float32Array.from({ length: 5 * 4 }, (_, k) => (k % 3 === 0 ? 1.5 : k / 20));
    const system = { ...jem(), info: { ...jem().info, storedChains: 5 }, storedChains: async () => kept };
    const outcome = await drawn({ distal: { images: 0 } }, [system, other]);
    // Spread over the buffer, which may be sorted by class: a few in a row lie all over it.
    const places = [0, 3, 1, 4, 2];
    expect(rowsOf(outcome, 'buffer').map((row) => row.index)).toEqual(places);
    expect([...pixelsOf(outcome, 'buffer').data]).toEqual(
      places.flatMap((place) => [...kept.slice(4 * place, 4 * place + 4)].map((x) => Math.min(1, x))),
    );
    expect(measureOf(outcome, 'frechet-distance', { samples: 'buffer', selection: 'all' }).n).toBe(5);
    expect(measureOf(outcome, 'sample-log-px', { samples: 'buffer' }).params).toEqual({ samples: 'buffer' });
    const fewer = await drawn({ buffer: 3 }, [system, other]);
    expect(fewer.summary.arrays?.at(-1)?.array.shape[0]).toBe(3);
    expect(rowsOf(fewer, 'buffer').map((row) => row.index)).toEqual([0, 3, 1]);
    expect(measureOf(fewer, 'sample-log-px', { samples: 'buffer' }).note).toMatch(/^3 of 5 images/);
    expect(rowsOf(await drawn({ buffer: 0 }, [system, other]), 'buffer')).toEqual([]);
  });

  it('draws unconditional samples only of an energy without classes, and says why', async () => {
    const scalar = linearSystem({
      name: 'jem',
      shape: SHAPE,
      weights: [WEIGHTS[0]!],
      energy: 'output',
      lacks: { logits: 'it is an energy' },
    });
    const outcome = await drawn({}, [scalar, other]);
    expect(new Set(sheetOf(outcome).map((row) => row.samples))).toEqual(new Set(['unconditional']));
    expect(outcome.summary.notApplicable).toEqual([
      {
        suite: 'samples',
        model: 'jem',
        what: 'conditional samples and distal adversarials',
        reason: 'it is an energy',
      },
      {
        suite: 'samples',
        model: 'jem',
        what: 'selections of the most confident samples',
        reason: 'it is an energy',
      },
    ]);
    const unselected = await drawn({ selections: [1] }, [scalar, other]);
    expect(unselected.summary.notApplicable).toHaveLength(1);
    // No p(y|x) to select by.
    const selections = outcome.summary.measures.flatMap(({ params }) => params.selection ?? []);
    expect(new Set(selections)).toEqual(new Set(['all']));
  });

  it.each([
    ['without log p(x)', { offers: ['logits'], lacks: { logPx: 'no energy' } }, 'no energy'],
    ['behind a defence', { stochastic: true }, 'it stands behind a defence: draw from the model itself'],
    ['of another shape', { shape: [1, 1, 4] }, 'the run has no data set of shape [1, 1, 4]'],
  ])('draws nothing from a system %s', async (_, info, reason) => {
    const system = { ...jem(), info: { ...jem().info, ...info } } as System;
    const { summary, requests } = await drawn({}, [system, other]);
    expect(requests).toEqual([]);
    expect(summary.measures).toEqual([]);
    expect(summary.notApplicable).toEqual([{ suite: 'samples', model: 'jem', reason }]);
  });

  it('is warned of by what makes its numbers mean little', async () => {
    const alone = await drawn({ selections: [1] }, [featured(jem())]);
    expect(codes(alone)).toContain('extractor-is-sampler');
    expect(alone.summary.notApplicable?.map(({ what }) => what)).toEqual([
      'class of conditional samples, by another classifier',
    ]);
    const few = await drawn({ images: 4, selections: [1] });
    expect(codes(few)).toEqual(['features-rank-deficient', 'features-rank-deficient']);
    const remedy = ({ summary }: Outcome) =>
      summary.warnings?.find(({ code }) => code === 'features-rank-deficient')?.fix;
    expect(remedy(few)).toMatch(/^it takes more than 4 samples in every selection \(`images`\); or go by/);
    const small = [...sets, dataset('small', 3, 'validation', 3)];
    const short = await drawn({ reference: 'small', selections: [1] }, undefined, { datasets: small });
    expect(remedy(short)).toMatch(/^it takes more than 4 images in "small", or another `reference`; or/);
    // Without noise and with large steps, every chain of a nearly linear energy runs into the same corner.
    const steep = await drawn({ stepSize: 50, noise: 0 }, [jem({ bias: [2, 0, 0] }), other]);
    expect(codes(steep)).toEqual(
      expect.arrayContaining(['samples-collapsed', 'samples-duplicated', 'samples-saturated']),
    );
    expect(measureOf(steep, 'duplicate-samples', { samples: 'unconditional' }).value).toBeGreaterThan(0.9);
  });

  it('is warned of samples that are training images, and not of others', async () => {
    const keeping = (kept: Float32Array) => ({
      ...jem(),
      info: { ...jem().info, storedChains: kept.length / 4 },
      storedChains: async () => kept,
    });
    const bufferOf = (of: (i: number) => number[]) =>
      Float32Array.from(Array.from({ length: 20 }, (_, i) => of(i)).flat());
    const near = async (kept: Float32Array) =>
      (
        await drawn({ neighbours: 'train', selections: [1] }, [keeping(kept), other])
      ).summary.warnings?.filter(
        ({ code, message }) => code === 'samples-near-training' && message.includes('buffer'),
      );
    expect(await near(bufferOf((i) => image(i, 1)))).toHaveLength(1);
    expect(await near(bufferOf((i) => image(i, 0)))).toEqual([]);
  });

  it('has intervals of shares of pixels within [0, 1]', () => {
    const set = { n: 3, apart: [], saturated: Float64Array.of(0, 0, 1) };
    expect(sharesOf(set as never).saturated).toMatchObject({ value: 1 / 3, interval: [0, 1] });
  });

  it('counts samples that failed once, whether as chains or as images that the system was shown', () => {
    const numbers = (values: readonly number[], width = 1) => ({
      shape: width === 1 ? [2] : [2, 1, 1, width],
      data: Float32Array.from(values),
    });
    const indices = Int32Array.of(0, 3);
    const conditioned = { shape: [2], data: Int32Array.of(-1, -1) };
    const failedAs = (...examples: number[]) => ({
      failed: examples.map((example) => ({ example, what: 'NaN' })),
    });
    const rows = { pixels: numbers([0, 0.2, 0.4, 0.6], 2), conditioned };
    const drawn = { rows, indices, ...failedAs(1) };
    const own = { rows: { logPx: numbers([1, 2]) }, indices, ...failedAs(1, 2) };
    const wanted = { name: 'unconditional', drawn: { params: {}, dataset: 'test' }, own: {} };
    const collected = new Map<object, object>([
      [wanted.drawn, drawn],
      [wanted.own, own],
    ]);
    const roles = { judge: undefined, extractor: undefined };
    const set = sampleSet(jem().info, roles, wanted as never, collected as never);
    expect(set).toMatchObject({ n: 2, failed: 2 });
    const judged = { reference: undefined, qualities: [], memorisation: undefined };
    const toldOf = (one: typeof set) =>
      one &&
      setWarnings('samples', { set: one, ...judged }).filter(({ code }) => code === 'samples-not-finite');
    expect(toldOf(set)).toMatchObject([{ message: expect.stringMatching(/^2 of 4 unconditional samples/) }]);
    expect(toldOf(set && { ...set, failed: 0 })).toEqual([]);
  });

  it('takes images from all over a buffer that is sorted by class, in any part of them too', () => {
    const places = Array.from({ length: 1000 }, (_, chain) => placeInBuffer(chain, 1000, 10_000));
    expect(new Set(places).size).toBe(1000);
    const classes = places.map((place) => Math.floor(place / 1000));
    expect(new Set(classes.slice(0, 20)).size).toBe(10);
    for (let part = 0; part < 10; part++)
      for (let c = 0; c < 10; c++) {
        const count = classes.slice(100 * part, 100 * part + 100).filter((one) => one === c).length;
        expect(Math.abs(count - 10)).toBeLessThanOrEqual(3);
      }
    expect([placeInBuffer(0, 1, 7), placeInBuffer(1, 2, 2)]).toEqual([0, 1]);
  });

  it.each([
    ['extractor', 'othr', 'did you mean "other"?'],
    ['judge', 'nobody', undefined],
    ['reference', 'tset', 'did you mean "test"?'],
    ['neighbours', 'nothing', undefined],
    ['on', 'nothing', undefined],
  ])('refuses a name for %s that there is not', async (option, name, hint) => {
    await expect(drawn({ [option]: name })).rejects.toMatchObject({
      code: 'config-invalid',
      details: { path: option, ...(hint && { hint }) },
    });
  });

  it('refuses an extractor without features, and a system to draw from that there is not', async () => {
    await expect(drawn({ extractor: 'jem' })).rejects.toMatchObject({
      code: 'config-invalid',
      details: { path: 'extractor' },
    });
    await expect(drawn({ systems: ['jme'] })).rejects.toMatchObject({
      code: 'config-invalid',
      details: { path: 'systems[0]', hint: 'did you mean "jem"?' },
    });
  });
});
