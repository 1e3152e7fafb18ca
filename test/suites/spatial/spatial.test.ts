import { describe, expect, it } from 'vitest';
import { warped } from '../../../src/data/warps/warp.js';
import { stream } from '../../../src/random/stream.js';
import { gridOf } from '../../../src/suites/measurements/spatial-grid.js';
import { spatial } from '../../../suites/spatial/index.js';
import { linearSystem } from '../helpers/linear-system.js';
import { memoryDataset } from '../helpers/memory-dataset.js';
import { measureOf, type Outcome, runSuite, sheetOf } from '../helpers/run-suite.js';

const SHAPE = [1, 5, 5] as const;
const SIZE = 25;
const images = Array.from({ length: 15 }, (_, i) => {
  const draws = stream({ seed: 5, purpose: 'images', example: i });
  return Array.from(
    { length: SIZE },
    (__, p) => 0.3 * draws.uniform() + (p % 5 < 2 === (i % 2 === 0) ? 0.08 + 0.04 * i : 0),
  );
});
const labels = images.map((_, i) => i % 2);
const weights = [0, 1].map((k) =>
  Array.from({ length: SIZE }, (_, p) => (p % 5 < 2 === (k === 0) ? 1 / (2 + k) : 0)),
);
const system = linearSystem({ name: 'halves', weights, shape: SHAPE });
const options = { degrees: 20, angles: 3, shift: 0.2, shifts: 3, draws: 4 };
const run = (more: object = {}, chunk?: number) =>
  runSuite(spatial, {
    systems: [system],
    datasets: [memoryDataset({ images, labels, shape: SHAPE })],
    options: { ...options, ...more },
    ...(chunk && { chunk }),
  });
const grid = gridOf({ ...options, padding: 'black', whole: false });
const isRight = (i: number, { degrees, right, down }: { degrees: number; right: number; down: number }) => {
  const x = warped(
    Float32Array.from(images[i]!),
    SHAPE,
    { degrees, right: 5 * right, down: 5 * down },
    'black',
  );
  const [a, b] = weights.map((row) => Math.fround(row.reduce((sum, w, p) => sum + w * x[p]!, 0))) as [
    number,
    number,
  ];
  return (a >= b ? 0 : 1) === labels[i];
};
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
const strip = ({ summary }: Outcome) =>
  summary.measures.map(({ measure, params, value }) => [measure, params, value]);

describe('the suite spatial', () => {
  it('tries every rotation with every translation, the image itself first and the largest changes next', () => {
    expect(grid).toHaveLength(27);
    expect(grid[0]).toMatchObject({ degrees: 0, right: 0, down: 0 });
    expect(new Set(grid.map(({ degrees, right, down }) => `${degrees} ${right} ${down}`)).size).toBe(27);
    expect(Math.abs(grid[1]!.degrees)).toBe(20);
    expect(grid[26]!.degrees === 0 || grid[26]!.right === 0).toBe(true);
  });

  it('calls robust what is right at all points, whether or not it stops at the first mistake', async () => {
    const right = images.map((_, i) => grid.map((point) => isRight(i, point)));
    const robust = mean(right.map((all) => (all.every((is) => is) ? 1 : 0)));
    expect(robust).toBeGreaterThan(0);
    expect(robust).toBeLessThan(mean(right.map(([clean]) => (clean ? 1 : 0))));
    const [early, whole] = [await run(), await run({ whole: true })];
    for (const outcome of [early, whole]) {
      expect(measureOf(outcome, 'spatial-accuracy').value).toBe(robust);
      expect(measureOf(outcome, 'unmoved-accuracy').value).toBe(
        mean(right.map(([clean]) => (clean ? 1 : 0))),
      );
    }
    expect(measureOf(whole, 'mean-spatial-accuracy').value).toBeCloseTo(
      mean(right.map((all) => mean(all.map(Number)))),
      12,
    );
    expect(measureOf(whole, 'angle-accuracy', { angle: -20 }).value).toBeCloseTo(
      mean(right.flatMap((all) => all.flatMap((is, k) => (grid[k]!.degrees === -20 ? [Number(is)] : [])))),
      12,
    );
    const first = right.map((all) => all.indexOf(false));
    expect(sheetOf(early).map(({ broken_degrees }) => broken_degrees)).toEqual(
      first.map((at) => (at < 0 ? null : grid[at]!.degrees)),
    );
    const tried = mean(first.map((at) => (at < 0 ? 27 : at + 1)));
    expect(early.summary.tables?.[0]?.rows[0]?.tried).toEqual({ value: tried });
  });

  it('draws for every image by itself: units change nothing', async () => {
    const whole = strip(await run({}, 100));
    expect(strip(await run({}, 1))).toEqual(whole);
    expect(strip(await run({}, 4))).toEqual(whole);
  });

  it('with nothing to turn or move is plain accuracy', async () => {
    const outcome = await run({ degrees: 0, shift: 0, angles: 1, shifts: 1, draws: 3 });
    const values = [
      'unmoved-accuracy',
      'spatial-accuracy',
      'random-spatial-accuracy',
      'worst-random-spatial-accuracy',
    ].map((name) => measureOf(outcome, name).value);
    expect(new Set(values).size).toBe(1);
  });

  it('has no point of the grid twice, and reaches as far as it says', async () => {
    const turned = { shift: 0, shifts: 5, whole: true };
    const whole = await run({ ...turned, degrees: 0, angles: 5 });
    expect(strip(whole)).toEqual(strip(await run({ ...turned, degrees: 30, angles: 1 })));
    const right = mean(images.map((_, i) => Number(isRight(i, grid[0]!))));
    expect(measureOf(whole, 'mean-spatial-accuracy').value).toBeCloseTo(right, 12);
    expect(measureOf(whole, 'spatial-accuracy')).toMatchObject({
      value: right,
      params: { degrees: 0, angles: 1, shift: 0, shifts: 1 },
    });
  });

  it.each(['angles', 'shifts'])('refuses a grid without the image as it is: %s', async (key) => {
    await expect(run({ [key]: 4 })).rejects.toThrow(
      expect.objectContaining({
        code: 'config-invalid',
        details: expect.objectContaining({ path: `suites: spatial.${key}` }),
      }),
    );
  });

  it('tells of sets without labels', async () => {
    const outcome = await runSuite(spatial, {
      systems: [system],
      datasets: [memoryDataset({ images, shape: SHAPE })],
      options,
    });
    expect(outcome.requests).toEqual([]);
    expect(outcome.summary.notApplicable?.[0]?.reason).toContain('no labels');
  });
});
