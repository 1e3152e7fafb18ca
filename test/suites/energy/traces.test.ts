import { describe, expect, it } from 'vitest';
import { energy } from '../../../suites/energy/index.js';
import { traceFigures } from '../../../suites/energy/trace-views.js';
import { followed, meanAt } from '../../../suites/energy/traces.js';
import { linearSystem } from '../helpers/linear-system.js';
import { memoryDataset } from '../helpers/memory-dataset.js';
import { quadraticSystem } from '../helpers/quadratic-system.js';
import { codes, measureOf, runSuite } from '../helpers/run-suite.js';

/** What is not looked at here. */
const CHEAP = {
  path: { examples: 0 },
  lipschitz: { examples: 0 },
  resamples: 100,
  permutations: 99,
  gradients: false,
};

const images = [
  [0.1, 0.2],
  [0.9, 0.4],
  [0.3, 0.8],
  [0.6, 0.7],
  [0.2, 0.5],
];
const test = memoryDataset({ name: 'test', images, indices: [4, 2, 7, 1, 9] });
const bowl = quadraticSystem({ curvature: 2, inputScale: [2] });

const run = (traces: object, system = bowl, chunk = 7) =>
  runSuite(energy, { systems: [system], datasets: [test], options: { traces, ...CHEAP }, chunk });

const sheetNamed = async (found: ReturnType<typeof run>, name: string) => {
  const sheet = (await found).summary.examples?.find((one) => one.name === name);
  return Array.from(sheet?.rows ?? [], (row) =>
    Object.fromEntries((sheet?.columns ?? []).map((column, i) => [column, row[i]])),
  );
};

describe('chains of SGLD', () => {
  // In units of the input (2 x): the gradient in pixels over 4 a step, so that x - c shrinks by 1 - 0.4 * 2 / 4 = 0.8.
  const still = { start: ['data'], steps: [1, 6], stepSize: 0.4, noise: 1e-9, chains: 2 };

  it('are those of the closed form, in units of the input of the model', async () => {
    const found = await run(still);
    const offsets = images.slice(0, 2).map((image) => image.map((x) => x - 0.5));
    const squares = (offset: readonly number[]) => offset.reduce((sum, x) => sum + x * x, 0);
    const mean = (of: (offset: readonly number[]) => number) =>
      offsets.reduce((sum, offset) => sum + of(offset) / 2, 0);
    const shrunk = 0.8 ** 6;
    const value = (name: string) => measureOf(found, name, { steps: 6 }).value;
    expect(value('trace-log-px')).toBeCloseTo(
      mean((o) => -squares(o) * shrunk ** 2),
      6,
    );
    expect(value('trace-gradient-norm')).toBeCloseTo(
      mean((o) => Math.sqrt(squares(o)) * shrunk),
      6,
    );
    expect(value('trace-displacement')).toBeCloseTo(
      mean((o) => 2 * Math.sqrt(squares(o)) * (1 - shrunk)),
      5,
    );
    // The step over noise * sqrt(2).
    const drift = 0.4 * mean((o) => Math.sqrt(squares(o)) * shrunk);
    expect((value('trace-signal-to-noise') ?? 0) * 1e-9).toBeCloseTo(drift / Math.SQRT2, 5);
    expect(measureOf(found, 'trace-log-px', { steps: 6 })).toMatchObject({
      n: 2,
      method: 'student-t',
      params: { start: 'data', chains: 2, stepSize: 0.4, clamp: 'none' },
      rows: { sheet: 'energy-traces', where: { step: 6, start: 'data' } },
    });
    expect(measureOf(found, 'trace-outside', { steps: 1 }).value).toBe(0);
  });

  it('depend on their example and start alone, whatever the units, the batch and the order', async () => {
    const given = { start: ['uniform', 'data'], steps: [3], noise: 0.3, stepSize: 0.1, chains: 5 };
    const rows = (found: ReturnType<typeof run>) => sheetNamed(found, 'energy-traces');
    const apart = await rows(run(given, quadraticSystem({ curvature: 2, inputScale: [2], batchSize: 1 }), 2));
    expect(await rows(run(given))).toEqual(apart);
    expect(apart).toHaveLength(2 * 5 * 4);
    const [uniform, data] = ['uniform', 'data'].map((start) => apart.filter((row) => row.start === start));
    expect(uniform!.map(({ log_px }) => log_px)).not.toEqual(data!.map(({ log_px }) => log_px));
  });

  it('tell by R-hat whether they agree', async () => {
    // From everywhere, in one wide bowl whose chains move by no more than a hair.
    const stuck = await run({ start: ['data'], steps: [40], stepSize: 1e-6, noise: 1e-4, chains: 5 });
    expect(measureOf(stuck, 'trace-r-hat').value).toBeGreaterThan(1.5);
    expect(codes(stuck)).toContain('chains-not-mixed');
    // Langevin dynamics in it: noise^2 = 2 * step.
    const moving = await run({
      start: ['data'],
      steps: [600],
      stepSize: 0.5,
      noise: 1,
      chains: 5,
    });
    expect(measureOf(moving, 'trace-r-hat').value).toBeLessThan(1.05);
    expect(measureOf(moving, 'trace-ess').value).toBeGreaterThan(100);
    expect(measureOf(moving, 'trace-ess')).toMatchObject({ n: 5, interval: null, method: 'none' });
  });

  it('raise a flag where log p(x) has no top: chains that overflow, and chains that climb far above all images', async () => {
    const saddle = quadraticSystem({ name: 'saddle', curvature: -2 });
    const overflown = await run({ start: ['data'], steps: [200], stepSize: 1, chains: 3 }, saddle);
    expect(codes(overflown)).toContain('chains-diverge');
    expect(measureOf(overflown, 'trace-log-px')).toMatchObject({
      value: null,
      note: '3 of 3 chains diverged',
    });
    const rows = await sheetNamed(Promise.resolve(overflown), 'energy-traces');
    expect(rows[0]!.log_px).not.toBeNull();
    expect(rows[rows.length - 1]!.log_px).toBeNull();
    const ramp = quadraticSystem({ name: 'ramp', curvature: 0, slope: 1 });
    const climbed = await run({ start: ['uniform'], steps: [20], stepSize: 0.5, chains: 3 }, ramp);
    expect(codes(climbed)).toEqual(expect.arrayContaining(['chains-diverge', 'chains-leave-box']));
    const tame = codes(await run({ start: ['uniform'], steps: [20], stepSize: 0.1, chains: 3 }));
    for (const code of ['chains-diverge', 'chains-leave-box', 'chains-saturate'])
      expect(tame).not.toContain(code);
  });

  it('raise a flag where they run into the corners of the box', async () => {
    const ramp = quadraticSystem({ name: 'ramp', curvature: 0, slope: 1 });
    const cornered = await run({ steps: [20], stepSize: 0.5, chains: 3, clamp: 'box' }, ramp);
    expect(codes(cornered)).toContain('chains-saturate');
    expect(codes(cornered)).not.toContain('chains-leave-box');
    expect(measureOf(cornered, 'trace-saturated', { start: 'data' }).value).toBe(1);
  });

  it('have intervals of shares within [0, 1]', () => {
    const column = { shape: [3, 1], data: Float32Array.of(0, 0, 1) };
    const rows = { logPx: column, saturated: column, outside: column };
    const traced = { system: bowl.info, params: { steps: 0 }, collected: { rows, indices: [0, 1, 2] } };
    const intervalOf = (wanted: string) =>
      meanAt(traced as never, followed.find(({ id }) => id === wanted)!, 0).interval!;
    expect(intervalOf('saturated')).toEqual([0, 1]);
    expect(intervalOf('outside')).toEqual([0, 1]);
    expect(intervalOf('log-px')[0]).toBeLessThan(0);
  });

  it('have a line above the mean test image only where there is one', () => {
    const column = (value: number) => ({ shape: [1, 2], data: Float32Array.of(value, value) });
    const params = { start: 'data', steps: 1, stepSize: 1, noise: 1, clamp: 'none', temperature: 1 };
    const rows = {
      ...{ logPx: column(5), gradientNorm: column(1), displacement: column(2) },
      ...{ saturated: column(0), outside: column(0) },
    };
    const collected = { rows, indices: Int32Array.of(0) };
    const traced = { system: bowl.info, dataset: 'test', params, collected, lost: 0, looks: [{ steps: 1 }] };
    const drawn = (heights: object[]) =>
      traceFigures([traced as never], heights as never).map(({ id, series }) => [
        id,
        series[0]!.points[0]!.y,
      ]);
    const others = drawn([]);
    expect(others).toHaveLength(5);
    expect(drawn([{ system: bowl.info, logPx: Float64Array.of(2, 4) }])).toEqual([
      ['trace-log-px', 2],
      ...others,
    ]);
    expect(drawn([{ system: bowl.info, logPx: new Float64Array(0) }])).toEqual(others);
  });

  it('are skipped with 0 chains, and not applicable to stochastic systems', async () => {
    const none = await run({ chains: 0 });
    expect(none.summary.measures.filter(({ measure }) => measure.startsWith('trace-'))).toEqual([]);
    const noisy = linearSystem({
      name: 'noisy',
      weights: [
        [1, 0],
        [0, 1],
      ],
      noise: 0.1,
    });
    const found = await run({}, noisy);
    expect(found.summary.notApplicable).toContainEqual(
      expect.objectContaining({ what: 'chains of SGLD', reason: expect.stringContaining('stochastic') }),
    );
  });
});
