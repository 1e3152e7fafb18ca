import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOrtEngine } from '../../../src/engines/ort/engine.js';
import { AssayError } from '../../../src/errors.js';
import { whyNoSequence } from '../../../src/gate/sequential.js';
import { GraphBuilder } from '../../../src/graph/build.js';
import { floats } from '../../../src/graph/tensor.js';
import { modelOf } from '../../../src/models/assemble.js';
import type { Model } from '../../../src/models/model.js';
import type { System } from '../../../src/models/system.js';
import { stream } from '../../../src/random/stream.js';
import { certified } from '../../../suites/certified/index.js';
import { memoryDataset } from '../helpers/memory-dataset.js';
import { measureOf, runSuite, sheetOf } from '../helpers/run-suite.js';

const SHAPE = [1, 3, 3] as const;
const SIZE = 9;
const CLASSES = 3;
const draws = stream({ seed: 3, purpose: 'test/certified', example: 0 });
const weights = Float32Array.from({ length: CLASSES * SIZE }, () => draws.uniform() - 0.5);
const images = Array.from({ length: 20 }, () => Array.from({ length: SIZE }, () => draws.uniform()));
const logits = (x: readonly number[]) =>
  Array.from({ length: CLASSES }, (_, k) =>
    x.reduce((sum, value, p) => sum + weights[k * SIZE + p]! * value, 0),
  );
// Some are mistaken.
const labels = images.map((x, i) => {
  const own = logits(x);
  return i % 5 === 0 ? (own.indexOf(Math.max(...own)) + 1) % CLASSES : own.indexOf(Math.max(...own));
});

/** The smallest margin in the box, of a linear network: at a corner. */
function exact(x: readonly number[], label: number, epsilon: number): number {
  const margins = Array.from({ length: CLASSES }, (_, j) => {
    if (j === label) return Number.POSITIVE_INFINITY;
    return x.reduce((sum, value, p) => {
      const slope = weights[label * SIZE + p]! - weights[j * SIZE + p]!;
      return sum + slope * (slope > 0 ? Math.max(0, value - epsilon) : Math.min(1, value + epsilon));
    }, 0);
  });
  return Math.min(...margins);
}

/**
 * The smallest margin in a ball of L2 and the box, of a linear network, by bisection: the least point is x - t slope, cut to the box,
 * for the t at which it lies on the ball.
 */
function exactInBall(x: readonly number[], label: number, radius: number): number {
  const margins = Array.from({ length: CLASSES }, (_, j) => {
    if (j === label) return Number.POSITIVE_INFINITY;
    const slopes = x.map((_, p) => weights[label * SIZE + p]! - weights[j * SIZE + p]!);
    const point = (t: number) => x.map((value, p) => Math.min(1, Math.max(0, value - t * slopes[p]!)));
    const far = (t: number) => Math.hypot(...point(t).map((y, p) => y - x[p]!));
    let [near, beyond] = [0, 1e6];
    for (let i = 0; i < 200; i++) {
      const t = (near + beyond) / 2;
      if (far(t) <= radius) near = t;
      else beyond = t;
    }
    return point(near).reduce((sum, y, p) => sum + slopes[p]! * y, 0);
  });
  return Math.min(...margins);
}

const engine = createOrtEngine({ sessions: 1, threads: 1 });
let model: Model;
beforeAll(async () => {
  const b = new GraphBuilder();
  const x = b.op('Flatten', [b.input('x', 'float32', ['N', ...SHAPE])]);
  const transposed = Float32Array.from(
    { length: SIZE * CLASSES },
    (_, i) => weights[(i % CLASSES) * SIZE + Math.floor(i / CLASSES)]!,
  );
  b.outputAs(b.op('MatMul', [x, b.constant(floats([SIZE, CLASSES], transposed))]), 'logits');
  model = await modelOf(
    b.build(),
    {
      name: 'linear',
      checkpoint: 'linear.onnx',
      input: { shape: [...SHAPE], range: [0, 1] },
      classes: CLASSES,
    },
    engine,
  );
});
afterAll(async () => {
  await model.close();
  await engine.close();
});

const run = (system: System, more: object = {}, chunk?: number) =>
  runSuite(certified, {
    systems: [system],
    datasets: [memoryDataset({ images, labels, shape: SHAPE })],
    options: { epsilons: ['0.05', '0.2'], methods: ['ibp', 'crown-ibp', 'crown'], ...more },
    ...(chunk && { chunk }),
  });

describe('the suite certified', () => {
  it('proves of a linear network exactly what holds, by every method', async () => {
    const outcome = await run(model);
    for (const epsilon of ['0.05', '0.2'])
      for (const method of ['ibp', 'crown-ibp', 'crown']) {
        const robust = images.map((x, i) => exact(x, labels[i]!, Number(epsilon)) > 0);
        const found = measureOf(outcome, 'certified-accuracy', { epsilon, method });
        expect(found.value).toBe(robust.filter(Boolean).length / images.length);
        expect(found.bound).toBe('lower');
        // Of all images: a gate on it may be decided by some of them.
        expect(whyNoSequence(found)).toBeUndefined();
        // PGD finds the corner of a linear network, so that nothing is undecided.
        expect(measureOf(outcome, 'attacked-accuracy', { epsilon, method })).toMatchObject({
          value: found.value,
          bound: 'upper',
        });
        expect(measureOf(outcome, 'undecided-share', { epsilon, method }).value).toBe(0);
      }
    const rows = sheetOf(outcome);
    expect(rows).toHaveLength(2 * 3 * images.length);
    for (const { epsilon, index, margin, rounding } of rows) {
      const known = exact(images[Number(index)]!, labels[Number(index)]!, Number(epsilon));
      expect(Number(margin)).toBeLessThanOrEqual(known);
      expect(Number(margin)).toBeGreaterThan(known - 2e-5);
      expect(Number(rounding)).toBeGreaterThan(0);
    }
  });

  it('proves of a linear network what holds in a ball of L2, cut to the box', async () => {
    const outcome = await run(model, {
      norm: 'L2',
      epsilons: ['0.3'],
      methods: ['crown', 'alpha-crown'],
      iterations: 2,
    });
    const rows = sheetOf(outcome);
    expect(rows).toHaveLength(2 * images.length);
    for (const { index, margin } of rows) {
      const known = exactInBall(images[Number(index)]!, labels[Number(index)]!, 0.3);
      expect(Number(margin)).toBeLessThanOrEqual(known + 1e-9);
      expect(Number(margin)).toBeGreaterThan(known - 2e-5);
    }
    for (const method of ['crown', 'alpha-crown'])
      expect(measureOf(outcome, 'certified-accuracy', { method }).value).toBe(
        images.filter((x, i) => exactInBall(x, labels[i]!, 0.3) > 0).length / images.length,
      );
  });

  it('gives the same numbers whatever the units', async () => {
    const strip = async (chunk?: number) => (await run(model, {}, chunk)).summary.measures;
    expect(await strip(3)).toEqual(await strip());
  });

  it('takes both numbers back where an attack breaks what is proved', async () => {
    const lying: System = {
      info: model.info,
      batchSize: model.batchSize,
      concurrency: model.concurrency,
      evaluate: model.evaluate.bind(model),
      forward: model.forward.bind(model),
      gradient: model.gradient.bind(model),
      marginBounds: async ({ n }) => ({
        margin: new Float64Array(n).fill(1),
        rounding: new Float64Array(n),
        passes: { forward: n, gradient: 0 },
      }),
    };
    await expect(run(lying)).rejects.toMatchObject({
      code: 'suite-failed',
      message: expect.stringContaining('contradict'),
      details: { found: expect.stringContaining('example'), path: 'linear on test, Linf 0.05' },
    });
  });

  it('notes a model of which nothing is proved', async () => {
    const outcome = await run(model, { epsilons: ['0.9'], methods: ['ibp'] });
    expect(outcome.summary.warnings?.map(({ code }) => code)).toContain('nothing-certified');
  });

  /** The model, with margins that it is told. */
  const telling = (bounds: NonNullable<System['marginBounds']>): System => ({
    info: model.info,
    batchSize: model.batchSize,
    concurrency: model.concurrency,
    evaluate: model.evaluate.bind(model),
    forward: model.forward.bind(model),
    gradient: model.gradient.bind(model),
    marginBounds: bounds,
  });

  /** That margin for images that are right. */
  const rightOf = (pixels: Float32Array, own: Int32Array = new Int32Array(0), margin = 0) =>
    Float64Array.from(own, (label, i) =>
      exact([...pixels.subarray(i * SIZE, (i + 1) * SIZE)], label, 0) > 0 ? margin : Math.min(margin, 0),
    );

  it.each([
    ['ibp', -1e3],
    ['crown-ibp', -1e3],
    ['crown', -1e12],
    ['alpha-crown', Number.NEGATIVE_INFINITY],
  ])('says after the first images that %s proves nothing, and bounds no others', async (method, least) => {
    const asked = new Set<string>();
    const outcome = await run(
      telling(async ({ n, pixels }) => {
        for (let i = 0; i < n; i++) asked.add(pixels.subarray(i * SIZE, (i + 1) * SIZE).join());
        return {
          margin: new Float64Array(n).fill(least),
          rounding: new Float64Array(n),
          passes: { forward: n, gradient: n },
        };
      }),
      { methods: [method] },
    );
    // Of the first eight, those that are right.
    expect(asked.size).toBeLessThanOrEqual(8);
    expect(outcome.summary.warnings).toContainEqual(
      expect.objectContaining({
        code: 'nothing-certified',
        message: expect.stringContaining('bounds were stopped after the first 8 images'),
        fix: expect.stringContaining('smoothing'),
      }),
    );
    expect(measureOf(outcome, 'certified-accuracy', { epsilon: '0.05' }).value).toBe(0);
    expect(sheetOf(outcome).every(({ margin }) => margin === null)).toBe(true);
  });

  it.each([
    ['ibp', '0.05'],
    ['crown', '0.2'],
  ])(
    'refuses a network with a step that nothing bounds in the same words, whatever is asked: %s at %s',
    async (method, epsilon) => {
      const unbounded = telling(async () => {
        throw new AssayError('op-unsupported', 'no bounds for Foo');
      });
      // The runner lists what is refused once for each text.
      await expect(run(unbounded, { methods: [method], epsilons: [epsilon] })).rejects.toMatchObject({
        refusal: { what: 'a lower bound of the margin', reason: 'no bounds for Foo' },
      });
    },
  );

  it('tries lines inside where intervals fall below by less', async () => {
    const outcome = await run(
      telling(async ({ n, pixels, labels: own }, { method }) => ({
        margin: rightOf(pixels, own, method === 'ibp' ? -1e4 : 1e-3),
        rounding: new Float64Array(n),
        passes: { forward: n, gradient: n },
      })),
      { methods: ['crown'], epsilons: ['0.0001'], attack: 'fgsm' },
    );
    expect(measureOf(outcome, 'certified-accuracy').value).toBe(0.8);
  });

  it('shades what is neither proved by any method nor broken', async () => {
    const epsilons = ['0.0001', '0.001', '0.01'];
    const outcome = await run(
      telling(async ({ n, pixels, labels: own }, { method, epsilon }) => ({
        margin: rightOf(pixels, own, epsilon > (method === 'ibp' ? 1e-4 : 1e-3) ? -1 : 1),
        rounding: new Float64Array(n),
        passes: { forward: n, gradient: n },
      })),
      { epsilons, methods: ['crown', 'ibp'], attack: 'fgsm' },
    );
    const [figure] = outcome.summary.figures ?? [];
    if (figure?.kind !== 'lines') throw new Error('no curve');
    const [left] = figure.series.filter(({ variant }) => variant === 'not broken');
    expect(left?.points[2]?.y).toBeGreaterThan(0);
    expect(figure.band?.areas).toEqual([
      {
        name: 'linear',
        points: epsilons.map((epsilon, k) => ({
          x: Number(epsilon),
          lo: [0.8, 0.8, 0][k],
          hi: left?.points[k]?.y,
        })),
      },
    ]);
  });

  it('has what is proved in a ball proved in every smaller one', async () => {
    const outcome = await run(
      telling(async ({ n, pixels, labels: own }, { epsilon }) => ({
        margin: rightOf(pixels, own, epsilon === 1e-4 ? 0.5 : epsilon === 1e-5 ? -0.1 : -1),
        rounding: new Float64Array(n),
        passes: { forward: n, gradient: n },
      })),
      { epsilons: ['0.00001', '0.0001', '0.001'], methods: ['crown'], attack: 'fgsm' },
    );
    const proved = (epsilon: string) => measureOf(outcome, 'certified-accuracy', { epsilon }).value;
    expect(['0.00001', '0.0001', '0.001'].map(proved)).toEqual([0.8, 0.8, 0]);
  });
});
