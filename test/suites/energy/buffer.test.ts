import { describe, expect, it } from 'vitest';
import { NoisySystem } from '../../../src/models/defences/noise.js';
import { NotFinite } from '../../../src/models/finite.js';
import type { System } from '../../../src/models/system.js';
import { energy } from '../../../suites/energy/index.js';
import { linearSystem } from '../helpers/linear-system.js';
import { memoryDataset } from '../helpers/memory-dataset.js';
import { quadraticSystem } from '../helpers/quadratic-system.js';
import { codes, measureOf, runSuite } from '../helpers/run-suite.js';

const test = memoryDataset({
  name: 'test',
  images: [
    [0.4, 0.5],
    [0.5, 0.7],
  ],
});
const CHEAP = {
  path: { examples: 0 },
  lipschitz: { examples: 0 },
  resamples: 100,
  permutations: 99,
  gradients: false,
  traces: { chains: 0 },
};

const run = (chains: readonly number[], options: object = {}) =>
  runSuite(energy, {
    systems: [quadraticSystem({ curvature: 2, chains: Float32Array.from(chains) })],
    datasets: [test],
    options: { ...CHEAP, ...options },
  });

const sheet = (found: Awaited<ReturnType<typeof run>>) => {
  const own = found.summary.examples?.find(({ name }) => name === 'energy-buffer');
  return Array.from(own?.rows ?? [], (row) =>
    Object.fromEntries((own?.columns ?? []).map((column, i) => [column, row[i]])),
  );
};

describe('replay buffers', () => {
  it('are looked at image by image', async () => {
    const found = await run([0.5, 0.5, 0, 1.5, 0.5, 1, 0.25, 0.75]);
    // log p(x) of four images: 0, -1.25, -0.25, -0.125.
    expect(measureOf(found, 'buffer-log-px')).toMatchObject({ n: 4, params: { images: 'replay buffer' } });
    expect(measureOf(found, 'buffer-log-px').value).toBeCloseTo(-1.625 / 4, 6);
    const saturated = measureOf(found, 'buffer-saturated');
    expect(saturated.value).toBeCloseTo((1 + 0.5) / 4, 6);
    expect(saturated.interval?.[0]).toBe(0);
    expect(sheet(found).map(({ outside }) => outside)).toEqual([0, 0.5, 0, 0]);
    expect(measureOf(found, 'buffer-copies').value).toBe(0);
    expect(codes(found)).not.toContain('buffer-copies');
    expect(codes(found)).not.toContain('buffer-not-finite');
    const figure = found.summary.figures![0]!;
    expect(figure.kind === 'histogram' && figure.series.map(({ name }) => name)).toEqual([
      'test',
      'replay buffer',
    ]);
  });

  it('with NaN and copies raise flags, and their other images are measured', async () => {
    const found = await run([0.5, Number.NaN, 0.5, 0.5, 0.5, 0.5, Number.POSITIVE_INFINITY, 0]);
    expect(codes(found)).toEqual(expect.arrayContaining(['buffer-copies', 'buffer-not-finite']));
    expect(measureOf(found, 'buffer-not-finite').value).toBe(0.5);
    expect(measureOf(found, 'buffer-copies').value).toBe(0.25);
    expect(measureOf(found, 'buffer-log-px')).toMatchObject({ value: 0, n: 2 });
    expect(sheet(found).map(({ asked, copy }) => [asked, copy])).toEqual([
      [false, false],
      [true, false],
      [true, true],
      [false, false],
    ]);
  });

  it('with images for which the system gives no number are measured but for these', async () => {
    const bowl = quadraticSystem({ curvature: 2, chains: Float32Array.of(0.5, 0.5, 9, 0.5, 0.5, 1.5, 9, 9) });
    const system: System = {
      ...bowl,
      forward(batch) {
        if (batch.pixels.includes(9)) throw new NotFinite('log p(x) is Infinity');
        return bowl.forward(batch);
      },
    };
    const found = await runSuite(energy, { systems: [system], datasets: [test], options: CHEAP });
    expect(measureOf(found, 'buffer-log-px')).toMatchObject({ value: -0.5, n: 2 });
    expect(sheet(found).map(({ log_px }) => log_px)).toEqual([0, null, -1, null]);
    expect(measureOf(found, 'buffer-not-finite').value).toBe(0);
  });

  it('are the bare model’s: a defence of it has none', async () => {
    const bowl = quadraticSystem({ curvature: 2, chains: Float32Array.of(0.5, 0.5) });
    const noisy = new NoisySystem(bowl, { std: 0.1 }, 'noisy');
    const found = await runSuite(energy, { systems: [bowl, noisy], datasets: [test], options: CHEAP });
    expect(sheet(found).map(({ model }) => model)).toEqual(['bowl']);
  });

  it('are asked evenly where only some images are, which the measure says', async () => {
    const images = Array.from({ length: 20 }, (_, at) => at / 20);
    const found = await run(images, { buffer: 5 });
    expect(sheet(found).flatMap(({ asked, index }) => (asked ? [index] : []))).toEqual([0, 2, 4, 6, 8]);
    expect(measureOf(found, 'buffer-log-px').note).toBe('5 of 10 images, evenly');
    expect((await run(images, { buffer: 0 })).summary.examples).toHaveLength(1);
  });
});

describe('flags of the energy', () => {
  const on = (weights: readonly number[], bias: number, images: readonly (readonly number[])[]) =>
    runSuite(energy, {
      systems: [linearSystem({ weights: [weights], bias: [bias], energy: 'output' })],
      datasets: [memoryDataset({ name: 'test', images })],
      options: CHEAP,
    });

  it('are raised for values that no training leaves, and for values at a bound', async () => {
    expect(codes(await on([1e10], 0, [[0.1], [0.2]]))).toContain('energy-diverged');
    const tied = await on([1], 0, [[0.5], [0.5], [0.5], [0.1], [0.2]]);
    expect(codes(tied)).toContain('energy-saturated');
    const sound = codes(await on([1], 0, [[0.5], [0.4], [0.3]]));
    for (const code of ['energy-diverged', 'energy-saturated', 'energy-collapsed'])
      expect(sound).not.toContain(code);
  });
});
