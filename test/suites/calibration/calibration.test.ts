import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { binSums, equalMass, equalWidth } from '../../../src/metrics/calibration/binning.js';
import { classwiseEce, ece, mce } from '../../../src/metrics/calibration/calibration.js';
import { fitTemperature } from '../../../src/metrics/calibration/temperature.js';
import { recalibrators } from '../../../src/metrics/recalibration/registry.js';
import { softmax } from '../../../src/metrics/softmax.js';
import { stream } from '../../../src/random/stream.js';
import { calibration } from '../../../suites/calibration/index.js';
import { linearSystem } from '../helpers/linear-system.js';
import { memoryDataset } from '../helpers/memory-dataset.js';
import { codes, measureOf, type Outcome, runSuite, sheetOf } from '../helpers/run-suite.js';

const identity = (classes: number) =>
  Array.from({ length: classes }, (_, i) => Array.from({ length: classes }, (_, j) => (i === j ? 1 : 0)));

/** Images whose logits are log p, and labels drawn from p^sharpness: T should come out as 1 / sharpness. */
function sampled(n: number, { sharpness = 1, seed = 0, classes = 3 } = {}) {
  const images: number[][] = [];
  const labels: number[] = [];
  for (let example = 0; example < n; example++) {
    const draws = stream({ seed, purpose: 'test/sampled', example });
    const logits = Array.from({ length: classes }, () => 2 * draws.normal());
    const p = softmax({ n: 1, classes, data: logits.map((l) => l * sharpness) });
    let rest = draws.uniform();
    const label = p.findIndex((share) => (rest -= share) < 0);
    images.push(logits);
    labels.push(label < 0 ? classes - 1 : label);
  }
  return { images, labels };
}

const systems = [linearSystem({ weights: identity(3) })];
const value = (outcome: Outcome, measure: string) => measureOf(outcome, measure).value ?? Number.NaN;
const quick = { resamples: 100 };

it('known answers: three classes, three bins', async () => {
  const p = [
    [0.25, 0.2, 0.55],
    [0.55, 0.05, 0.4],
    [0.1, 0.3, 0.6],
    [0.9, 0.05, 0.05],
  ];
  const outcome = await runSuite(calibration, {
    systems,
    datasets: [memoryDataset({ images: p.map((row) => row.map(Math.log)), labels: [0, 1, 2, 0] })],
    options: { bins: 3, ...quick },
  });
  expect(measureOf(outcome, 'ece')).toMatchObject({
    n: 4,
    params: { bins: 3 },
    method: 'clopper-pearson-one-sided',
    better: 'lower',
    headline: true,
  });
  expect(value(outcome, 'ece')).toBeCloseTo(0.2, 6);
  expect(value(outcome, 'rms-ce')).toBeCloseTo(0.2082, 4);
  expect(value(outcome, 'mce')).toBeCloseTo(0.2333, 4);
  expect(value(outcome, 'signed-gap')).toBeCloseTo((0.55 + 0.55 + 0.6 + 0.9) / 4 - 0.5, 6);
});

it('the top label of 14 predictions', async () => {
  const repeat = (n: number, row: number[]) =>
    Array.from({ length: n }, () => row.map((p) => Math.log(Math.max(p, 1e-30))));
  const images = [...repeat(6, [0.6, 0.3, 0.1]), ...repeat(4, [0.1, 0.8, 0.1]), ...repeat(4, [0.1, 0, 0.9])];
  const labels = [0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 2];
  const outcome = await runSuite(calibration, {
    systems,
    datasets: [memoryDataset({ images, labels })],
    options: { bins: 10, ...quick },
  });
  // 5 of 6 right at .6; 3 of 4 at .8; all 4 at .9.
  expect(value(outcome, 'ece')).toBeCloseTo((6 / 14) * (5 / 6 - 0.6) + (4 / 14) * 0.05 + (4 / 14) * 0.1, 6);
});

describe('temperature scaling', () => {
  it('recovers the temperature on a validation set and lowers ECE and NLL of the whole test set', async () => {
    const outcome = await runSuite(calibration, {
      systems,
      datasets: [
        memoryDataset(sampled(1500, { sharpness: 0.4, seed: 1 })),
        memoryDataset({ name: 'held', role: 'validation', ...sampled(1500, { sharpness: 0.4, seed: 2 }) }),
      ],
      options: quick,
    });
    const fitted = measureOf(outcome, 'temperature');
    expect(fitted).toMatchObject({ n: 1500, method: 'sandwich', params: { fittedOn: '"held"' } });
    expect(fitted.interval?.[0]).toBeLessThan(2.5);
    expect(fitted.interval?.[1]).toBeGreaterThan(2.5);
    expect(value(outcome, 'ece-before-scaling')).toBe(value(outcome, 'ece'));
    expect(measureOf(outcome, 'ece-after-scaling').n).toBe(1500);
    expect(value(outcome, 'ece-after-scaling')).toBeLessThan(value(outcome, 'ece-before-scaling') / 3);
    expect(value(outcome, 'nll-after-scaling')).toBeLessThan(value(outcome, 'nll-before-scaling'));
    expect(codes(outcome)).toEqual([]);
  });
  it('without one, each test example is fitted on or reported, and never both', async () => {
    const outcome = await runSuite(calibration, {
      systems: [...systems, linearSystem({ name: 'other', weights: identity(3).reverse() })],
      datasets: [memoryDataset(sampled(400, { sharpness: 0.5 }))],
      options: quick,
    });
    const rows = sheetOf(outcome);
    const part = (model: string, split: string) =>
      rows.filter((row) => row.model === model && row.split === split).map(({ index }) => index);
    expect(part('linear', 'fitted')).toEqual(part('other', 'fitted'));
    expect(
      [...part('linear', 'fitted'), ...part('linear', 'reported')].sort((a, b) => Number(a) - Number(b)),
    ).toEqual(Array.from({ length: 400 }, (_, i) => i));
    const [fitted, reported] = [part('linear', 'fitted').length, part('linear', 'reported').length];
    expect(fitted).toBeGreaterThan(150);
    expect(reported).toBeGreaterThan(150);
    const where = { model: 'linear' };
    expect(measureOf(outcome, 'temperature', where).n).toBe(fitted);
    expect(measureOf(outcome, 'ece-before-scaling', where).n).toBe(reported);
    expect(measureOf(outcome, 'ece-after-scaling', where).n).toBe(reported);
    expect(codes(outcome)).toContain('temperature-on-test-split');
  });
  it('the split is a matter of the seed and the source index, not of what else is read', async () => {
    const { images, labels } = sampled(60);
    const split = async (from: number, seed: number) => {
      const indices = images.map((_, i) => i).slice(from);
      const outcome = await runSuite(calibration, {
        systems,
        datasets: [memoryDataset({ images: images.slice(from), labels: labels.slice(from), indices })],
        options: quick,
        seed,
      });
      return new Map(sheetOf(outcome).map(({ index, split }) => [index, split]));
    };
    const [whole, part, other] = [await split(0, 0), await split(20, 0), await split(0, 1)];
    for (const [index, side] of part) expect(side).toBe(whole.get(index));
    expect([...other].some(([index, side]) => side !== whole.get(index))).toBe(true);
  });
  it.each([
    [
      'every answer is right',
      [
        [5, 0, 0],
        [0, 5, 0],
      ],
      [0, 1],
    ],
    [
      'no better than chance',
      [
        [5, 0, 0],
        [0, 5, 0],
      ],
      [1, 0],
    ],
  ])('is refused when %s', async (reason, images, labels) => {
    const repeated = {
      images: Array.from({ length: 60 }, (_, i) => images[i % 2]!),
      labels: Array.from({ length: 60 }, (_, i) => labels[i % 2]!),
    };
    const outcome = await runSuite(calibration, {
      systems,
      datasets: [memoryDataset(repeated)],
      options: quick,
    });
    expect(measureOf(outcome, 'temperature').value).toBeNull();
    expect(measureOf(outcome, 'temperature').note).toContain(reason);
    expect(codes(outcome)).toContain('temperature-refused');
    const after = outcome.summary.measures.filter(({ measure }) => measure.endsWith('after-scaling'));
    expect(after.map(({ measure }) => measure)).toContain('ece-after-scaling');
    for (const { value, note } of after) {
      expect(value).toBeNull();
      expect(note).toContain(reason);
    }
    expect(value(outcome, 'ece-before-scaling')).toBeGreaterThanOrEqual(0);
  });
  it('what is in both sets is not fitted on, and said', async () => {
    const { images, labels } = sampled(300, { sharpness: 0.5 });
    const indices = images.map((_, i) => i);
    const cut = (from: number, to: number) => ({
      images: images.slice(from, to),
      labels: labels.slice(from, to),
      indices: indices.slice(from, to),
      path: 'all.npz',
    });
    const outcome = await runSuite(calibration, {
      systems,
      datasets: [
        memoryDataset(cut(0, 200)),
        memoryDataset({ ...cut(150, 300), name: 'held', role: 'validation' }),
      ],
      options: quick,
    });
    expect(measureOf(outcome, 'temperature').n).toBe(100);
    expect(codes(outcome)).toContain('validation-overlaps-test');
    expect(sheetOf(outcome).filter(({ split }) => split === 'unused')).toHaveLength(50);
  });
  it('two arrays of one archive are two sources, whatever their positions', async () => {
    const datasets = [
      memoryDataset({ ...sampled(80), path: 'all.npz', part: 'x_test' }),
      memoryDataset({
        ...sampled(60, { seed: 1 }),
        path: 'all.npz',
        part: 'x_val',
        name: 'v',
        role: 'validation',
      }),
    ];
    const outcome = await runSuite(calibration, { systems, datasets, options: quick });
    expect(measureOf(outcome, 'temperature').n).toBe(60);
    expect(codes(outcome)).not.toContain('validation-overlaps-test');
  });
  it('fitOn names a validation set', async () => {
    const datasets = [
      memoryDataset(sampled(50)),
      memoryDataset({ name: 'a', role: 'validation', ...sampled(50, { seed: 1 }) }),
      memoryDataset({ name: 'b', role: 'validation', ...sampled(60, { seed: 2 }) }),
    ];
    const run = (fitOn: string) => runSuite(calibration, { systems, datasets, options: { ...quick, fitOn } });
    expect(measureOf(await run('b'), 'temperature').n).toBe(60);
    await expect(run('c')).rejects.toThrow('no data set called "c"');
    await expect(run('test')).rejects.toThrow('cannot be fitted on "test"');
  });
});

describe('recalibrators', () => {
  const all = [...recalibrators.names];
  const run = (
    given: { images: number[][]; labels: number[] },
    names = all,
    held = sampled(600, { sharpness: 0.4, seed: 2 }),
  ) =>
    runSuite(calibration, {
      systems,
      datasets: [memoryDataset(given), memoryDataset({ name: 'held', role: 'validation', ...held })],
      options: { ...quick, recalibrators: names },
    });
  const rowsOf = ({ summary }: Outcome, name: string) =>
    summary.tables?.find(({ id }) => id === `${name}-test`)?.rows ?? [];
  const number = (cell: unknown) =>
    typeof cell === 'object' && cell !== null && 'value' in cell ? Number(cell.value) : Number.NaN;

  it('stand beside each other, the model and the temperature, on examples that none was fitted on', async () => {
    const outcome = await run(sampled(600, { sharpness: 0.4, seed: 1 }));
    const rows = rowsOf(outcome, 'recalibration');
    expect(rows.map(({ recalibrator }) => recalibrator)).toEqual([
      'none',
      ...[...recalibrators].map(({ title }) => title),
    ]);
    // The distortion is a temperature: nothing is better than that, and the model itself is far worse.
    expect(rows[0]!.standing).toBe('worse');
    expect(rows[1]!.standing).not.toBe('worse');
    expect(rows.filter(({ standing }) => standing === 'best')).toHaveLength(1);
    // One parameter for all classes changes no answer.
    expect(number(rows[1]!['accuracy-change'])).toBe(0);
    for (const { recalibrator, ...row } of rows.slice(1)) {
      expect([recalibrator, number(row['nll-change'])]).toEqual([recalibrator, expect.any(Number)]);
      expect(number(row['nll-change'])).toBeCloseTo(number(row.nll) - number(rows[0]!.nll), 9);
      expect(number(row['ece-change'])).toBeCloseTo(number(row.ece) - number(rows[0]!.ece), 9);
    }
    const parameters = rowsOf(outcome, 'recalibration-parameters');
    expect(parameters[0]).toMatchObject({ parameter: 'T', count: 1 });
    expect(number(parameters[0]!.median)).toBe(measureOf(outcome, 'temperature').value);
  });
  it('leave what is measured without them as it is', async () => {
    const given = sampled(80, { sharpness: 0.4, seed: 1 });
    const [without, with_] = [await run(given, ['temperature']), await run(given, ['platt', 'temperature'])];
    const added = with_.summary.measures.length - without.summary.measures.length;
    expect(added).toBe(10);
    const kept = with_.summary.measures.filter(({ params }) => params.recalibrator === undefined);
    expect(kept).toEqual(without.summary.measures);
    expect(rowsOf(without, 'recalibration')).toEqual([]);
  });
  it('have rows from which every number follows', async () => {
    const { summary } = await run(sampled(80, { sharpness: 0.4, seed: 1 }), ['vector']);
    const sheet = summary.examples?.find(({ name }) => name === 'recalibration');
    const rows = Array.from(sheet?.rows ?? [], (row) =>
      Object.fromEntries((sheet?.columns ?? []).map((column, i) => [column, row[i]])),
    );
    expect(rows).toHaveLength(160);
    for (const row of rows) {
      const logP = String(row.log_probabilities).split(' ').map(Number).map(Math.fround);
      expect(row.prediction).toBe(logP.indexOf(Math.max(...logP)));
      expect(row.nll).toBeCloseTo(-logP[Number(row.label)]!, 5);
      expect(row.nll_change).toBe(Number(row.nll) - Number(row.nll_before));
    }
    const fitted = summary.examples?.find(({ name }) => name === 'recalibration-parameters');
    // T, and a scale and a bias of each class.
    expect([...(fitted?.rows ?? [])]).toHaveLength(7);
  });
  it('that are refused say why, and have no measures', async () => {
    const { images, labels } = sampled(200, { seed: 3 });
    const outcome = await run(sampled(60), ['vector'], { images, labels: labels.map((label) => label % 2) });
    expect(codes(outcome)).toContain('recalibrator-refused');
    // For one reason, in one line.
    const none = await run(sampled(60), ['vector', 'platt', 'isotonic-top'], { images: [], labels: [] });
    expect(codes(none).filter((code) => code === 'recalibrator-refused')).toHaveLength(1);
    expect(rowsOf(outcome, 'recalibration').at(-1)?.standing).toBe('refused');
    expect(outcome.summary.measures.filter(({ params }) => params.recalibrator === 'vector')).toEqual([]);
  });
  it('that do harm are told', async () => {
    const outcome = await run(sampled(300), ['histogram'], sampled(30, { sharpness: -1, seed: 4 }));
    expect(codes(outcome)).toContain('recalibrator-does-not-transfer');
  });
  it('have names', async () => {
    await expect(run(sampled(60), ['vektor'])).rejects.toThrow('is not valid');
  });
});

describe('sheets', () => {
  it('hold what every number is computed from', async () => {
    const outcome = await runSuite(calibration, {
      systems,
      datasets: [memoryDataset(sampled(300, { sharpness: 0.5 }))],
      options: quick,
    });
    const rows = sheetOf(outcome);
    const of = (some: typeof rows) => {
      // The sheet has the nine digits that name a float32.
      const data = some.flatMap(({ logits }) => String(logits).split(' ').map(Number).map(Math.fround));
      return { logits: { n: some.length, classes: 3, data }, labels: some.map(({ label }) => Number(label)) };
    };
    const column = (some: typeof rows, name: string) => some.map((row) => Number(row[name]));
    const binned = (some: typeof rows, confidence: string) => {
      const c = column(some, confidence);
      return [equalWidth(c, 15), equalMass(c, 15)].map((b) => binSums(b, c, column(some, 'correct')));
    };
    const [width, mass] = binned(rows, 'confidence');
    expect(value(outcome, 'ece')).toBeCloseTo(ece(width!), 12);
    expect(value(outcome, 'mce')).toBeCloseTo(mce(width!), 12);
    expect(value(outcome, 'ece-equal-mass')).toBeCloseTo(ece(mass!), 12);
    const { logits, labels } = of(rows);
    const probabilities = { ...logits, data: softmax(logits) };
    expect(value(outcome, 'classwise-ece')).toBeCloseTo(classwiseEce(probabilities, labels, 15), 12);

    const fitted = of(rows.filter(({ split }) => split === 'fitted'));
    const fit = fitTemperature(fitted.logits, fitted.labels);
    expect(fit.fitted && fit.temperature).toBeCloseTo(value(outcome, 'temperature'), 12);
    const reported = rows.filter(({ split }) => split === 'reported');
    expect(value(outcome, 'ece-before-scaling')).toBeCloseTo(ece(binned(reported, 'confidence')[0]!), 12);
    expect(value(outcome, 'ece-after-scaling')).toBeCloseTo(
      ece(binned(reported, 'scaled_confidence')[0]!),
      12,
    );
    const mean = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0) / numbers.length;
    expect(value(outcome, 'nll-before-scaling')).toBeCloseTo(mean(column(reported, 'nll')), 12);
    expect(value(outcome, 'nll-after-scaling')).toBeCloseTo(mean(column(reported, 'scaled_nll')), 12);
  });
});

describe('figures', () => {
  it('a reliability diagram holds every example, before and after', async () => {
    const { summary } = await runSuite(calibration, {
      systems,
      datasets: [memoryDataset(sampled(200, { sharpness: 0.5 }))],
      options: { bins: 7, ...quick },
    });
    const shown = (summary.figures ?? []).flatMap((f) => (f.kind === 'reliability' ? [f] : []));
    const [whole, scaled] = [shown[0]!, shown[1]!];
    expect(whole.bins).toHaveLength(7);
    expect(whole.bins.reduce((sum, { n }) => sum + n, 0)).toBe(200);
    expect(scaled.bins.reduce((sum, { n }) => sum + n, 0)).toBeLessThan(200);
    for (const bin of whole.bins) {
      if (bin.n === 0) expect(bin.accuracy).toBeNull();
      else expect(bin.confidence).toBeGreaterThanOrEqual(bin.lo);
    }
  });
});

describe('warnings', () => {
  const run = (given: { images: number[][]; labels: number[] }, classes = 3) =>
    runSuite(calibration, {
      systems: [linearSystem({ weights: identity(classes) })],
      datasets: [
        memoryDataset(given),
        memoryDataset({ name: 'held', role: 'validation', ...sampled(200, { seed: 9, classes }) }),
      ],
      options: quick,
    });
  it('a calibrated model is within noise', async () => {
    expect(codes(await run(sampled(1000)))).toEqual(['ece-within-noise']);
  });
  it('an over-confident one is not, and its gap is positive', async () => {
    const outcome = await run(sampled(1000, { sharpness: 0.3 }));
    expect(codes(outcome)).not.toContain('ece-within-noise');
    expect(value(outcome, 'signed-gap')).toBeGreaterThan(0.1);
    expect(value(outcome, 'ece-if-calibrated')).toBeLessThan(value(outcome, 'ece'));
  });
  it('too few examples per bin', async () => {
    expect(codes(await run(sampled(40)))).toContain('few-examples-per-bin');
  });
  it('one example', async () => {
    const outcome = await run(sampled(1));
    expect(codes(outcome)).toContain('few-examples');
    expect(measureOf(outcome, 'ece').n).toBe(1);
  });
  it('no example', async () => {
    const outcome = await run({ images: [], labels: [] });
    expect(measureOf(outcome, 'ece')).toMatchObject({ value: null, note: 'no examples' });
    expect(measureOf(outcome, 'ece-if-calibrated').value).toBeNull();
    expect(outcome.summary.figures).toEqual([]);
  });
  it('one class', async () => {
    const outcome = await runSuite(calibration, {
      systems: [linearSystem({ weights: [[1]] })],
      datasets: [memoryDataset({ images: [[1], [2], [3]], labels: [0, 0, 0] })],
      options: quick,
    });
    expect(codes(outcome)).toContain('single-class');
  });
});

it('units, batches and the order of examples change no value', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 0, max: 1000 }),
      async (n, chunk, seed) => {
        const { images, labels } = sampled(n, { seed, sharpness: 0.5 });
        const run = async (order: number[], chunk: number) => {
          const outcome = await runSuite(calibration, {
            systems,
            datasets: [
              memoryDataset({
                images: order.map((i) => images[i]!),
                labels: order.map((i) => labels[i]!),
                indices: order,
              }),
            ],
            options: quick,
            chunk,
          });
          return outcome.summary.measures;
        };
        const order = images.map((_, i) => i);
        const plain = await run(order, 64);
        expect(await run(order, chunk)).toEqual(plain);
        const reversed = await run([...order].reverse(), 64);
        expect(reversed.map(({ measure }) => measure)).toEqual(plain.map(({ measure }) => measure));
        reversed.forEach(({ measure, value }, i) => {
          // Simulated outcomes are drawn in the order of the examples.
          if (measure === 'ece-if-calibrated') return;
          if (plain[i]!.value === null) expect(value).toBeNull();
          else expect(value).toBeCloseTo(plain[i]!.value, 8);
        });
      },
    ),
    { numRuns: 15 },
  );
});
