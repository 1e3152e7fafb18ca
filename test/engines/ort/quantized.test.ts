import { afterAll, describe, expect, it } from 'vitest';
import type { Engine } from '../../../src/engines/engine.js';
import { createOrtEngine } from '../../../src/engines/ort/engine.js';
import { GraphBuilder, int, ints } from '../../../src/graph/build.js';
import type { Graph, Tensor } from '../../../src/graph/graph.js';
import { floats } from '../../../src/graph/tensor.js';
import { stream } from '../../../src/random/stream.js';
import {
  convolveLevels,
  type Levels,
  multiplyLevels,
  quantise,
  quantiseDynamically,
  requantise,
  type Window,
} from './quantized.js';

const engine: Engine = createOrtEngine({ sessions: 1 });
afterAll(() => engine.close());

const product = (dims: readonly number[]) => dims.reduce((p, d) => p * d, 1);

function drawn(purpose: string, n: number): number[] {
  const source = stream({ seed: 5, purpose, example: 0 });
  return Array.from({ length: n }, () => source.uniform());
}

/** Levels over the whole range of their type. */
function levels(
  purpose: string,
  dims: number[],
  signed: boolean,
  { scale, zero }: Pick<Levels, 'scale' | 'zero'>,
): Levels {
  const values = drawn(purpose, product(dims)).map((u) => Math.floor(256 * u) - (signed ? 128 : 0));
  return { dims, data: signed ? Int8Array.from(values) : Uint8Array.from(values), scale, zero };
}

const isSigned = ({ data }: Levels) => data instanceof Int8Array;
const tensorOf = (dims: number[], values: ArrayLike<number>, signed: boolean): Tensor =>
  signed
    ? { type: 'int8', dims, data: Int8Array.from(values) }
    : { type: 'uint8', dims, data: Uint8Array.from(values) };

/** Level, scale and zero point as constants. */
function constants(b: GraphBuilder, q: Levels, hint: string): string[] {
  const dims = q.scale.length === 1 ? [] : [q.scale.length];
  return [
    b.constant(tensorOf(q.dims, q.data, isSigned(q)), hint),
    b.constant(floats(dims, q.scale), `${hint}_scale`),
    b.constant(tensorOf(dims, q.zero, isSigned(q)), `${hint}_zero`),
  ];
}

/** Input `x` holds the real values of given levels; the graph quantises them again, exactly. */
function quantisedInput(b: GraphBuilder, q: Levels): { names: string[]; feed: Float32Array } {
  const dims: number[] = [];
  const scale = b.constant(floats(dims, q.scale), 'x_scale');
  const zero = b.constant(tensorOf(dims, q.zero, isSigned(q)), 'x_zero');
  const x = b.op('QuantizeLinear', [b.input('x', 'float32', q.dims), scale, zero]);
  const feed = Float32Array.from(q.data, (value) => (value - q.zero[0]!) * Math.fround(q.scale[0]!));
  return { names: [x, scale, zero], feed };
}

/** The output `y` as numbers, of the graph as it is and as it is folded, which must agree. */
async function output(graph: Graph, dims: number[], feed: Float32Array): Promise<number[]> {
  const feeds = { x: { type: 'float32' as const, dims, data: feed } };
  const runs = [graph, await engine.fold(graph)].map(async (form) => {
    const program = await engine.compile(form);
    const y = (await program.run(feeds)).y!;
    await program.release();
    return Array.from(y.data, Number);
  });
  const [plain, folded] = await Promise.all(runs);
  expect(folded).toEqual(plain);
  return plain!;
}

/** Levels, as float32. */
const asFloats = (b: GraphBuilder, value: string) =>
  b.outputAs(b.op('Cast', [value], { to: int(1) }), 'y', 'float32', null);

/** onnxruntime multiplies by a float32 quotient of scales: a sum that is all but a half may go the other way. */
function expectLevels(got: readonly number[], wanted: readonly number[]): void {
  expect(got).toHaveLength(wanted.length);
  const off = got.filter((value, i) => value !== wanted[i]);
  for (const [i, value] of got.entries()) expect(Math.abs(value - wanted[i]!)).toBeLessThanOrEqual(1);
  expect(off.length).toBeLessThanOrEqual(wanted.length / 100);
  // Neither all saturated nor all the same.
  expect(new Set(wanted).size).toBeGreaterThan(10);
}

const window = (changes: Partial<Window> = {}): Window => ({
  strides: [1, 1],
  pads: [0, 0, 0, 0],
  dilations: [1, 1],
  group: 1,
  ...changes,
});
const attributes = ({ strides, pads, dilations, group }: Window) => ({
  strides: ints(strides),
  pads: ints(pads),
  dilations: ints(dilations),
  group: int(group),
});

const image = (signed: boolean) =>
  levels('image', [2, 4, 7, 6], signed, { scale: [0.02], zero: [signed ? -3 : 118] });
const one = { scale: [0.011], zero: [5] };
const each = { scale: [0.011, 0.004, 0.02, 0.007], zero: [0, 0, 0, 0] };

const convolutions: [string, Levels, Levels, Window][] = [
  ['uint8 by int8', image(false), levels('w', [4, 4, 3, 3], true, one), window()],
  [
    'uint8 by uint8, padded, with strides',
    image(false),
    levels('w', [4, 4, 3, 3], false, { ...one, zero: [131] }),
    window({ pads: [1, 0, 2, 1], strides: [2, 1] }),
  ],
  [
    'int8 by int8, a scale for each channel',
    image(true),
    levels('w', [4, 4, 3, 3], true, each),
    window({ pads: [1, 1, 1, 1] }),
  ],
  ['groups', image(false), levels('w', [4, 2, 3, 3], true, each), window({ group: 2 })],
  [
    'depthwise and dilated',
    image(false),
    levels('w', [4, 1, 2, 2], true, one),
    window({ group: 4, dilations: [2, 3] }),
  ],
];

describe('quantised convolution', () => {
  it.each(convolutions)('QLinearConv: %s, with bias', async (_what, x, w, shape) => {
    const bias = Int32Array.from(drawn('bias', 4), (u) => Math.round(20_000 * (u - 0.5)));
    const sums = convolveLevels(x, w, shape, bias);
    const y = { scale: 0.05, zero: isSigned(x) ? 4 : 120, signed: isSigned(x) };
    const channel = product(sums.dims.slice(2));
    const wanted = requantise(sums.data, x, w, y, (i) => Math.floor(i / channel) % 4);
    const b = new GraphBuilder();
    const { names, feed } = quantisedInput(b, x);
    const target = [b.scalar(y.scale), b.constant(tensorOf([], [y.zero], y.signed), 'y_zero')];
    const offset = b.constant({ type: 'int32', dims: [4], data: bias }, 'bias');
    asFloats(
      b,
      b.op('QLinearConv', [...names, ...constants(b, w, 'w'), ...target, offset], attributes(shape)),
    );
    expectLevels(await output(b.build(), x.dims, feed), wanted);
  });

  it.each(convolutions.filter(([, x, w]) => !isSigned(x) && w.scale.length === 1))(
    'ConvInteger: %s',
    async (_what, x, w, shape) => {
      const b = new GraphBuilder();
      const { names, feed } = quantisedInput(b, x);
      const [weight, , zero] = constants(b, w, 'w') as [string, string, string];
      asFloats(b, b.op('ConvInteger', [names[0]!, weight, names[2]!, zero], attributes(shape)));
      expect(await output(b.build(), x.dims, feed)).toEqual(convolveLevels(x, w, shape).data);
    },
  );
});

const rows = (signed: boolean) =>
  levels('rows', [5, 12], signed, { scale: [0.02], zero: [signed ? -7 : 101] });
const products: [string, Levels, Levels][] = [
  ['uint8 by int8', rows(false), levels('b', [12, 6], true, one)],
  ['uint8 by uint8', rows(false), levels('b', [12, 6], false, { ...one, zero: [140] })],
  ['int8 by int8', rows(true), levels('b', [12, 6], true, one)],
];

describe('quantised products', () => {
  it.each(products)('QLinearMatMul: %s', async (_what, a, b) => {
    const sums = multiplyLevels(a, b);
    const y = { scale: 0.09, zero: isSigned(a) ? -2 : 130, signed: isSigned(a) };
    const wanted = requantise(sums.data, a, b, y, () => 0);
    const builder = new GraphBuilder();
    const { names, feed } = quantisedInput(builder, a);
    const target = [builder.scalar(y.scale), builder.constant(tensorOf([], [y.zero], y.signed), 'y_zero')];
    asFloats(builder, builder.op('QLinearMatMul', [...names, ...constants(builder, b, 'b'), ...target]));
    expectLevels(await output(builder.build(), a.dims, feed), wanted);
  });

  it.each(products.filter(([, a]) => !isSigned(a)))('MatMulInteger: %s', async (_what, a, b) => {
    const builder = new GraphBuilder();
    const { names, feed } = quantisedInput(builder, a);
    const [matrix, , zero] = constants(builder, b, 'b') as [string, string, string];
    asFloats(builder, builder.op('MatMulInteger', [names[0]!, matrix, names[2]!, zero]));
    expect(await output(builder.build(), a.dims, feed)).toEqual(multiplyLevels(a, b).data);
  });
});

describe('quantisation', () => {
  const values = Float32Array.from(drawn('values', 60), (u) => 8 * (u - 0.3));

  it.each([
    ['uint8', false, 0.021, 77],
    ['int8', true, 0.033, -9],
  ] as const)(
    'QuantizeLinear to %s rounds halves to even and saturates',
    async (_type, signed, scale, zero) => {
      const halves = [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5].map((k) => k * Math.fround(scale));
      const x = Float32Array.from([...values, ...halves, 1e6, -1e6]);
      const b = new GraphBuilder();
      const zeroPoint = b.constant(tensorOf([], [zero], signed), 'zero');
      asFloats(b, b.op('QuantizeLinear', [b.input('x', 'float32', [x.length]), b.scalar(scale), zeroPoint]));
      expect(await output(b.build(), [x.length], x)).toEqual(quantise(x, scale, zero, signed));
    },
  );

  it.each([
    ['both signs', values],
    ['positive numbers', values.map((v) => Math.abs(v) + 1)],
    ['negative numbers', values.map((v) => -Math.abs(v) - 1)],
  ])('DynamicQuantizeLinear of %s holds zero', async (_what, x) => {
    const b = new GraphBuilder();
    const [y, scale, zero] = b.node('DynamicQuantizeLinear', [b.input('x', 'float32', [x.length])], {}, [
      'levels',
      'scale',
      'zero',
    ]) as [string, string, string];
    const flat = [y, scale, zero].map((value) =>
      b.op('Reshape', [b.op('Cast', [value], { to: int(1) }), b.ints([-1])]),
    );
    b.outputAs(b.op('Concat', flat, { axis: int(0) }), 'y', 'float32', null);
    const got = await output(b.build(), [x.length], x);
    const wanted = quantiseDynamically(x);
    expect(got.slice(0, -2)).toEqual(wanted.levels);
    expect(got.at(-2)).toBeCloseTo(wanted.scale, 8);
    expect(got.at(-1)).toBe(wanted.zero);
  });
});
