// @module-tag slow
import { afterAll, describe, expect, it } from 'vitest';
import { BoundPrograms, type Method } from '../../src/bounds/certify.js';
import type { Boxes } from '../../src/bounds/network/ranges.js';
import { BOUNDS } from '../../src/bounds/rows/table.js';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { GraphBuilder } from '../../src/graph/build.js';
import type { Graph } from '../../src/graph/graph.js';
import { floats } from '../../src/graph/tensor.js';
import { stream } from '../../src/random/stream.js';
import { normals } from '../autodiff/finite-differences.js';
import { LAYERS, type Layer, PRODUCTS } from './layers.js';

const engine = createOrtEngine({ sessions: 1, threads: 1 });
afterAll(() => engine.close());

const SHAPE = [2, 4, 4];
const SIZE = 32;
const OUTPUTS = 3;

/** An image through layers, and a random linear layer on top. */
async function networkOf(layers: readonly Layer[]): Promise<Graph> {
  const b = new GraphBuilder();
  let x = b.input('x', 'float32', ['N', ...SHAPE]);
  for (const layer of layers) x = layer(b, x);
  const flat = b.op('Flatten', [x]);
  const probe = new GraphBuilder(b.build());
  probe.output(flat);
  const program = await engine.compile(probe.build());
  const width = (await program.run({ x: image(new Float32Array(SIZE)) }))[flat]!.dims[1]!;
  await program.release();
  const weight = b.constant(floats([width, OUTPUTS], normals('last', width * OUTPUTS)));
  b.outputAs(b.op('Gemm', [flat, weight, b.constant(floats([OUTPUTS], [0.3, -1, 2]))]), 'logits');
  return b.build();
}

const image = (data: Float32Array) => ({
  type: 'float32' as const,
  dims: [data.length / SIZE, ...SHAPE],
  data,
});

/** Rows +e_k and -e_k of every output. */
const ROWS = 2 * OUTPUTS;
const rowsOf = (n: number) =>
  Float32Array.from({ length: n * ROWS * OUTPUTS }, (_, i) => {
    const [row, output] = [Math.floor(i / OUTPUTS) % ROWS, i % OUTPUTS];
    return row % OUTPUTS === output ? (row < OUTPUTS ? 1 : -1) : 0;
  });

/** Boxes of several sizes around random images. */
function boxes(n: number): Boxes {
  const draws = stream({ seed: 0, purpose: 'test/boxes', example: 0 });
  const lower = new Float32Array(n * SIZE);
  const upper = new Float32Array(n * SIZE);
  for (let i = 0; i < n * SIZE; i++) {
    const x = draws.uniform();
    const radius = [0.001, 0.05, 0.3][Math.floor(i / SIZE) % 3]!;
    lower[i] = Math.max(0, x - radius);
    upper[i] = Math.min(1, x + radius);
  }
  return { n, lower, upper };
}

/** Balls in L2 around the middles of boxes, as far as these reach. */
function balls(n: number, radius: number): Boxes {
  const { lower, upper } = boxes(n);
  return { n, lower, upper, ball: { centre: lower.map((low, i) => (low + upper[i]!) / 2), radius } };
}

/** Points of a box: its corners and its inside; drawn towards the centre of its ball until they lie in it. */
function pointsOf({ lower, upper, ball }: Boxes, box: number, count: number): Float32Array {
  const draws = stream({ seed: 1, purpose: 'test/points', example: box });
  const points = Float32Array.from({ length: count * SIZE }, (_, i) => {
    const at = box * SIZE + (i % SIZE);
    const u = draws.uniform();
    const part = Math.floor(i / SIZE) % 2 === 0 ? Math.round(u) : u;
    return Math.min(upper[at]!, Math.max(lower[at]!, lower[at]! + part * (upper[at]! - lower[at]!)));
  });
  if (!ball) return points;
  const centre = ball.centre.subarray(box * SIZE, (box + 1) * SIZE);
  return points.map((x, i) => {
    const start = i - (i % SIZE);
    const far = Math.hypot(...centre.map((c, k) => points[start + k]! - c));
    return centre[i % SIZE]! + (x - centre[i % SIZE]!) * Math.min(1, (0.999999 * ball.radius) / far);
  });
}

const METHODS: readonly Method[] = ['ibp', 'crown-ibp', 'crown', 'alpha-crown'];

/** Few steps of alpha-CROWN: any number of them must hold. */
const ITERATIONS = 4;

async function bounded(graph: Graph, method: Method, own = boxes(6)) {
  const programs = await BoundPrograms.of(engine, { graph, pixels: 'x', shape: SHAPE, logits: 'logits' });
  const found = await programs.lowerBounds(own, rowsOf(own.n), ROWS, method, ITERATIONS);
  await programs.close();
  return { own, ...found };
}

/** Of each box, what each row takes at least at its points. */
async function least(graph: Graph, own: Boxes, count: number): Promise<Float64Array> {
  const program = await engine.compile(graph);
  const seen = new Float64Array(own.n * ROWS).fill(Number.POSITIVE_INFINITY);
  for (let box = 0; box < own.n; box++) {
    const logits = (await program.run({ x: image(pointsOf(own, box, count)) })).logits!;
    const values = logits.data as Float32Array;
    for (let i = 0; i < count; i++)
      for (let row = 0; row < ROWS; row++) {
        const value = (row < OUTPUTS ? 1 : -1) * values[i * OUTPUTS + (row % OUTPUTS)]!;
        seen[box * ROWS + row] = Math.min(seen[box * ROWS + row]!, value);
      }
  }
  await program.release();
  return seen;
}

const cases = [...BOUNDS.keys()].flatMap((op) => (LAYERS[op] ?? []).map((layer, i) => ({ op, i, layer })));

describe('the table of bounds', () => {
  it('has a network for every row', () => {
    expect([...BOUNDS.keys()].filter((op) => !LAYERS[op]?.length)).toEqual([]);
    expect(Object.keys(LAYERS).filter((op) => !BOUNDS.has(op))).toEqual([]);
  });

  it.each(cases)('$op, $i: no point of a box has less than its bound', async ({ layer }) => {
    const graph = await networkOf([layer]);
    let seen: Float64Array | undefined;
    for (const method of ['ibp', 'crown-ibp', 'crown'] as const) {
      const { own, bound, rounding } = await bounded(graph, method);
      seen ??= await least(graph, own, 200);
      for (let i = 0; i < bound.length; i++) {
        expect(Number.isFinite(bound[i])).toBe(true);
        expect(bound[i]! - rounding[i]!).toBeLessThanOrEqual(seen[i]!);
      }
    }
  });

  const straight = cases.filter(({ op }) => BOUNDS.get(op)?.kind === 'affine');
  it.each(straight)('$op, $i: the bound of an affine network is attained', async ({ layer }) => {
    const graph = await networkOf([layer]);
    const program = await engine.compile(graph);
    const { own, bound, rounding } = await bounded(graph, 'crown');
    const ibp = await bounded(graph, 'ibp');
    // The corner that each output's slopes point away from: one image for each pixel, moved alone.
    const moved = new Float32Array((SIZE + 1) * SIZE).fill(0.5);
    for (let i = 0; i < SIZE; i++) moved[i * SIZE + i] = 1;
    const slopes = (await program.run({ x: image(moved) })).logits!.data as Float32Array;
    for (let box = 0; box < own.n; box++)
      for (let row = 0; row < ROWS; row++) {
        const [sign, output] = [row < OUTPUTS ? 1 : -1, row % OUTPUTS];
        const corner = Float32Array.from({ length: SIZE }, (_, i) =>
          sign * (slopes[i * OUTPUTS + output]! - slopes[SIZE * OUTPUTS + output]!) > 0
            ? own.lower[box * SIZE + i]!
            : own.upper[box * SIZE + i]!,
        );
        const value =
          sign * ((await program.run({ x: image(corner) })).logits!.data as Float32Array)[output]!;
        const at = box * ROWS + row;
        for (const exact of [bound[at]!, ibp.bound[at]!])
          expect(Math.abs(exact - value)).toBeLessThan(1e-4 * (1 + Math.abs(value)));
        expect(rounding[at]).toBeLessThan(2e-2 * (1 + Math.abs(value)));
      }
    await program.release();
  });

  it.each(Object.entries(PRODUCTS))(
    'a product %s: no point of a box has less than its bound',
    async (_, layer) => {
      const graph = await networkOf([layer]);
      for (const around of [boxes(6), balls(6, 0.1)]) {
        const seen = await least(graph, around, 2000);
        for (const method of METHODS) {
          const { bound, rounding } = await bounded(graph, method, around);
          for (let i = 0; i < bound.length; i++) {
            expect(Number.isFinite(bound[i])).toBe(true);
            expect(bound[i]! - rounding[i]!).toBeLessThanOrEqual(seen[i]!);
          }
        }
      }
    },
  );

  it('holds for networks of many layers, at random', async () => {
    const kinds = Object.entries(LAYERS).filter(([op]) =>
      [
        'Conv',
        'Relu',
        'LeakyRelu',
        'Silu',
        'Sigmoid',
        'Tanh',
        'Elu',
        'Abs',
        'Add',
        'BatchNormalization',
        'Clip',
      ].includes(op),
    );
    for (let network = 0; network < 6; network++) {
      const draws = stream({ seed: 2, purpose: 'test/networks', example: network });
      const picked = Array.from({ length: 5 }, () => kinds[Math.floor(draws.uniform() * kinds.length)]![1]);
      // Layers that keep the shape: of several, the first.
      const layers = picked.map(
        ([layer]): Layer =>
          (b, x) => {
            const kept = layer!(b, x);
            return layer === LAYERS.Conv![0]
              ? b.op('Slice', [kept, b.ints([0]), b.ints([2]), b.ints([1])])
              : kept;
          },
      );
      const graph = await networkOf(layers);
      for (const around of [boxes(6), balls(6, 0.1)]) {
        const seen = await least(graph, around, 300);
        let crown: number[] | undefined;
        for (const method of ['ibp', 'crown-ibp', 'crown', 'alpha-crown'] as const) {
          const { bound, rounding } = await bounded(graph, method, around);
          const proved = Array.from(bound, (b, i) => b - rounding[i]!);
          for (const [i, least] of proved.entries()) expect(least).toBeLessThanOrEqual(seen[i]!);
          if (method === 'crown') crown = proved;
          // Climbing begins at the slopes of CROWN and keeps the best.
          if (method === 'alpha-crown')
            for (const [i, least] of proved.entries()) expect(least).toBeGreaterThanOrEqual(crown?.[i] ?? 0);
        }
      }
    }
  });

  it('bounds a ball by less than the box around it', async () => {
    const graph = await networkOf([LAYERS.Conv![0]!, LAYERS.Relu![0]!]);
    const ball = balls(6, 0.1);
    const { n, lower, upper } = ball;
    const inBall = await bounded(graph, 'crown', ball);
    const inBox = await bounded(graph, 'crown', { n, lower, upper });
    const gains = Array.from(inBall.bound, (b, i) => b - inBox.bound[i]!);
    for (const gain of gains) expect(gain).toBeGreaterThan(-1e-3);
    expect(gains.filter((gain) => gain > 0.1).length).toBeGreaterThan(ROWS);
  });

  /** auto_LiRPA's example: w1 = [[1, -1], [2, -1]], ReLU, w2 = [1, -1], x in [-1, 2] x [-2, 1]. */
  it.each([
    ['ibp', [-6, 4]],
    ['crown', [-3, 3]],
    ['crown-ibp', [-3, 3]],
    ['alpha-crown', [-3, 2]],
  ] as const)('gives the known answers of a small network: %s', async (method, [lower, upper]) => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', ['N', 2]);
    const hidden = b.op('Relu', [b.op('MatMul', [x, b.constant(floats([2, 2], [1, 2, -1, -1]))])]);
    b.outputAs(b.op('MatMul', [hidden, b.constant(floats([2, 1], [1, -1]))]), 'logits');
    const programs = await BoundPrograms.of(engine, {
      graph: b.build(),
      pixels: 'x',
      shape: [2],
      logits: 'logits',
    });
    const box = { n: 1, lower: Float32Array.of(-1, -2), upper: Float32Array.of(2, 1) };
    const { bound, rounding } = await programs.lowerBounds(box, Float32Array.of(1, -1), 2, method);
    expect([...bound]).toEqual([expect.closeTo(lower, 4), expect.closeTo(-upper, 4)]);
    for (const spare of rounding) expect(spare).toBeLessThan(1e-4);
    await programs.close();
  });

  it('names an operator that it has no row for', async () => {
    const graph = await networkOf([(b, x) => b.op('Sin', [x])]);
    await expect(
      BoundPrograms.of(engine, { graph, pixels: 'x', shape: SHAPE, logits: 'logits' }),
    ).rejects.toMatchObject({ code: 'op-unsupported', message: expect.stringContaining('Sin') });
  });
});
