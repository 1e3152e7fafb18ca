import { describe, expect, it } from 'vitest';
import { logSumExpRow } from '../../../src/metrics/softmax.js';
import { energy } from '../../../suites/energy/index.js';
import { analyticSystem } from '../../attacks/helpers/analytic-system.js';
import { linearSystem } from '../helpers/linear-system.js';
import { memoryDataset } from '../helpers/memory-dataset.js';
import { quadraticSystem } from '../helpers/quadratic-system.js';
import { measureOf, type Outcome, runSuite } from '../helpers/run-suite.js';

/** What is not looked at here. */
const CHEAP = {
  resamples: 100,
  permutations: 99,
  gradients: false,
  traces: { chains: 0 },
  path: { examples: 0 },
  lipschitz: { examples: 0 },
};

const sheet = ({ summary }: Outcome, name: string) => {
  const own = summary.examples?.find((one) => one.name === name);
  return Array.from(own?.rows ?? [], (row) =>
    Object.fromEntries((own?.columns ?? []).map((column, i) => [column, row[i]])),
  );
};

describe('log p along attacks', () => {
  const WEIGHTS = [4, -4];
  const two = analyticSystem({ name: 'two', weights: WEIGHTS.map((w) => [w]) });
  const images = [[0.5], [0.6], [0.45]];
  const labels = [0, 0, 1];
  const test = memoryDataset({ name: 'test', images, labels });
  const logits = (x: number) => WEIGHTS.map((w) => w * x);
  const logPx = (x: number) => logSumExpRow(logits(x));
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const run = (path: object, chunk = 7, batchSize?: number) =>
    runSuite(energy, {
      systems: [
        batchSize ? analyticSystem({ name: 'two', weights: WEIGHTS.map((w) => [w]), batchSize }) : two,
      ],
      datasets: [test],
      options: { ...CHEAP, path },
      chunk,
    });

  it('are those of the steps of PGD, untargeted and towards the other class', async () => {
    const found = await run({ examples: 3, steps: 5, epsilon: '0.1' });
    const at = (name: string, attack: string) => measureOf(found, name, { attack }).value;
    // Steps of 0.05: two reach the edge of the ball. Class 0 falls with x, class 1 with -x; with two classes the
    // target is the other one, and both attacks go the same way.
    const ends = images.map(([x], i) => (labels[i] === 0 ? x! - 0.1 : x! + 0.1));
    const rise = mean(ends.map((x, i) => logPx(x) - logPx(images[i]![0]!)));
    const joint = mean(ends.map((x, i) => WEIGHTS[labels[i]!]! * (x - images[i]![0]!)));
    for (const attack of ['untargeted', 'targeted']) {
      expect(at('path-log-px-change', attack)).toBeCloseTo(rise, 5);
      expect(at('path-log-pxy-change', attack)).toBeCloseTo(joint, 5);
    }
    expect(at('path-log-pxt-change', 'targeted')).toBeCloseTo(-joint, 5);
    expect(measureOf(found, 'path-log-px-change', { attack: 'targeted' })).toMatchObject({
      n: 3,
      params: { norm: 'Linf', epsilon: '0.1', steps: 5, examples: 3 },
      rows: { sheet: 'energy-paths', where: { attack: 'targeted', step: 5 } },
    });
    const rows = sheet(found, 'energy-paths').filter(
      ({ attack, index }) => attack === 'targeted' && index === 0,
    );
    expect(rows.map(({ step }) => step)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(rows[0]).toMatchObject({ log_px_change: 0, target: 1 });
    expect(Number(rows[1]!.log_px)).toBeCloseTo(logPx(0.45), 5);
    expect(Number(rows[2]!.log_px)).toBeCloseTo(logPx(0.4), 5);
    expect(Number(rows[5]!.log_px)).toBeCloseTo(logPx(0.4), 5);
    expect(found.summary.figures?.map(({ id }) => id)).toEqual(
      expect.arrayContaining(['path-log-px', 'path-log-pxy', 'path-log-pxt']),
    );
  });

  it('do not depend on units and batches', async () => {
    const [a, b] = [await run({ examples: 3, steps: 3 }), await run({ examples: 3, steps: 3 }, 2, 1)];
    expect(sheet(a, 'energy-paths')).toEqual(sheet(b, 'energy-paths'));
    expect(sheet(a, 'energy-paths')).toHaveLength(2 * 3 * 4);
  });

  it('need labels, classes and a gradient', async () => {
    const reasons = async (given: Parameters<typeof runSuite>[1]) =>
      (await runSuite(energy, given)).summary.notApplicable
        ?.filter(({ what }) => what === 'log p along attacks')
        .map(({ reason }) => reason);
    const options = { ...CHEAP, path: { examples: 2 } };
    const unlabelled = memoryDataset({ name: 'test', images });
    expect(await reasons({ systems: [two], datasets: [unlabelled], options })).toEqual([
      '"test" has no labels',
    ]);
    const scalar = linearSystem({ weights: [[1]], energy: 'output' });
    expect(await reasons({ systems: [scalar], datasets: [test], options })).toEqual(['it does not classify']);
    const without = (need: 'logits' | 'inputGradient', lacks: Record<string, string>) => ({
      ...two,
      info: { ...two.info, offers: two.info.offers.filter((one) => one !== need), lacks },
    });
    const energyOnly = without('logits', { logits: 'it is an energy' });
    expect(await reasons({ systems: [energyOnly], datasets: [test], options })).toEqual(['it is an energy']);
    const rough = without('inputGradient', { inputGradient: 'a node has no derivative' });
    expect(await reasons({ systems: [rough], datasets: [test], options })).toEqual([
      'a node has no derivative',
    ]);
    const other = await runSuite(energy, { systems: [two], datasets: [test], options: CHEAP });
    expect(other.summary.measures.filter(({ measure }) => measure.startsWith('path-'))).toEqual([]);
    await expect(
      runSuite(energy, { systems: [two], datasets: [test], options: { ...CHEAP, path: { epsilon: 'x' } } }),
    ).rejects.toThrow();
  });
});

describe('how steep log p(x) is around images', () => {
  const images = [
    [0.5, 0.6],
    [0.4, 0.45],
  ];
  const datasets = [
    memoryDataset({ name: 'test', images }),
    memoryDataset({ name: 'far', images: [[0.7, 0.7]], role: 'ood' }),
  ];
  const options = { ...CHEAP, lipschitz: { examples: 2, radius: '0.2' } };

  it('is the length of the gradient of a plane, whatever is drawn', async () => {
    const plane = linearSystem({ weights: [[3, 4]], energy: 'output', inputScale: [2] });
    const found = await runSuite(energy, { systems: [plane], datasets, options });
    expect(measureOf(found, 'local-lipschitz', { dataset: 'test' })).toMatchObject({
      n: 2,
      params: { radius: '0.2', samples: 8, steps: 8 },
    });
    for (const dataset of ['test', 'far'])
      expect(measureOf(found, 'local-lipschitz', { dataset }).value).toBeCloseTo(2.5, 4);
  });

  it('is a lower bound of that of a bowl, found nearly by ascent', async () => {
    const bowl = quadraticSystem({ curvature: 2 });
    const found = await runSuite(energy, { systems: [bowl], datasets, options, chunk: 1 });
    for (const { dataset, index, bound, centre } of sheet(found, 'energy-lipschitz')) {
      const image = dataset === 'test' ? images[Number(index)]! : [0.7, 0.7];
      const fromTop = Math.hypot(...image.map((x) => x - 0.5));
      expect(Number(centre)).toBeCloseTo(2 * fromTop, 5);
      expect(Number(bound)).toBeLessThanOrEqual(2 * (fromTop + 0.2) + 1e-5);
      expect(Number(bound)).toBeGreaterThan(0.97 * 2 * (fromTop + 0.2));
    }
  });
});
