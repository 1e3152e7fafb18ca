import { describe, expect, it } from 'vitest';
import { binSums, equalWidth } from '../../../src/metrics/calibration/binning.js';
import { ece } from '../../../src/metrics/calibration/calibration.js';
import { softmax } from '../../../src/metrics/softmax.js';
import { calibration } from '../../../suites/calibration/index.js';
import { linearSystem } from '../helpers/linear-system.js';
import { memoryDataset } from '../helpers/memory-dataset.js';
import { measureOf, runSuite } from '../helpers/run-suite.js';

/** Pixels in [0, 1] of which the first two decide between two classes. */
const images = Array.from({ length: 40 }, (_, i) => [((7 * i) % 40) / 39, ((3 * i) % 40) / 39]);
const labels = images.map(([a, b], i) => Number(i % 9 === 0 ? a! > b! : b! > a!));
const weights = [
  [6, 0],
  [0, 6],
];

const run = (under: object[]) =>
  runSuite(calibration, {
    systems: [linearSystem({ weights })],
    datasets: [memoryDataset({ images, labels })],
    options: { resamples: 100, metrics: [], under },
  });

describe('calibration under attack', () => {
  it('is that of fresh predictions of the attacked images', async () => {
    const outcome = await run([{ method: 'fgsm', epsilons: ['0.1'] }]);
    const found = measureOf(outcome, 'ece-under-attack');
    expect(found).toMatchObject({
      n: 40,
      params: { method: 'fgsm', norm: 'Linf', epsilon: '0.1', bins: 15 },
    });
    // FGSM moves both pixels by the radius against the label, of the examples that are right.
    const rows = images.map((image, i) => {
      const right = Number(image[1]! > image[0]!) === labels[i];
      const sign = labels[i] === 0 ? [-1, 1] : [1, -1];
      return right ? image.map((x, k) => Math.min(1, Math.max(0, x + 0.1 * sign[k]!))) : image;
    });
    const p = rows.map(([a, b]) => softmax({ n: 1, classes: 2, data: [6 * a!, 6 * b!] }));
    const confidence = p.map((row) => Math.max(...row));
    const correct = p.map((row, i) => Number(row.indexOf(confidence[i]!) === labels[i]));
    expect(found.value).toBeCloseTo(ece(binSums(equalWidth(confidence, 15), confidence, correct)), 5);
    expect(measureOf(outcome, 'nll-under-attack').value).toBeGreaterThan(0);
    const table = outcome.summary.tables?.find(({ id }) => id.startsWith('calibration-under-attack'));
    expect(table?.rows[0]).toMatchObject({ n: 40 });
  });
  it('tells attacks apart that differ in what they keep, or in nothing that a name says', async () => {
    const fgsm = { method: 'fgsm', epsilons: ['0.1'] };
    const { summary } = await run([fgsm, { ...fgsm, keep: 'strongest' }, { ...fgsm, examples: 20 }]);
    const found = summary.measures.filter(({ measure }) => measure === 'ece-under-attack');
    const sheet = summary.examples?.find(({ name }) => name === 'calibration-under-attack');
    const at = sheet?.columns.indexOf('attack') ?? -1;
    const rows = Array.from(sheet?.rows ?? [], (row) => row[at]);
    expect(new Set(found.map(({ params }) => params.attack)).size).toBe(3);
    // The rows of a measure are as many as it rests on.
    for (const { n, rows: of } of found)
      expect(rows.filter((attack) => attack === of?.where?.attack)).toHaveLength(n);
    expect(found.map(({ n }) => n)).toEqual([40, 40, 20]);
  });
  it('is not asked for: nothing is attacked', async () => {
    const { summary } = await run([]);
    expect(summary.measures.some(({ measure }) => measure.endsWith('under-attack'))).toBe(false);
  });
});
