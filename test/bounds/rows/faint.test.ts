import { afterAll, describe, expect, it } from 'vitest';
import { BoundPrograms, type Method } from '../../../src/bounds/certify.js';
import { createOrtEngine } from '../../../src/engines/ort/engine.js';
import { float, GraphBuilder, ints } from '../../../src/graph/build.js';
import type { Graph } from '../../../src/graph/graph.js';
import { floats } from '../../../src/graph/tensor.js';

/** Constants that are lost when engines fold them into others, or by themselves where engines make 0 of what is so small. */
const engine = createOrtEngine({ sessions: 1, threads: 1 });
afterAll(() => engine.close());

const METHODS: readonly Method[] = ['ibp', 'crown-ibp', 'crown', 'alpha-crown'];
const CHANNELS = 8;

type Layer = (b: GraphBuilder, x: string) => string;

const all = (b: GraphBuilder, dims: number[], value: number) =>
  b.constant(floats(dims, new Float32Array(dims.reduce((product, d) => product * d, 1)).fill(value)));
/** 1e12 of a 1. */
const large: Layer = (b, x) => b.op('Mul', [b.op('Relu', [x]), b.scalar(1e12)]);
const conv =
  (weight: number): Layer =>
  (b, x) =>
    b.op('Conv', [x, all(b, [CHANNELS, CHANNELS, 1, 1], weight / CHANNELS)]);
const matmul =
  (weight: number): Layer =>
  (b, x) =>
    b.op('MatMul', [x, all(b, [CHANNELS, CHANNELS], weight / CHANNELS)]);
const normalized =
  (scale: number | readonly number[], mean = 0): Layer =>
  (b, x) =>
    b.op('BatchNormalization', [
      x,
      typeof scale === 'number' ? all(b, [CHANNELS], scale) : b.constant(floats([CHANNELS], [...scale])),
      all(b, [CHANNELS], 0),
      all(b, [CHANNELS], mean),
      all(b, [CHANNELS], 1 - 1e-5),
    ]);
const times =
  (factor: number): Layer =>
  (b, x) =>
    b.op('Mul', [x, b.scalar(factor)]);
const over =
  (divisor: number): Layer =>
  (b, x) =>
    b.op('Div', [x, b.scalar(divisor)]);
const then =
  (...layers: Layer[]): Layer =>
  (b, x) =>
    layers.reduce((value, layer) => layer(b, value), x);

const relu: Layer = (b, x) => b.op('Relu', [x]);
/** x times its own transpose, of numbers that two read. */
const squared: Layer = (b, x) => b.op('MatMul', [x, b.op('Transpose', [x], { perm: ints([0, 2, 1]) })]);

const IMAGE = [CHANNELS, 1, 1];
const ROW = [CHANNELS];

function graphOf(layer: Layer, shape: readonly number[]): Graph {
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', ['N', ...shape]);
  b.outputAs(b.op('Flatten', [layer(b, x)]), 'logits');
  return b.build();
}

/** Of the first output where all numbers are 1: what the engine gives, and between which numbers bounds have it. */
async function atOnes(layer: Layer, shape: readonly number[]) {
  const graph = graphOf(layer, shape);
  const ones = new Float32Array(CHANNELS).fill(1);
  const program = await engine.compile(graph);
  const { logits } = await program.run({ x: { type: 'float32', dims: [1, ...shape], data: ones } });
  await program.release();
  const programs = await BoundPrograms.of(engine, { graph, pixels: 'x', shape, logits: 'logits' });
  const outputs = logits!.data.length;
  const rows = new Float32Array(2 * outputs);
  [rows[0], rows[rows.length / 2]] = [1, -1];
  const ranges = new Map<Method, readonly [number, number]>();
  for (const method of METHODS) {
    const { bound, rounding } = await programs.lowerBounds(
      { n: 1, lower: ones, upper: ones },
      rows,
      2,
      method,
    );
    ranges.set(method, [bound[0]! - rounding[0]!, rounding[1]! - bound[1]!]);
  }
  await programs.close();
  return { value: (logits!.data as Float32Array)[0]!, ranges };
}

describe('constants that engines may lose', () => {
  // onnxruntime makes 0 of the first three.
  it.each<[string, readonly number[], Layer]>([
    ['Conv, Mul', IMAGE, then(large, conv(1e-25), times(1e-20), times(1e23))],
    ['Conv, BatchNormalization', IMAGE, then(large, conv(1e-25), normalized(1e-20), times(1e23))],
    ['MatMul, BatchNormalization', ROW, then(large, matmul(1e-25), normalized(1e-20), times(1e23))],
    ['BatchNormalization, Conv', IMAGE, then(large, normalized(1e-25), conv(1e-20), times(1e23))],
    ['MatMul, Mul', ROW, then(large, matmul(1e-25), times(1e-20), times(1e23))],
    ['Mul, Mul', ROW, then(large, times(1e-25), times(1e-20), times(1e23))],
    [
      'Mul, Div',
      ROW,
      then(large, times(1e-25), (b, x) => b.op('Div', [x, all(b, [CHANNELS], 1e20)]), times(1e23)),
    ],
    [
      'Gemm, by its alpha',
      ROW,
      then(
        large,
        (b, x) => b.op('Gemm', [x, all(b, [CHANNELS, CHANNELS], 1e-25 / CHANNELS)], { alpha: float(1e-20) }),
        times(1e23),
      ),
    ],
    ['Mul, a product with itself', [CHANNELS, 1], then(large, relu, times(1e-25), squared, times(1e28))],
    ['Conv of what is subnormal', IMAGE, then(large, conv(1e-40), times(1e23))],
    ['MatMul of what is subnormal', ROW, then(large, matmul(1e-40), times(1e23))],
    ['Mul by what is subnormal', ROW, then(large, times(1e-40), times(1e23))],
    ['BatchNormalization by what is subnormal', IMAGE, then(large, normalized(1e-40), times(1e23))],
    // The mean is as large as the value, and its product with the slope is lost with it, or by itself.
    ['BatchNormalization of a large mean', IMAGE, then(large, normalized(1e-40, -1e12), times(1e23))],
  ])('may be lost: %s', async (_, shape, layer) => {
    const { value, ranges } = await atOnes(layer, shape);
    for (const [method, [least, most]] of ranges) {
      // By themselves 1e-10, or 1e-5 where one is subnormal.
      expect([method, least <= 0, most >= 1e-5]).toEqual([method, true, true]);
      expect([method, least <= value, most >= value]).toEqual([method, true, true]);
    }
  });

  it.each<[string, readonly number[], Layer]>([
    // onnxruntime gives infinity.
    ['MatMul', ROW, then(times(1e20), matmul(1e-40), times(1e20))],
    ['Conv', IMAGE, then(conv(1e20), (b, x) => b.op('Identity', [x]), normalized(1e20), times(1e-30))],
    [
      'a product of values',
      [2, 2, 2],
      then(
        (b, x) =>
          b.op('MatMul', [
            b.op('Mul', [x, b.scalar(1e20)]),
            b.op('Mul', [b.op('Relu', [x]), b.scalar(1e-30)]),
          ]),
        times(1e20),
        times(1e-10),
      ),
    ],
    ['a product with itself', [CHANNELS, 1], then(times(1e-30), times(1e25), squared, times(1e-10))],
  ])('may overflow, and are refused: %s', async (_, shape, layer) => {
    const network = { graph: graphOf(layer, shape), pixels: 'x', shape, logits: 'logits' };
    await expect(BoundPrograms.of(engine, network)).rejects.toMatchObject({
      code: 'op-unsupported',
      message: expect.stringContaining('overflows'),
    });
  });

  // onnxruntime multiplies by numbers after a matrix product that come before it, and has infinity then.
  it.each<[string, readonly number[], Layer]>([
    ['a product with itself', [CHANNELS, 1], then(times(1e20), relu, times(1e-20), squared)],
    ['MatMul', [1, CHANNELS], then(times(1e30), relu, times(1e-20), matmul(1e15), times(1e-20))],
    ['Div, a product with itself', [CHANNELS, 1], then(times(1e20), relu, over(1e20), squared)],
    [
      'Mul, Mul, a product with itself',
      [CHANNELS, 1],
      then(times(1e20), relu, times(1e-10), times(1e-10), squared),
    ],
    [
      'a product of values, Mul, Mul, MatMul',
      [CHANNELS, 1],
      then(times(1e5), relu, squared, times(1e20), times(1e-20), matmul(1e12)),
    ],
  ])('may overflow before they are small, and nothing is proved: %s', async (_, shape, layer) => {
    const { value, ranges } = await atOnes(layer, shape);
    expect(value).toBe(Number.POSITIVE_INFINITY);
    for (const range of ranges.values())
      expect(range).toEqual([Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]);
  });

  it('a channel that is dead leaves the bounds of others as they are', async () => {
    const network = (scale: number) =>
      then(
        conv(1),
        normalized(Array.from({ length: CHANNELS }, (_, c) => (c === CHANNELS - 1 ? scale : 0.5))),
        (b, x) => b.op('Relu', [x]),
        conv(1),
      );
    const [dead, none] = [
      (await atOnes(network(1e-41), IMAGE)).ranges,
      (await atOnes(network(0), IMAGE)).ranges,
    ];
    for (const method of METHODS)
      for (const end of [0, 1] as const)
        expect(Math.abs(dead.get(method)![end]! - none.get(method)![end]!)).toBeLessThan(1e-7);
  });

  it.each([
    [1e-44, 0],
    [0, 1e-42],
    [-1, 1e-5],
    [Number.NaN, 1e-5],
  ])(
    'what BatchNormalization divides by is refused where it is too small: %d and %d',
    async (variance, epsilon) => {
      const layer: Layer = (b, x) => {
        const [scale, zero, spread] = [1e-22, 0, variance].map((value) => all(b, [CHANNELS], value));
        return b.op('BatchNormalization', [x, scale!, zero!, zero!, spread!], { epsilon: float(epsilon) });
      };
      const network = { graph: graphOf(layer, IMAGE), pixels: 'x', shape: IMAGE, logits: 'logits' };
      await expect(BoundPrograms.of(engine, network)).rejects.toMatchObject({
        code: 'op-unsupported',
        message: expect.stringContaining('variance and epsilon are too small'),
      });
    },
  );
});
