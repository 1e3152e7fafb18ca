import { describe, expect, it } from 'vitest';
import type { DatasetInfo } from '../../../src/data/dataset.js';
import { energy } from '../../../suites/energy/index.js';
import { linearSystem } from '../helpers/linear-system.js';
import { type MemoryOptions, memoryDataset } from '../helpers/memory-dataset.js';
import { codes, type Given, measureOf, runSuite, sheetOf } from '../helpers/run-suite.js';

/** log p(x) is x itself: an energy model of one pixel. */
const identity = linearSystem({ name: 'line', weights: [[1]], energy: 'output' });
/** Two classes: log p(x) = log(e^x + e^-x). */
const classifier = linearSystem({ name: 'two', weights: [[1], [-1]] });

/** What is not looked at here. */
const CHEAP = {
  path: { examples: 0 },
  lipschitz: { examples: 0 },
  resamples: 100,
  gradients: false,
  traces: { chains: 0 },
};

const run = ({ options, ...given }: Given) =>
  runSuite(energy, { ...given, options: { ...CHEAP, ...options } });

const pixels = (values: readonly number[]) => values.map((value) => [value]);

const set = (name: string, values: readonly number[], more: Partial<MemoryOptions> = {}) =>
  memoryDataset({ name, images: pixels(values), ...more });

const madeOf = (of: string, by = 'purify'): Partial<DatasetInfo> => ({ recipe: { by, of, options: {} } });

const TEST = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6];
const test = set('test', TEST, { labels: [0, 0, 1, 0, 0, 1] });
const ood = set('far', [0.8, 0.7, 0.9], { role: 'ood' });

describe('log p(x) of data sets', () => {
  it('has its mean, median and deviation, and the gap to the test set of two samples', async () => {
    const found = await run({ systems: [identity], datasets: [test, ood] });
    const value = (name: string, dataset: string) => measureOf(found, name, { dataset }).value;
    expect(value('log-px-mean', 'test')).toBeCloseTo(0.35, 6);
    expect(value('log-px-median', 'test')).toBeCloseTo(0.3, 6);
    expect(value('log-px-sd', 'far')).toBeCloseTo(0.1, 6);
    const gap = measureOf(found, 'log-px-gap');
    expect(gap).toMatchObject({ dataset: 'far', params: { against: 'test' }, n: 9, method: 'welch' });
    expect(gap.value).toBeCloseTo(0.45, 6);
    expect(measureOf(found, 'log-px-auroc').value).toBe(0);
    expect(found.summary.figures?.map(({ id }) => id)).toContain('log-px-line');
  });

  it('is paired by example where a set was made of the test set, also through others', async () => {
    const attacked = set('attacked', [0.3, 0.1, 0.5], { indices: [3, 0, 5], ...madeOf('test', 'attack') });
    const purified = set('purified', [0.5, 0.3, 0.6], { indices: [3, 0, 5], ...madeOf('attacked') });
    const found = await run({ systems: [identity], datasets: [test, attacked, purified] });
    const gap = measureOf(found, 'log-px-gap', { dataset: 'purified' });
    expect(gap).toMatchObject({ n: 3, method: 'student-t' });
    // 0.5 - 0.4, 0.3 - 0.1, 0.6 - 0.6
    expect(gap.value).toBeCloseTo(0.1, 6);
    expect(gap.rows).toMatchObject({ statistic: 'mean', columns: { value: 'log_px_gap' } });
    const rows = sheetOf(found).filter(({ dataset }) => dataset === 'purified');
    expect(rows.map(({ log_px_gap }) => Number(log_px_gap).toFixed(6))).toEqual([
      '0.100000',
      '0.200000',
      '0.000000',
    ]);
    const tests = found.summary.tables![1]!;
    expect(tests.rows).toHaveLength(2);
  });

  it('is paired where both were made of the same images, and where the test set was made of the other', async () => {
    const attacked = set('attacked', [0.3, 0.1, 0.5], { indices: [3, 0, 5], ...madeOf('test', 'attack') });
    const cleaned = set('cleaned', [0.35, 0.2], { indices: [3, 0], ...madeOf('test') });
    const small = set('test', [0.1, 0.4, 0.6], { indices: [0, 3, 5] });
    const found = await run({
      systems: [identity],
      datasets: [small, attacked, cleaned],
      options: { against: 'attacked' },
    });
    // 0.1 - 0.1, 0.4 - 0.3, 0.6 - 0.5; and 0.35 - 0.3, 0.2 - 0.1.
    const gap = (dataset: string) => measureOf(found, 'log-px-gap', { dataset });
    expect(gap('test')).toMatchObject({ n: 3, method: 'student-t' });
    expect(gap('test').value).toBeCloseTo(0.2 / 3, 6);
    expect(gap('cleaned')).toMatchObject({ n: 2, method: 'student-t' });
    expect(gap('cleaned').value).toBeCloseTo(0.075, 6);
  });

  it('takes images that several data sets share for no sign of saturation', async () => {
    const kept = set('attacked', [0.1, 0.25], { indices: [0, 1], ...madeOf('test', 'attack') });
    const few = set('test', [0.1, 0.2]);
    expect(codes(await run({ systems: [identity], datasets: [few, kept] }))).not.toContain(
      'energy-saturated',
    );
    const bound = set('far', [0.9, 0.9, 0.9, 0.5], { role: 'ood' });
    expect(codes(await run({ systems: [identity], datasets: [few, bound] }))).toContain('energy-saturated');
  });

  it('is not paired with a set that holds other examples than its parent had here', async () => {
    const other = set('other', [0.3, 0.1], { indices: [3, 99], ...madeOf('test') });
    const found = await run({ systems: [identity], datasets: [test, other] });
    expect(measureOf(found, 'log-px-gap').method).toBe('welch');
  });

  it('tells training images from test images, where there are some', async () => {
    const train = set('seen', [0.55, 0.65, 0.75, 0.35], { role: 'train' });
    const found = await run({ systems: [identity], datasets: [test, train] });
    // Of 24 pairs: 5, 6, 6 and 3 won by the training image.
    const { value, params, rows } = measureOf(found, 'train-test-auroc');
    expect(value).toBeCloseTo(20 / 24, 12);
    expect(params).toEqual({ against: 'test' });
    expect(rows?.where).toEqual({ model: 'line', dataset: 'seen' });
    expect(codes(found)).toContain('few-examples');
    expect(found.summary.notApplicable?.map(({ what }) => what)).not.toContain('memorisation');
    const without = await run({ systems: [identity], datasets: [test, ood] });
    expect(without.summary.notApplicable?.[0]?.reason).toContain('`role: train`');
    const named = await run({
      systems: [identity],
      datasets: [test, ood],
      options: { train: 'far' },
    });
    expect(measureOf(named, 'train-test-auroc').value).toBe(1);
    expect(codes(named)).not.toContain('energy-collapsed');
  });

  it('says that training images are likelier only beyond chance', async () => {
    const many = (from: number) => Array.from({ length: 60 }, (_, i) => from + i / 200);
    const at = (from: number) =>
      run({
        systems: [identity],
        datasets: [set('test', many(0.1)), set('seen', many(from), { role: 'train' })],
      });
    expect(codes(await at(0.3))).toContain('train-likelier-than-test');
    expect(codes(await at(0.1))).not.toContain('train-likelier-than-test');
    expect(codes(await at(0))).not.toContain('train-likelier-than-test');
  });

  it('corrects all tests of the table together, and tells apart what is apart', async () => {
    const many = (from: number) => Array.from({ length: 40 }, (_, i) => from + i / 100);
    const found = await run({
      systems: [identity, classifier],
      datasets: [set('test', many(0.1)), set('same', many(0.1)), set('other', many(0.4))],
    });
    const { rows } = found.summary.tables![1]!;
    const of = (dataset: string) => rows.filter((row) => row.dataset === dataset);
    expect(of('same').map(({ ks, 'ks holm': corrected, d }) => [ks, corrected, d])).toEqual([
      ['1.000', '1.000', 0],
      ['1.000', '1.000', 0],
    ]);
    expect(of('other').map(({ shift }) => shift)).toEqual(['< 0.001', '< 0.001']);
    // 999 permutations: p is 0.001 at least; six of twelve tests are that small.
    expect(of('other')[0]!.energy).toBe('0.001');
    expect(of('other')[0]!['energy holm']).toBe('0.008');
  });

  it('reports the model without log p(x), the run without a test set, and names that are none', async () => {
    const found = await run({ systems: [identity], datasets: [ood] });
    expect(found.summary.notApplicable).toEqual([
      expect.objectContaining({ model: 'line', reason: expect.stringContaining('`role: test`') }),
    ]);
    const asked = (options: Record<string, unknown>) =>
      run({ systems: [identity], datasets: [test, ood], options });
    await expect(asked({ against: 'tset' })).rejects.toThrow('tset');
    await expect(asked({ train: 'tain' })).rejects.toThrow('tain');
    await expect(asked({ train: 'test' })).rejects.toMatchObject({
      code: 'config-invalid',
      details: { path: 'train' },
    });
    const turned = await asked({ against: 'far' });
    expect(measureOf(turned, 'log-px-gap').dataset).toBe('test');
  });

  it('raises a flag for a log p(x) that is a constant', async () => {
    const flat = linearSystem({ name: 'flat', weights: [[1e-9]], bias: [3], energy: 'output' });
    const found = await run({ systems: [flat], datasets: [test, ood] });
    expect(codes(found)).toContain('energy-collapsed');
    expect(codes(await run({ systems: [identity], datasets: [test, ood] }))).not.toContain(
      'energy-collapsed',
    );
  });

  it('does not depend on how examples are divided', async () => {
    const given = { systems: [classifier], datasets: [test, ood] };
    const [a, b] = [await run(given), await run({ ...given, chunk: 2 })];
    expect(a.summary.measures).toEqual(b.summary.measures);
  });
});
