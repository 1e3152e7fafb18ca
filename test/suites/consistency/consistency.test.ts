import { describe, expect, it } from 'vitest';
import type { DatasetInfo } from '../../../src/data/dataset.js';
import { stream } from '../../../src/random/stream.js';
import { consistency } from '../../../suites/consistency/index.js';
import type { ConsistencyResult } from '../../../suites/consistency/result.js';
import { consistencyTable } from '../../../suites/consistency/views.js';
import { linearSystem } from '../helpers/linear-system.js';
import { memoryDataset } from '../helpers/memory-dataset.js';
import { codes, measureOf, runSuite, sheetOf } from '../helpers/run-suite.js';

const SHAPE = [1, 2, 2] as const;
/** Grey: brighter than t is class 1. */
const threshold = (name: string, t: number) =>
  linearSystem({
    name,
    weights: [
      [0, 0, 0, 0],
      [1, 1, 1, 1],
    ],
    bias: [0, -4 * t],
    shape: SHAPE,
  });
const flat = (grey: number) => [grey, grey, grey, grey];
const run = (greys: number[], systems = [threshold('half', 0.5)], options: object = {}) =>
  runSuite(consistency, {
    systems,
    datasets: [memoryDataset({ images: greys.map(flat), shape: SHAPE })],
    options: { sequences: ['brightness'], frames: 4, resamples: 100, ...options },
  });

describe('the suite consistency', () => {
  it('counts flips of frames that follow each other', async () => {
    // Frames add -0.15, -0.05, 0.05, 0.15: 0.52 crosses 0.5 once, the others never.
    const outcome = await run([0.1, 0.52, 0.9]);
    expect(sheetOf(outcome).map(({ flips, steady }) => [Number(flips), steady])).toEqual([
      [0, true],
      [1 / 3, false],
      [0, true],
    ]);
    expect(measureOf(outcome, 'flip-probability').value).toBeCloseTo(1 / 9, 12);
    expect(measureOf(outcome, 'mean-flip-probability').value).toBeCloseTo(1 / 9, 12);
    expect(measureOf(outcome, 'steady-share').value).toBeCloseTo(2 / 3, 12);
    expect(outcome.summary.tables?.[0].rows[0].most).toBe(1);
  });

  it('finds the most changes among as many images as test sets have', () => {
    const changes = new Int32Array(300_000).fill(1, 7, 8);
    const none = { value: 0, n: changes.length };
    const result = {
      flips: { system: { name: 'half' }, n: changes.length, sequences: ['rotate'], changes },
      ...{ each: [none], mean: none, steady: none },
    } as unknown as ConsistencyResult;
    const table = consistencyTable({ name: 'large' } as DatasetInfo, [result], 4);
    expect(table.rows[0].most).toBe(1);
  });

  it('compares noise with the image itself, so that a flip back is no flip', async () => {
    const grey = 0.501;
    const frames = 6;
    const outcome = await run([grey], undefined, { sequences: ['gaussian-noise'], frames });
    let flips = 0;
    for (let step = 1; step < frames; step++) {
      const noise = new Float64Array(4);
      stream({ seed: 0, purpose: 'sequence/gaussian-noise', example: 0, step }).normals(noise);
      if (noise.reduce((sum, z) => sum + Math.fround(Math.fround(grey) + 0.04 * z), 0) <= 2) flips++;
    }
    expect(flips).toBeGreaterThan(0);
    expect(measureOf(outcome, 'flip-probability').value).toBeCloseTo(flips / (frames - 1), 12);
  });

  it('divides by the flips of a reference', async () => {
    const greys = [0.42, 0.48, 0.52, 0.58, 0.3, 0.66];
    const systems = [threshold('half', 0.5), threshold('dark', 0.35)];
    const outcome = await run(greys, systems, { reference: 'dark' });
    const of = (model: string) => measureOf(outcome, 'flip-probability', { model }).value ?? Number.NaN;
    expect(measureOf(outcome, 'mean-flip-rate', { model: 'half' }).value).toBeCloseTo(
      of('half') / of('dark'),
      12,
    );
    expect(measureOf(outcome, 'mean-flip-rate', { model: 'dark' }).interval).toEqual([1, 1]);
    const steady = await run(greys, [...systems, threshold('never', 3)], { reference: 'never' });
    expect(measureOf(steady, 'mean-flip-rate', { model: 'half' }).value).toBeNull();
    expect(codes(steady)).toContain('reference-without-errors');
  });

  it('refuses a reference that there is not, and a sequence that there is not', async () => {
    await expect(run([0.5], undefined, { reference: 'haf' })).rejects.toMatchObject({ code: 'unknown-name' });
    await expect(run([0.5], undefined, { sequences: ['tilt'] })).rejects.toMatchObject({
      code: expect.any(String),
    });
  });
});
