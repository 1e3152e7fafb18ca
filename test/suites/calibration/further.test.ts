import { describe, expect, it } from 'vitest';
import { binSums, equalWidth } from '../../../src/metrics/calibration/binning.js';
import { ece } from '../../../src/metrics/calibration/calibration.js';
import { consistencyBand } from '../../../src/metrics/calibration/consistency-band.js';
import { tCal } from '../../../src/metrics/calibration/t-cal.js';
import { softmax } from '../../../src/metrics/softmax.js';
import { stream } from '../../../src/random/stream.js';
import { calibration } from '../../../suites/calibration/index.js';
import { linearSystem } from '../helpers/linear-system.js';
import { memoryDataset } from '../helpers/memory-dataset.js';
import { codes, measureOf, runSuite } from '../helpers/run-suite.js';

/** Images that are logits, and labels drawn from the softmax of `sharpness` times them. */
function sampled(n: number, sharpness: number, classes = 3) {
  const images: number[][] = [];
  const labels: number[] = [];
  for (let example = 0; example < n; example++) {
    const draws = stream({ seed: 0, purpose: 'test/further', example });
    const logits = Array.from({ length: classes }, () => Math.fround(2 * draws.normal()));
    const p = softmax({ n: 1, classes, data: logits.map((l) => l * sharpness) });
    let rest = draws.uniform();
    const label = p.findIndex((share) => (rest -= share) < 0);
    images.push(logits);
    labels.push(label < 0 ? classes - 1 : label);
  }
  return { images, labels };
}

const identity = (classes: number) =>
  Array.from({ length: classes }, (_, i) => Array.from({ length: classes }, (_, j) => Number(i === j)));

const run = (given: ReturnType<typeof sampled>, options: object) =>
  runSuite(calibration, {
    systems: [linearSystem({ weights: identity(given.images[0]?.length ?? 3) })],
    datasets: [memoryDataset(given)],
    options: { resamples: 100, ...options },
  });

describe('tests of calibration', () => {
  it.each([
    ['calibrated', 1, (p: number) => p > 0.05],
    ['over-confident', 0.4, (p: number) => p < 0.05],
  ])('tell a model that is %s', async (_, sharpness, expected) => {
    const outcome = await run(sampled(300, sharpness), { metrics: ['t-cal', 'skce'] });
    for (const name of ['t-cal-p', 'skce-p']) {
      const found = measureOf(outcome, name);
      expect([name, found.value, expected(found.value as number)]).toEqual([name, found.value, true]);
      expect(found).toMatchObject({ n: 300, interval: null });
      expect(found.note).toMatch(/simulated/);
    }
    expect(measureOf(outcome, 'skce').interval).not.toBeNull();
  });
  it('T-Cal is that of the confidences', async () => {
    const given = sampled(60, 0.5);
    const p = given.images.map((row) => softmax({ n: 1, classes: 3, data: row }));
    const confidence = p.map((row) => Math.max(...row));
    const correct = p.map((row, i) => Number(row.indexOf(confidence[i]!) === given.labels[i]));
    const outcome = await run(given, { metrics: ['t-cal'] });
    expect(measureOf(outcome, 't-cal-p').value).toBe(tCal(confidence, correct, { seed: 0 }).p);
  });
});

describe('what is asked for', () => {
  it('nothing: no further measure', async () => {
    const { summary } = await run(sampled(50, 1), { metrics: [] });
    expect(summary.measures.some(({ measure }) => measure === 'brier' || measure === 'aurc')).toBe(false);
  });
  it('errors as other code computes them have intervals in [0, 1], and one example has no test', async () => {
    const { summary } = await run(sampled(40, 1), { metrics: [], compatibility: 'all' });
    const found = summary.measures.filter(({ measure }) => /^(ece|ace|rms-ce)-[a-z-]+$/.test(measure));
    for (const { interval } of found) if (interval) expect(interval[0]).toBeGreaterThanOrEqual(0);
    const one = await run(sampled(1, 1), { metrics: ['t-cal', 'skce'] });
    for (const name of ['t-cal-p', 'skce-p'])
      expect(measureOf(one, name)).toMatchObject({ value: 1, note: 'too few examples to test' });
  });
  it('the probability of class 1 of two is another measure than that of the top label', async () => {
    const given = sampled(80, 0.5, 2);
    const outcome = await run(given, { metrics: ['positive-class-ece'] });
    const p = given.images.map((row) => softmax({ n: 1, classes: 2, data: row })[1]!);
    const found = measureOf(outcome, 'positive-class-ece');
    expect(found.value).toBeCloseTo(ece(binSums(equalWidth(p, 15), p, given.labels)), 12);
    expect(found.params).toEqual({ bins: 15, positiveClass: 1 });
  });
  it.each([
    [undefined, /3 classes, and no `positiveClass` was given/],
    [7, /no class 7: classes are numbered from 0 to 2/],
  ])('a positive class that is not there: %s', async (positiveClass, reason) => {
    const options = {
      metrics: ['positive-class-ece'],
      ...(positiveClass !== undefined && { positiveClass }),
    };
    const { summary } = await run(sampled(20, 1), options);
    expect(summary.measures.some(({ measure }) => measure === 'positive-class-ece')).toBe(false);
    expect(summary.notApplicable?.[0]).toMatchObject({ what: 'positive-class-ece' });
    expect(summary.notApplicable?.[0]?.reason).toMatch(reason);
  });
  it.each([0, 1])('all of it on %s examples', async (n) => {
    const given = n === 0 ? { images: [], labels: [] } : sampled(n, 1);
    const outcome = await run(given, { metrics: 'all', compatibility: 'all', positiveClass: 0 });
    expect(measureOf(outcome, 'brier').n).toBe(n);
    for (const { value } of outcome.summary.measures)
      expect(value === null || Number.isFinite(value)).toBe(true);
    expect(codes(outcome).length).toBeGreaterThan(0);
  });
});

describe('views', () => {
  it('bands, counts, confidences right and wrong, risk by coverage, and the worst classes', async () => {
    const given = sampled(200, 0.5);
    const { summary } = await run(given, { metrics: ['aurc'] });
    const figures = summary.figures ?? [];
    expect(figures.map(({ kind, id }) => `${kind} ${id.split('-')[0]}`)).toEqual([
      'reliability reliability',
      'reliability reliability',
      'lines risk',
      'histogram confidences',
    ]);
    const reliability = figures.flatMap((f) => (f.kind === 'reliability' ? [f] : []))[0]!;
    const p = given.images.map((row) => Math.max(...softmax({ n: 1, classes: 3, data: row })));
    const last = p.filter((v) => v > 14 / 15);
    expect(reliability.bins[14]).toMatchObject({ n: last.length, band: consistencyBand(last) });
    expect(reliability.bins[0]!.band).toBeNull();
    const table = summary.tables?.find(({ id }) => id.startsWith('calibration-classes'));
    expect(table?.rows).toHaveLength(3);
    expect(table?.folded).toBe(true);
  });
});
