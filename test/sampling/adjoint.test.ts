import { afterAll, describe, expect, it } from 'vitest';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { GraphBuilder, int } from '../../src/graph/build.js';
import type { Graph } from '../../src/graph/graph.js';
import { floats } from '../../src/graph/tensor.js';
import type { System } from '../../src/models/system.js';
import { type RecordedChains, recordChains } from '../../src/sampling/adjoint.js';
import { type SgldState, sgld } from '../../src/sampling/sgld.js';
import { type ChainOptions, stepsAgain } from '../../src/sampling/tape.js';
import {
  convolutional,
  convolutionalCard,
  energyCard,
  normals,
  open,
  PIXELS,
  SHAPE,
  uniforms,
} from '../models/networks.js';
import { relativeError } from '../models/npz.js';

const engine = createOrtEngine({ sessions: 1 });
afterAll(() => engine.close());

/** Symmetric, with eigenvalues of both signs, of about 1. */
const A = (() => {
  const raw = normals('quadratic', PIXELS * PIXELS, 0.3);
  return Float32Array.from(
    raw,
    (value, at) => (value + raw[(at % PIXELS) * PIXELS + Math.floor(at / PIXELS)]!) / 2,
  );
})();

/** E(x) = x' A x / 2. */
function quadratic(): Graph {
  const b = new GraphBuilder();
  const x = b.op('Flatten', [b.input('x', 'float32', ['N', ...SHAPE])], { axis: int(1) });
  const product = b.op('MatMul', [x, b.constant(floats([PIXELS, PIXELS], A), 'A')]);
  const sum = b.op('ReduceSum', [b.op('Mul', [x, product]), b.ints([1])], { keepdims: int(1) });
  b.outputAs(b.op('Mul', [sum, b.scalar(0.5)]), 'energy', 'float32', ['N', 1]);
  return b.build();
}

/** (I - a A)^k v in double precision, of rows of v. */
function contracted(v: Float32Array, a: number, k: number): Float64Array {
  let rows = Float64Array.from(v);
  for (let step = 0; step < k; step++)
    rows = rows.map((value, at) => {
      const [i, j] = [Math.floor(at / PIXELS), at % PIXELS];
      let product = 0;
      for (let m = 0; m < PIXELS; m++) product += A[j * PIXELS + m]! * rows[i * PIXELS + m]!;
      return value - a * product;
    });
  return rows;
}

const startOf = (n: number, size: number, labels = false): SgldState => ({
  n,
  pixels: uniforms('starts', n * size),
  keys: Array.from({ length: n }, (_, example) => ({ seed: 7, purpose: 'test/adjoint', example })),
  ...(labels && { labels: Int32Array.from({ length: n }, (_, i) => i % 5) }),
});

describe('the gradient through chains of a quadratic energy', () => {
  const options: ChainOptions = { stepSize: 0.1, noise: 0.01, clamp: 'none', steps: 20 };

  it.each([
    { range: [0, 1] as [number, number], steps: 20 },
    { range: [-1, 1] as [number, number], steps: 20 },
    { range: [0, 1] as [number, number], steps: 1 },
    { range: [0, 1] as [number, number], steps: 0 },
  ])('is (I - a A)^K v: $steps steps, input range $range', async ({ range, steps }) => {
    const system = await open(engine, quadratic(), energyCard, { input: { shape: [...SHAPE], range } });
    const v = normals('v', 3 * PIXELS);
    const recorded = await recordChains(system, startOf(3, PIXELS), { ...options, steps });
    const { gradient } = await recorded.back(v);
    expect(relativeError(gradient, contracted(v, options.stepSize, steps))).toBeLessThan(1e-5);
    await system.close();
  });

  it.each([1, 4, 20, 32, 50, 1100])(
    'keeps 32 states and few more, of long chains 2 sqrt(K), and counts its passes: %i steps',
    async (steps) => {
      const system = await open(engine, quadratic(), energyCard);
      const n = 3;
      const recorded = await recordChains(system, startOf(n, PIXELS), { ...options, stepSize: 1e-3, steps });
      expect(recorded.passes).toEqual({ forward: 0, gradient: n * steps });
      const { passes } = await recorded.back(normals('v', n * PIXELS));
      expect(passes).toEqual({ forward: 0, gradient: n * (2 * steps + stepsAgain(steps)) });
      const stretch = Math.max(32, Math.ceil(Math.sqrt(steps)));
      expect(recorded.peak()).toBeLessThanOrEqual(Math.min(steps, stretch + Math.ceil(steps / stretch)));
      if (steps <= 32) expect(stepsAgain(steps)).toBe(0);
      await system.close();
    },
  );

  it('shows every gradient on the way', async () => {
    const system = await open(engine, quadratic(), energyCard);
    const v = normals('v', 2 * PIXELS);
    const seen: number[] = [];
    const recorded = await recordChains(system, startOf(2, PIXELS), { ...options, steps: 6 });
    await recorded.back(v, (step, gradient) => {
      seen.push(step);
      expect(relativeError(gradient, contracted(v, options.stepSize, 6 - step))).toBeLessThan(1e-5);
    });
    expect(seen).toEqual([6, 5, 4, 3, 2, 1, 0]);
    await system.close();
  });

  /** At the origin chains stay where they are, whatever the step size; gradients do not. */
  const still = () => ({ ...startOf(2, PIXELS), pixels: new Float32Array(2 * PIXELS) });

  it('keeps its direction where it explodes, and stays a number', async () => {
    const system = await open(engine, quadratic(), energyCard);
    const [stepSize, steps] = [1000, 40];
    const v = normals('exploding', 2 * PIXELS);
    const recorded = await recordChains(system, still(), { ...options, noise: 0, stepSize, steps });
    const { gradient } = await recorded.back(v);
    const exact = contracted(v, stepSize, steps);
    const chain = <T extends Float32Array | Float64Array>(values: T, i: number) =>
      [...values].slice(i * PIXELS, (i + 1) * PIXELS);
    for (const i of [0, 1]) {
      const [ours, theirs] = [chain(gradient, i), chain(exact, i)];
      expect(Math.max(...theirs.map(Math.abs))).toBeGreaterThan(1e40);
      expect(Math.max(...ours.map(Math.abs)) / 1e20).toBeCloseTo(1, 5);
      const dot = (a: number[], b: number[]) => a.reduce((sum, value, k) => sum + value * b[k]!, 0);
      const cosine = dot(ours, theirs) / Math.sqrt(dot(ours, ours)) / Math.sqrt(dot(theirs, theirs));
      expect(cosine).toBeGreaterThan(0.9999);
    }
    await system.close();
  });

  it('names the example for which a step takes it out of float32', async () => {
    const system = await open(engine, quadratic(), energyCard);
    const recorded = await recordChains(system, still(), { ...options, noise: 0, stepSize: 1e25, steps: 4 });
    const v = new Float32Array(2 * PIXELS).fill(1, PIXELS);
    await expect(recorded.back(v)).rejects.toMatchObject({
      code: 'model-invalid',
      message: expect.stringContaining('back through SGLD step'),
      details: { path: 'example 1', hint: expect.stringContaining('straight-through') },
    });
    await system.close();
  });
});

describe('the gradient through chains of a network', () => {
  const options: ChainOptions = { stepSize: 0.02, noise: 0.01, clamp: 'none', steps: 5 };
  /** Of <w, x_K> with respect to x_0 along a direction, by the chains themselves. */
  async function differences(
    system: System,
    start: SgldState,
    w: Float32Array,
    u: Float32Array,
    of: ChainOptions,
  ) {
    const at = async (h: number) => {
      const state = { ...start, pixels: start.pixels.map((x, j) => x + h * u[j]!) };
      await sgld(system, state, of);
      return dot(w, state.pixels);
    };
    const h = of.clamp === 'box' ? 3e-4 : 4e-3;
    return (8 * ((await at(h)) - (await at(-h))) - ((await at(2 * h)) - (await at(-2 * h)))) / (12 * h);
  }

  const cases: [string, Partial<ChainOptions>][] = [
    ['up log p(x)', {}],
    ['kept in the box', { clamp: 'box', noise: 0.1, stepSize: 0.2 }],
    ['at a temperature', { temperature: 0.25 }],
    ['with every gradient cut to a norm', { clip: 0.5, stepSize: 0.2 }],
    ['with a norm that no gradient reaches', { clip: 1e3 }],
    ['up log p(x|y)', { target: 'log-pxy' }],
    [
      'up log p(y|x), cut and kept in the box',
      { target: 'log-py-x', clip: 0.3, clamp: 'box', stepSize: 0.3 },
    ],
  ];
  it.each(cases)('%s is that of differences', async (_, more) => {
    const system = await open(engine, convolutional(), convolutionalCard, {
      input: { shape: [1, 8, 8], range: [-1, 1] },
    });
    const of = { ...options, ...more };
    const n = 4;
    const w = normals('w', n * 64);
    // Where the box clips there are kinks: of few pixels that move a little, none passes one.
    const moving = (j: number) => of.clamp === 'none' || j % 9 === 0;
    const u = normals('u', n * 64).map((value, j) => (moving(j) ? value : 0));
    const start = () => startOf(n, 64, true);
    const recorded: RecordedChains = await recordChains(system, start(), of);
    const { gradient } = await recorded.back(w);
    const numeric = await differences(system, start(), w, u, of);
    expect(Math.abs(dot(gradient, u) - numeric)).toBeLessThan(1e-3 * (1 + Math.abs(numeric)));
    // The chains matter: taken for the identity they would give something else.
    if (of.stepSize > 0.1) expect(Math.abs(dot(w, u) - numeric)).toBeGreaterThan(1e-2);
    await system.close();
  });

  it('is refused for a system without Hessian-vector products', async () => {
    const system = await open(engine, quadratic(), energyCard);
    const lacking: System = {
      ...bare(system),
      info: { ...system.info, lacks: { hessianProduct: 'Foo has none' } },
    };
    await expect(recordChains(lacking, startOf(1, PIXELS), options)).rejects.toMatchObject({
      code: 'op-unsupported',
      details: { found: 'Foo has none' },
    });
    await system.close();
  });
});

/** The contract of a system without its Hessian-vector products. */
const bare = (system: System): System => ({
  info: system.info,
  batchSize: system.batchSize,
  concurrency: system.concurrency,
  evaluate: (...given) => system.evaluate(...given),
  forward: (...given) => system.forward(...given),
  gradient: (...given) => system.gradient(...given),
});

const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a, (value, i) => value * b[i]!).reduce((sum, value) => sum + value, 0);
