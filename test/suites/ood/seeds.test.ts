import { describe, expect, it } from 'vitest';
import { ood } from '../../../suites/ood/index.js';
import { overSeeds } from '../../../suites/ood/seeds.js';
import { linearSystem } from '../helpers/linear-system.js';
import { memoryDataset } from '../helpers/memory-dataset.js';
import { type Outcome, runSuite } from '../helpers/run-suite.js';

/** Images of two pixels; a checkpoint looks at both in its own way. */
const rows = (n: number, of: (i: number) => [number, number]) => Array.from({ length: n }, (_, i) => of(i));
const checkpoint = (name: string, tilt: number) =>
  linearSystem({ name, weights: [[1, tilt]], energy: 'output' });
const systems = [checkpoint('s0', 0), checkpoint('s1', 0.5), checkpoint('s2', -1), checkpoint('lone', 2)];
const datasets = [
  memoryDataset({ images: rows(40, (i) => [0.5 + (i % 7) / 14, (i % 5) / 5]) }),
  memoryDataset({
    ...{ name: 'a', role: 'ood', distance: 'near' },
    images: rows(30, (i) => [0.4 + (i % 8) / 16, (i % 3) / 3]),
  }),
  memoryDataset({
    ...{ name: 'b', role: 'ood', distance: 'far' },
    images: rows(20, (i) => [(i % 9) / 10, (i % 4) / 4]),
  }),
];
const run = (options: object) =>
  runSuite(ood, {
    systems,
    datasets,
    options: { scores: ['log-px'], hardest: 0, resamples: 100, ...options },
  });
const tableOf = ({ summary }: Outcome) => summary.tables?.find(({ id }) => id === 'seeds-test');

describe('checkpoints of one model', () => {
  it('have the mean and the deviation of their measures in a table', async () => {
    const outcome = await run({ seeds: { net: ['s0', 's1', 's2'] } });
    const table = tableOf(outcome);
    expect(table?.rows).toHaveLength(1);
    const row = table!.rows[0]!;
    expect(row).toMatchObject({ model: 'net', checkpoints: 3 });
    for (const [key, measure] of [
      ['near-auroc', 'near-auroc'],
      ['far-auroc', 'far-auroc'],
      ['near-fpr95-ood-positive', 'near-fpr95-ood-positive'],
    ]) {
      const values = outcome.summary.measures
        .filter((one) => one.measure === measure && one.model !== 'lone')
        .map(({ value }) => value as number);
      expect(values).toHaveLength(3);
      const mean = (values[0]! + values[1]! + values[2]!) / 3;
      const deviation = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / 3);
      const { value, mark } = row[key!] as { value: number; mark: string };
      expect(value).toBeCloseTo(mean, 12);
      const printed = measure!.includes('fpr') ? (100 * deviation).toFixed(1) : deviation.toFixed(3);
      expect(mark).toBe(` ± ${printed}`);
      expect(deviation).toBeGreaterThan(0);
    }
  });
  it('have OpenOOD its FPR by name, and none are none', async () => {
    const titles = tableOf(await run({ seeds: { net: ['s0', 's1'] }, conventions: ['openood'] }))?.columns;
    expect(titles?.map(({ key }) => key)).toContain('near-fpr95-openood');
    expect(tableOf(await run({}))).toBeUndefined();
  });
  it.each([
    [{ net: ['s0', 's9'] }, /s9/],
    [{ net: ['s0', 's1'], other: ['s1', 's2'] }, /"s1" is a checkpoint of two models/],
  ])('refuses %j', async (seeds, message) => {
    await expect(run({ seeds })).rejects.toThrow(message);
  });
  it('refuses one checkpoint alone', async () => {
    const error = { code: 'config-invalid', details: { path: expect.stringContaining('seeds.net') } };
    await expect(run({ seeds: { net: ['s0'] } })).rejects.toMatchObject(error);
  });
  it('the deviation is divided by their number', () => {
    expect(overSeeds([1, 3])).toEqual({ mean: 2, deviation: 1 });
    expect(overSeeds([Number.NaN, 1]).mean).toBeNaN();
  });
});

describe('OOD images moved towards the in-distribution', () => {
  const raised = (name: string, score: string, on: string, shift: number) =>
    memoryDataset({
      ...{ name, role: 'ood' as const },
      recipe: { by: 'raise', of: 'a', options: { on, score } },
      images: rows(30, (i) => [0.4 + (i % 8) / 16 + shift, (i % 3) / 3]),
    });
  it('stand beside the images as they were, by every score', async () => {
    const outcome = await runSuite(ood, {
      systems: systems.slice(0, 2),
      datasets: [
        ...datasets,
        raised('up', 'log-px', 's0', 0.3),
        raised('elsewhere', 'max-softmax', 's1', 0.1),
      ],
      options: { scores: ['log-px'], hardest: 0, resamples: 100 },
    });
    const table = outcome.summary.tables?.find(({ id }) => id === 'attacked-test');
    const of = (model: string, dataset: string) =>
      outcome.summary.measures.find(
        (one) => one.measure === 'auroc' && one.model === model && one.dataset === dataset,
      )?.value;
    const valueIn = (cell: unknown) => (cell as { value: number } | null)?.value;
    expect(table?.rows.map((row) => [row.model, row.set, valueIn(row.clean), valueIn(row.own)])).toEqual([
      ['s0', 'a', of('s0', 'a'), of('s0', 'up')],
      // What was moved for another model is no attack on this one.
      ['s1', 'a', of('s1', 'a'), undefined],
    ]);
    expect(table?.rows.map((row) => [valueIn(row.lowest), row.by])).toEqual([
      [of('s0', 'up'), 'log-px of s0'],
      [of('s1', 'up'), 'log-px of s0'],
    ]);
    expect(of('s0', 'up')).toBeLessThan(of('s0', 'a') as number);
  });
  it('are in no mean, unless the images as they were are not there', async () => {
    const means = async (sets: typeof datasets) => {
      const outcome = await runSuite(ood, {
        systems: systems.slice(0, 1),
        datasets: sets,
        options: { scores: ['log-px'], hardest: 0, resamples: 100, conventions: ['openood'] },
      });
      const ranked = outcome.summary.tables?.find(({ id }) => id === 'ranking-test');
      return {
        measures: outcome.summary.measures
          .filter(({ measure }) => /^(mean|near|far)-/.test(measure))
          .map(({ measure, value, note }) => [measure, value, note]),
        ranked: ranked?.rows.map(({ mean, fpr95 }) => [mean, fpr95]),
      };
    };
    const clean = await means(datasets);
    expect(clean.measures.length).toBeGreaterThan(2);
    expect(await means([...datasets, raised('up', 'log-px', 's0', 0.3)])).toEqual(clean);
    const alone = await means([
      ...datasets.filter(({ info }) => info.role !== 'ood'),
      raised('up', 'log-px', 's0', 0.3),
    ]);
    expect(alone.measures.map(([, , note]) => note)).toContain('over up');
  });
});
