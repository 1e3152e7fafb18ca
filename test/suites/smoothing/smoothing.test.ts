import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOrtEngine } from '../../../src/engines/ort/engine.js';
import { whyNoSequence } from '../../../src/gate/sequential.js';
import { GraphBuilder } from '../../../src/graph/build.js';
import { floats } from '../../../src/graph/tensor.js';
import { largestRadius } from '../../../src/metrics/randomised-smoothing.js';
import { modelOf } from '../../../src/models/assemble.js';
import { SmoothedSystem } from '../../../src/models/defences/smooth.js';
import type { Model } from '../../../src/models/model.js';
import type { System } from '../../../src/models/system.js';
import { smoothing } from '../../../suites/smoothing/index.js';
import { impliedLinf } from '../../../suites/smoothing/views.js';
import { linearSystem } from '../helpers/linear-system.js';
import { memoryDataset } from '../helpers/memory-dataset.js';
import { codes, measureOf, runSuite, sheetOf } from '../helpers/run-suite.js';

/** Class 1 where the first pixel is above 1/2: the smoothed classifier is the same, and its radius |x - 1/2|. */
const system = linearSystem({
  name: 'threshold',
  weights: [
    [0, 0],
    [10, 0],
  ],
  bias: [0, -5],
});
const SIGMA = 0.25;

const setOf = (images: readonly (readonly number[])[], labels: readonly number[]) =>
  memoryDataset({ images, labels });

/** Far and near on either side, one on the boundary, one that is labelled wrongly. */
const mixed = setOf(
  [
    [1, 0],
    [0, 0.3],
    [0.7, 0],
    [0.3, 1],
    [0.5, 0.5],
    [1, 0],
  ],
  [1, 0, 1, 0, 1, 0],
);

const run = (options: object = {}, chunk?: number) =>
  runSuite(smoothing, {
    systems: [system],
    datasets: [mixed],
    options: { sigma: [SIGMA, 0.5], n0: 50, n: 1000, radii: [0.15, 0.4], ...options },
    ...(chunk && { chunk }),
  });

describe('the suite smoothing', () => {
  it('certifies what is far from the boundary, and reports the four measures', async () => {
    const outcome = await run();
    const at = (radius: string) =>
      measureOf(outcome, 'certified-accuracy-smoothed', { sigma: '0.25', radius });
    expect(at('0')).toMatchObject({ value: 4 / 6, n: 6, bound: 'lower', method: 'wilson' });
    // Of all images: a gate on it may be decided by some of them.
    expect(whyNoSequence(at('0'))).toBeUndefined();
    expect(at('0.15')).toMatchObject({ value: 4 / 6, headline: true });
    expect(at('0.4')).toMatchObject({ value: 2 / 6 });
    expect(measureOf(outcome, 'smoothed-accuracy', { sigma: '0.25' }).value).toBe(4 / 6);
    expect(measureOf(outcome, 'abstention-share', { sigma: '0.25' }).value).toBe(1 / 6);
    const rows = sheetOf(outcome).filter(({ sigma }) => sigma === '0.25');
    const mean = rows.reduce((sum, row) => sum + Number(row.radius_if_right), 0) / rows.length;
    expect(measureOf(outcome, 'average-certified-radius', { sigma: '0.25' }).value).toBeCloseTo(mean, 14);
    // No radius is beyond the exact one, by which the classifier would be another.
    for (const { index, radius, radius_if_right: credited, label, selected } of rows) {
      const exact = [0.5, 0.5, 0.2, 0.2, 0, 0.5][Number(index)]!;
      expect(Number(radius ?? 0)).toBeLessThanOrEqual(exact);
      expect(credited).toBe(label === selected ? Number(radius ?? 0) : 0);
    }
    expect(rows[4]).toMatchObject({ radius: null, abstained: true, prediction: null, right: false });
    expect(rows[5]).toMatchObject({ selected: 1, radius_if_right: 0, certified: '0 0 0', right: false });
    expect(rows[0]).toMatchObject({ certified: '1 1 1', draws: 1000, prediction: 1, right: true });
  });

  it('gives the same numbers whatever the units', async () => {
    const measures = async (chunk: number) => (await run({ n: 60, n0: 5 }, chunk)).summary.measures;
    expect(await measures(1)).toEqual(await measures(6));
  });

  it('certifies a radius beyond the true one no oftener than alpha', async () => {
    const [n, alpha, distance] = [100, 0.1, 0.2];
    const images = Array.from({ length: 300 }, () => [0.5 + distance, 0]);
    const outcome = await runSuite(smoothing, {
      systems: [system],
      datasets: [
        setOf(
          images,
          images.map(() => 1),
        ),
      ],
      options: { sigma: SIGMA, n0: 10, n, alpha, radii: [distance] },
      chunk: 50,
    });
    const wrong = sheetOf(outcome).filter(({ radius }) => Number(radius ?? 0) > distance).length;
    expect(wrong / images.length).toBeLessThan(alpha + 3 * Math.sqrt((alpha * (1 - alpha)) / images.length));
    expect(wrong).toBeGreaterThan(0);
  });

  it('has the table first, the implied Linf beside each radius, and a curve as far as draws reach', async () => {
    const { tables = [], figures = [] } = (await run({ n: 100 })).summary;
    expect(tables.map(({ id }) => id)).toEqual(['smoothing-test', 'smoothing-radii-test']);
    expect(tables[0]!.caption).toContain('for each image by itself');
    expect(tables[0]!.rows).toHaveLength(2);
    // The smallest radius is no better than the others.
    expect(tables[1]!.columns.filter(({ better = 'none' }) => better !== 'none')).toEqual([]);
    // 255 * .15 / sqrt(2), rounded down.
    expect(tables[1]!.rows.map(({ linf }) => linf).slice(0, 3)).toEqual(['0', '27.04/255', '72.12/255']);
    expect(impliedLinf(0.5, { shape: [3, 32, 32] })).toBe('2.30/255');
    const [figure] = figures;
    if (figure?.kind !== 'lines') throw new Error('no curve');
    expect(figure.series.map(({ variant }) => variant)).toEqual(['sigma 0.25', 'sigma 0.5']);
    for (const [k, { points }] of figure.series.entries()) {
      const reach = largestRadius(100, { sigma: [0.25, 0.5][k]!, alpha: 0.001 });
      expect(points.at(-1)?.x).toBeCloseTo(reach ?? Number.NaN, 12);
      for (let i = 1; i < points.length; i++) expect(points[i]!.y).toBeLessThanOrEqual(points[i - 1]!.y);
    }
  });

  it('warns of radii that so few draws cannot certify', async () => {
    // 100 draws that agree certify .375 at sigma .25, and .75 at .5.
    const warned = async (radii: number[]) => codes(await run({ n: 100, n0: 5, radii }));
    expect(await warned([0.37])).toEqual(['few-examples']);
    expect(await warned([0.3, 0.4])).toEqual(['few-examples', 'radius-out-of-reach']);
    expect(await warned([0.8])).toEqual(['few-examples', 'radius-out-of-reach', 'radius-out-of-reach']);
    const few = await run({ n: 9, n0: 5, sigma: 0.5 });
    expect(measureOf(few, 'abstention-share').value).toBe(1);
    expect(few.summary.figures).toEqual([]);
    expect(codes(few)).toContain('radius-out-of-reach');
  });

  it('is not applicable to predictions without a model', async () => {
    const { summary, requests } = await runSuite(smoothing, {
      systems: [{ ...system, info: { ...system.info, input: 'predictions' } }],
      datasets: [mixed],
    });
    expect(requests).toEqual([]);
    expect(summary.notApplicable).toEqual([
      { suite: 'smoothing', model: 'threshold', reason: expect.stringContaining('no model') },
    ]);
  });

  it.each([{ sigma: 0 }, { sigma: [] }, { n: 0 }, { alpha: 0 }, { radii: [-1] }])(
    'refuses %j',
    async (options) => {
      await expect(run(options)).rejects.toMatchObject({ code: 'config-invalid' });
    },
  );
});

describe('the same classifier behind the defence', () => {
  const engine = createOrtEngine({ sessions: 1, threads: 1 });
  let base: Model;
  beforeAll(async () => {
    const b = new GraphBuilder();
    const x = b.op('Flatten', [b.input('x', 'float32', ['N', 1, 1, 2])]);
    const [w, bias] = [b.constant(floats([2, 2], [0, 10, 0, 0])), b.constant(floats([2], [0, -5]))];
    b.outputAs(b.op('Gemm', [x, w, bias]), 'logits');
    const card = { name: 'threshold', checkpoint: 'threshold.onnx', classes: 2 };
    base = await modelOf(b.build(), { ...card, input: { shape: [1, 1, 2], range: [0, 1] } }, engine);
  });
  afterAll(async () => {
    await base.close();
    await engine.close();
  });
  const behind = (sigma: number, seed: 'fresh' | 'fixed' = 'fresh') =>
    new SmoothedSystem(base, { sigma, n: 400, gradientDraws: 16, seed }, `smoothed-${sigma}`);
  const both = (options: object = {}, systems: readonly System[] = [base, behind(SIGMA)]) =>
    runSuite(smoothing, {
      systems,
      datasets: [mixed],
      options: { sigma: [SIGMA, 0.5], n0: 50, n: 1000, radii: [0.15, 0.4], ...options },
    });

  it('is attacked: robust accuracy has two sides, and the exact one lies between', async () => {
    const outcome = await both();
    // Right, and no nearer to the boundary: of the four that are right two are at 1/2, and two at 1/5.
    for (const [radius, exact] of [
      ['0.15', 4 / 6],
      ['0.4', 2 / 6],
    ] as const) {
      const of = (measure: string) => measureOf(outcome, measure, { sigma: '0.25', radius });
      expect(of('certified-accuracy-smoothed')).toMatchObject({ bound: 'lower', model: 'threshold' });
      expect(of('attacked-accuracy-smoothed')).toMatchObject({ bound: 'upper', model: 'threshold' });
      expect(of('certified-accuracy-smoothed').value).toBeLessThanOrEqual(exact);
      // The image on the boundary is right or not, as votes go.
      expect(of('attacked-accuracy-smoothed').value).toBeGreaterThanOrEqual(exact);
      expect(of('attacked-accuracy-smoothed').value).toBeLessThanOrEqual(exact + 1 / 6);
      // By the certified radii and the verdicts of each image.
      const own = sheetOf(outcome).filter(({ sigma }) => sigma === '0.25');
      const at = radius === '0.15' ? 1 : 2;
      const left = own.filter(
        (row) =>
          String(row.survived).split(' ')[at] === '1' && !(Number(row.radius_if_right) >= Number(radius)),
      ).length;
      expect(of('undecided-share-smoothed')).toMatchObject({
        value: left / 6,
        n: 6,
        method: 'wilson',
        better: 'lower',
      });
    }
    const [figure] = outcome.summary.figures ?? [];
    if (figure?.kind !== 'lines') throw new Error('no curve');
    expect(figure.series.map(({ variant, dashed = false }) => [variant, dashed])).toEqual([
      ['sigma 0.25', false],
      ['sigma 0.25, not broken', true],
      ['sigma 0.5', false],
    ]);
    const [, upper] = figure.series;
    expect(upper!.points.map(({ x }) => x)).toEqual([0, 0.15, 0.4]);
    for (const { x, y } of upper!.points)
      expect(y).toBe(
        measureOf(outcome, 'attacked-accuracy-smoothed', { sigma: '0.25', radius: String(x) }).value,
      );
    // Shaded at the radii and on the way between them, under the line from one to the next.
    const [area, ...others] = figure.band?.areas ?? [];
    expect([area?.name, others]).toEqual(['threshold', []]);
    const shaded = area?.points ?? [];
    expect([shaded[0]?.x, shaded.at(-1)?.x]).toEqual([0, 0.4]);
    expect(shaded.length).toBeGreaterThan(10);
    for (const { x, y } of upper!.points) expect(shaded.find((p) => p.x === x)?.hi).toBe(y);
    for (const { x, y } of figure.series[0]!.points.filter((p) => p.x <= 0.4))
      expect(shaded.find((p) => p.x === x)?.lo).toBe(y);
    const [, b, c] = upper!.points;
    for (const { x, hi } of shaded.filter((p) => p.x > 0.15))
      expect(hi).toBeCloseTo(b!.y + ((c!.y - b!.y) * (x - 0.15)) / 0.25, 12);
    expect(
      outcome.summary.measures.filter(
        ({ measure, params }) => measure === 'attacked-accuracy-smoothed' && params.sigma === '0.5',
      ),
    ).toEqual([]);
    const rows = sheetOf(outcome);
    const other = rows.filter(({ sigma }) => sigma === '0.5');
    expect(other.map(({ survived, undecided }) => [survived, undecided])).toEqual(
      Array(6).fill([null, null]),
    );
    const near = rows.find(({ sigma, index }) => sigma === '0.25' && index === 2);
    expect(near).toMatchObject({ survived: '1 1 0', certified: '1 1 0' });
    const [, table] = outcome.summary.tables ?? [];
    expect(table!.rows[1]).toMatchObject({ attacked: expect.anything(), undecided: expect.anything() });
  });

  it('is listed, not smoothed again', async () => {
    const reasons = async (systems: Parameters<typeof both>[1]) =>
      ((await both({}, systems)).summary.notApplicable ?? []).map(({ model, reason }) => [model, reason]);
    expect(await reasons([base, behind(SIGMA)])).toEqual([
      ['smoothed-0.25', expect.stringMatching(/it is attacked, and what is certified stands at "threshold"/)],
    ]);
    expect(await reasons([base, behind(0.3)])).toEqual([
      ['smoothed-0.3', expect.stringMatching(/name its sigma, 0.3, among/)],
    ]);
    const again = new SmoothedSystem(
      base,
      { sigma: SIGMA, n: 100, gradientDraws: 8, seed: 'fixed' },
      'again',
    );
    expect(await reasons([base, behind(SIGMA), again])).toEqual([
      ['smoothed-0.25', expect.stringMatching(/it is attacked/)],
      ['again', expect.stringMatching(/"smoothed-0.25", of the same sigma, is attacked/)],
    ]);
    const undirected = behind(SIGMA);
    undirected.info.offers = ['logits'];
    expect(await reasons([base, undirected])).toEqual([
      ['smoothed-0.25', expect.stringMatching(/no gradient/)],
    ]);
    expect(await reasons([behind(SIGMA)])).toEqual([
      ['smoothed-0.25', expect.stringMatching(/measure "threshold"/)],
    ]);
  });

  it('that is broken where it is certified is told of', async () => {
    // One vote is another's as often as not.
    const few = new SmoothedSystem(base, { sigma: SIGMA, n: 1, gradientDraws: 1, seed: 'fresh' }, 'few');
    const outcome = await both({ radii: [0.05] }, [base, few]);
    expect(codes(outcome)).toContain('certificates-broken');
  });
});

it('the average certified radius has an interval that no image contradicts', async () => {
  // One of twelve is certified: Student's t would go below 0.
  const images = Array.from({ length: 12 }, (_, i) => (i === 0 ? [1, 0] : [0.5, 0]));
  const set = setOf(
    images,
    images.map(() => 1),
  );
  const outcome = await runSuite(smoothing, { systems: [system], datasets: [set], options: { n: 1000 } });
  const { value, interval, method } = measureOf(outcome, 'average-certified-radius');
  const largest = largestRadius(1000, { sigma: 0.25, alpha: 0.001 }) ?? 0;
  expect(method).toBe('bootstrap');
  const radii = sheetOf(outcome).map((row) => Number(row.radius_if_right));
  expect(value).toBeCloseTo(radii.reduce((sum, r) => sum + r, 0) / 12, 14);
  // A resample has the image k times, k binomial: by its quantiles, 0 and 3 of 12 (P(k > 3) = 0.015).
  expect(interval?.[0]).toBeLessThan(Number(value));
  expect(interval?.[0]).toBeGreaterThanOrEqual(0);
  expect(interval?.[1]).toBeCloseTo((3 * radii[0]! + 9 * radii[1]!) / 12, 2);
  expect(radii[0]).toBeLessThanOrEqual(largest);
});
