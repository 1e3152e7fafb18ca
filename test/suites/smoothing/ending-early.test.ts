import { describe, expect, it } from 'vitest';
import { largestRadius, largestSequentialRadius } from '../../../src/metrics/randomised-smoothing.js';
import { smoothing } from '../../../suites/smoothing/index.js';
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
const [SIGMA, ALPHA] = [0.25, 0.1];

/** Images so far from the boundary, all right. */
const at = (distance: number, n: number) =>
  memoryDataset({
    images: Array.from({ length: n }, () => [0.5 + distance, 0]),
    labels: Array.from({ length: n }, () => 1),
  });

const run = (dataset: ReturnType<typeof at>, options: object) =>
  runSuite(smoothing, {
    systems: [system],
    datasets: [dataset],
    options: { sigma: SIGMA, n0: 20, n: 1000, alpha: ALPHA, ...options },
    chunk: 50,
  });

/** As often as a chance of alpha explains, and three standard errors. */
const most = (n: number) => ALPHA + 3 * Math.sqrt((ALPHA * (1 - ALPHA)) / n);

describe('draws of smoothing that end early', () => {
  it('are wrong of the radius that an image has, either way, no oftener than alpha', async () => {
    const [n, distance] = [150, 0.2];
    const rows = sheetOf(await run(at(distance, n), { radii: [distance], stop: 'radii' }));
    // Whether it is certified at its very radius cannot be told: where it is, the interval has left out the right number.
    const told = rows.filter(({ known }) => known === '1 1');
    expect(told.length / n).toBeLessThan(most(n));
    for (const { known, draws } of rows) expect(Number(draws) < 1000).toBe(known === '1 1');
  });

  it('say yes or no of radii that are further away, sooner the further', async () => {
    const n = 100;
    const outcome = await run(at(0.2, n), { radii: [0.1, 0.3], stop: 'radii' });
    const rows = sheetOf(outcome);
    const right = rows.filter(({ known, certified }) => known === '1 1 1' && certified === '1 1 0');
    expect(right.length / n).toBeGreaterThan(1 - most(n));
    const draws = measureOf(outcome, 'draws-per-image');
    expect(draws.value).toBeCloseTo(rows.reduce((sum, row) => sum + Number(row.draws), 0) / n, 10);
    expect(draws).toMatchObject({ n, better: 'none', interval: [expect.any(Number), expect.any(Number)] });
    expect(draws.value).toBeLessThan(500);
    const further = await run(at(0.2, n), { radii: [0.02, 0.4], stop: 'radii' });
    expect(measureOf(further, 'draws-per-image').value).toBeLessThan(Number(draws.value) / 2);
  });

  it('know the radius to within a length', async () => {
    const [n, distance, within] = [80, 0.2, 0.1];
    const outcome = await run(at(distance, n), { stop: within });
    const rows = sheetOf(outcome);
    const right = rows.filter(({ radius }) => {
      const least = Number(radius);
      return least <= distance && distance - least <= within;
    });
    expect(rows.every(({ draws }) => Number(draws) < 1000)).toBe(true);
    expect(right.length / n).toBeGreaterThan(1 - most(n));
    // Twice as near takes about four times as many draws.
    const nearer = await run(at(distance, 20), { stop: within / 2, n: 10_000 });
    const [some, more] = [outcome, nearer].map((one) => Number(measureOf(one, 'draws-per-image').value));
    expect(more! / some!).toBeGreaterThan(2.5);
  });

  it('end where there will be no certificate', async () => {
    // One selection draw chooses the wrong class of about every second image, and some more: most of all draws are of the other.
    const rows = sheetOf(await run(at(0.05, 60), { n0: 1, radii: [0.01], stop: 'radii' }));
    const lost = rows.filter(({ selected, draws }) => selected === 0 && Number(draws) < 1000);
    expect(lost.length).toBeGreaterThan(5);
    for (const row of lost) expect(row).toMatchObject({ radius: null, abstained: true, known: '1 1' });
  });

  it('say less of as many draws as one interval does, of the same draws', async () => {
    // A length that so few draws do not reach.
    const early = sheetOf(await run(at(0.2, 50), { radii: [0.1], n: 300, stop: 0.001 }));
    const fixed = sheetOf(await run(at(0.2, 50), { radii: [0.1], n: 300 }));
    for (const [i, { draws, count, radius }] of early.entries()) {
      expect([draws, count]).toEqual([300, fixed[i]!.count]);
      expect(Number(radius)).toBeGreaterThan(0);
      expect(Number(radius)).toBeLessThan(Number(fixed[i]!.radius));
      expect(fixed[i]!.known).toBeNull();
    }
  });

  it('give the same numbers whatever the units', async () => {
    const measures = async (chunk: number) =>
      (
        await runSuite(smoothing, {
          systems: [system],
          datasets: [at(0.2, 12)],
          options: { sigma: SIGMA, n0: 5, n: 200, radii: [0.1], stop: 'radii' },
          chunk,
        })
      ).summary.measures;
    expect(await measures(1)).toEqual(await measures(12));
  });

  it('reach less far, which the warning knows', async () => {
    const settings = { sigma: SIGMA, alpha: ALPHA };
    const [sequential, fixed] = [largestSequentialRadius(100, settings), largestRadius(100, settings)];
    const radii = [(sequential! + fixed!) / 2];
    expect(sequential).toBeLessThan(fixed!);
    expect(codes(await run(at(0.2, 5), { n: 100, radii }))).not.toContain('radius-out-of-reach');
    expect(codes(await run(at(0.2, 5), { n: 100, radii, stop: 'radii' }))).toContain('radius-out-of-reach');
  });

  it('are counted in the table, whose caption says what accuracy is then', async () => {
    const titles = async (options: object) => {
      const { tables = [] } = (await run(at(0.2, 5), { n: 100, ...options })).summary;
      return [tables[0]!.columns.map(({ title }) => title), tables[0]!.caption] as const;
    };
    const [columns, caption] = await titles({ stop: 'radii' });
    expect(columns).toContain('Draws');
    expect(caption).toContain('up to 100, as many as it needs');
    expect(caption).toContain('more than half of the probability for certain');
    expect((await titles({}))[0]).not.toContain('Draws');
  });

  it('have a curve up to the largest radius that they were made for', async () => {
    const ends = async (options: object) => {
      const [figure] = (await run(at(0.2, 5), { n: 100, ...options })).summary.figures ?? [];
      return figure?.kind === 'lines' ? figure.series.map(({ points }) => points.at(-1)?.x) : [];
    };
    expect(await ends({ stop: 'radii', radii: [0.1, 0.2] })).toEqual([0.2]);
    const reach = largestSequentialRadius(100, { sigma: SIGMA, alpha: ALPHA })!;
    for (const options of [{ stop: 0.05 }, { stop: 'radii', radii: [0.1, 2] }])
      expect(await ends(options)).toEqual([expect.closeTo(reach, 12)]);
  });
});
