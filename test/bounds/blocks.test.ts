import { afterAll, describe, expect, it } from 'vitest';
import { intervalGraph } from '../../src/bounds/intervals/intervals.js';
import { type Bounded, boundedNetwork } from '../../src/bounds/network/network.js';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { float, GraphBuilder, ints } from '../../src/graph/build.js';
import { floats } from '../../src/graph/tensor.js';
import { type Stream, stream } from '../../src/random/stream.js';
import { normals } from '../autodiff/finite-differences.js';

/**
 * Intervals of convolutional networks with enough channels for onnxruntime's blocked layout, held against evaluations that round as
 * badly as any order of summation may: in float64, each sum of n products then moved by n u times the magnitudes, up or down.
 */
const engine = createOrtEngine({ sessions: 1, threads: 1 });
afterAll(() => engine.close());

const UNIT = 2 ** -24;
const [CHANNELS, SIDE] = [16, 5];
const SIZE = CHANNELS * SIDE * SIDE;

type Numbers = ArrayLike<number>;
type Kernel = { weights: Float32Array; biases: Float32Array };

const ACTIVATIONS: Readonly<
  Record<string, { emit(b: GraphBuilder, x: string): string; f(x: number): number }>
> = {
  Relu: { emit: (b, x) => b.op('Relu', [x]), f: (x) => Math.max(x, 0) },
  LeakyRelu: {
    emit: (b, x) => b.op('LeakyRelu', [x], { alpha: float(0.1) }),
    f: (x) => (x > 0 ? x : Math.fround(0.1) * x),
  },
  Silu: { emit: (b, x) => b.op('Mul', [x, b.op('Sigmoid', [x])]), f: (x) => x / (1 + Math.exp(-x)) },
  Tanh: { emit: (b, x) => b.op('Tanh', [x]), f: Math.tanh },
};

const KERNELS = ['first', 'second', 'third', 'beside'] as const;
type Kernels = Readonly<Record<(typeof KERNELS)[number], Kernel>>;

const kernelsOf = (): Kernels =>
  Object.fromEntries(
    KERNELS.map((name) => [
      name,
      {
        weights: normals(`weights ${name}`, CHANNELS * CHANNELS * 9).map((w) => w / 6),
        biases: normals(`biases ${name}`, CHANNELS),
      },
    ]),
  ) as unknown as Kernels;

/** Offsets and a scale; convolutions, one of them beside a sum with what another gave; the last after a step that bends. */
async function networkOf(activation: string, kernels: Kernels): Promise<Bounded> {
  const b = new GraphBuilder();
  const { emit } = ACTIVATIONS[activation]!;
  const conv = (x: string, name: keyof Kernels) => {
    const { weights, biases } = kernels[name];
    return b.op(
      'Conv',
      [x, b.constant(floats([CHANNELS, CHANNELS, 3, 3], weights)), b.constant(floats([CHANNELS], biases))],
      { pads: ints([1, 1, 1, 1]) },
    );
  };
  const x = b.input('x', 'float32', ['N', CHANNELS, SIDE, SIDE]);
  const scaled = b.op('Add', [b.op('Mul', [x, b.scalar(2)]), b.scalar(-1)]);
  const first = emit(b, conv(scaled, 'first'));
  const sum = b.op('Add', [conv(first, 'second'), conv(scaled, 'beside')]);
  const last = emit(b, conv(emit(b, sum), 'third'));
  b.outputAs(b.op('Flatten', [last]), 'logits');
  return boundedNetwork(engine, {
    graph: b.build(),
    pixels: 'x',
    shape: [CHANNELS, SIDE, SIDE],
    logits: 'logits',
  });
}

/** A 3 x 3 convolution, moved by what rounding may do. */
function convolved(x: Numbers, { weights, biases }: Kernel, sign: () => number): Float32Array {
  const terms = CHANNELS * 9 + 1;
  return Float32Array.from({ length: SIZE }, (_, at) => {
    const [o, row, column] = [Math.floor(at / SIDE ** 2), Math.floor(at / SIDE) % SIDE, at % SIDE] as const;
    let [sum, magnitude] = [biases[o]!, Math.abs(biases[o]!)];
    for (let i = 0; i < CHANNELS; i++)
      for (let dy = -1; dy <= 1; dy++)
        for (let dx = -1; dx <= 1; dx++) {
          const [y, z] = [row + dy, column + dx];
          if (y < 0 || z < 0 || y >= SIDE || z >= SIDE) continue;
          const product =
            weights[(o * CHANNELS + i) * 9 + (dy + 1) * 3 + dx + 1]! * x[(i * SIDE + y) * SIDE + z]!;
          sum += product;
          magnitude += Math.abs(product);
        }
    return sum + sign() * terms * UNIT * magnitude;
  });
}

/** What steps that bend read and give, in order. */
function evaluated(x: Numbers, activation: string, kernels: Kernels, sign: () => number): Float32Array[] {
  const bent = (of: Float32Array) => of.map(ACTIVATIONS[activation]!.f);
  const scaled = Float32Array.from(x, (one) => Math.fround(2 * one) - 1);
  const first = convolved(scaled, kernels.first, sign);
  const beside = convolved(scaled, kernels.beside, sign);
  const sum = convolved(bent(first), kernels.second, sign).map((one, i) => one + beside[i]!);
  const third = convolved(bent(sum), kernels.third, sign);
  return [first, bent(first), sum, bent(sum), third, bent(third)];
}

async function intervalsOf(network: Bounded, lower: Float32Array, upper: Float32Array) {
  const { graph, intervals } = intervalGraph(network);
  const program = await engine.compile(graph);
  const dims = [1, CHANNELS, SIDE, SIDE];
  const found = await program.run({
    lower: { type: 'float32', dims, data: lower },
    upper: { type: 'float32', dims, data: upper },
  });
  await program.release();
  const end = (name: string) => found[name]!.data as Float32Array;
  return network.bent.flatMap(({ node }) =>
    [node.inputs[0]!, node.outputs[0]!].map((value) => {
      const own = intervals.get(value)!;
      return { lower: end(own.lower), upper: end(own.upper) };
    }),
  );
}

/** Signs of errors: all up, all down, or at random. */
const signs = (draws: Stream): readonly (() => number)[] => [
  () => 1,
  () => -1,
  () => (draws.uniform() < 0.5 ? -1 : 1),
];

describe.each(Object.keys(ACTIVATIONS))('intervals in blocks, with %s', (activation) => {
  it.each([0, 1e-6, 0.01, 0.5])('hold whatever rounds, in boxes of radius %s', async (radius) => {
    const kernels = kernelsOf();
    const network = await networkOf(activation, kernels);
    const draws = stream({ seed: 0, purpose: 'test/blocks', example: 0 });
    const centre = Float32Array.from({ length: SIZE }, () => draws.uniform());
    const [lower, upper] = [centre.map((x) => x - radius), centre.map((x) => x + radius)];
    const intervals = await intervalsOf(network, lower, upper);
    expect(intervals).toHaveLength(6);
    const faults: string[] = [];
    for (const sign of signs(draws))
      for (let point = 0; point < 8; point++) {
        // Corners, and points within.
        const x = lower.map((low, i) => {
          const share = point < 4 ? Math.round(draws.uniform()) : draws.uniform();
          return share === 1 ? upper[i]! : Math.min(upper[i]!, low + share * (upper[i]! - low));
        });
        evaluated(x, activation, kernels, sign).forEach((values, k) => {
          const own = intervals[k]!;
          values.forEach((value, i) => {
            if (!(value >= own.lower[i]! && value <= own.upper[i]!))
              faults.push(`value ${k}, ${i}: ${value} is not in [${own.lower[i]}, ${own.upper[i]}]`);
          });
        });
      }
    expect(faults.slice(0, 3)).toEqual([]);
  });

  it('are no wider than rounding makes them, of a point', async () => {
    const kernels = kernelsOf();
    const network = await networkOf(activation, kernels);
    const draws = stream({ seed: 1, purpose: 'test/blocks', example: 0 });
    const point = Float32Array.from({ length: SIZE }, () => draws.uniform());
    const [first] = await intervalsOf(network, point, point);
    const wide = Float32Array.from(first!.upper, (high, i) => high - first!.lower[i]!);
    // |x| <= 1, in 145 products of it with weights about 1 / 6, and twice 2 n u of that.
    expect(Math.max(...wide)).toBeLessThan(8 * 145 * UNIT * 145 * 0.2);
    expect(Math.min(...wide)).toBeGreaterThan(0);
  });
});

describe('where a value of a network with SiLU is no finite number, in blocks', () => {
  const LARGE = 3e35;
  const WEIGHTS = {
    'infinity above': () => LARGE,
    'infinity below': () => -LARGE,
    'no number': (i: number) => (i % 2 === 0 ? LARGE : -LARGE),
  };
  it.each(Object.entries(WEIGHTS))('that image is noticed: %s', async (_, weight) => {
    const kernels = kernelsOf();
    kernels.first.weights.forEach((_, i, weights) => {
      weights[i] = weight(i);
    });
    const network = await networkOf('Silu', kernels);
    // 0 times large weights, and 4000 times them.
    const pixels = Float32Array.from({ length: 2 * SIZE }, (_, i) => (i < SIZE ? 0.5 : 2000));
    const dims = [2, CHANNELS, SIDE, SIDE];
    const { graph, finite } = intervalGraph(network);
    const program = await engine.compile(graph);
    const end = { type: 'float32', dims, data: pixels } as const;
    const sums = (await program.run({ lower: end, upper: end }))[finite!]!.data as Float32Array;
    await program.release();
    expect(Array.from(sums, Number.isFinite)).toEqual([true, false]);
  });
});

it('intervals of SiLU in blocks are those of its shape', async () => {
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', ['N', CHANNELS, SIDE, SIDE]);
  b.outputAs(b.op('Flatten', [ACTIVATIONS.Silu!.emit(b, x)]), 'logits');
  const network = await boundedNetwork(engine, {
    graph: b.build(),
    pixels: 'x',
    shape: [CHANNELS, SIDE, SIDE],
    logits: 'logits',
  });
  const { image } = network.bent[0] as unknown as {
    image(lower: number, upper: number): readonly [number, number];
  };
  const draws = stream({ seed: 2, purpose: 'test/blocks', example: 0 });
  const lower = Float32Array.from({ length: SIZE }, () => 12 * draws.uniform() - 8);
  const upper = lower.map((low) => low + 5 * draws.uniform() ** 4);
  const [, given] = await intervalsOf(network, lower, upper);
  for (let i = 0; i < SIZE; i++) {
    const [least, most] = image(lower[i]!, upper[i]!);
    const reach = Math.max(1, Math.abs(lower[i]!), Math.abs(upper[i]!));
    expect(given!.lower[i]).toBeLessThanOrEqual(least);
    expect(given!.upper[i]).toBeGreaterThanOrEqual(most);
    expect(given!.lower[i]).toBeGreaterThan(least - 3e-5 * reach);
    expect(given!.upper[i]).toBeLessThan(most + 3e-5 * reach);
  }
});
