// @module-tag slow
import { afterAll, describe, expect, it } from 'vitest';
import { BoundPrograms, type Method } from '../../src/bounds/certify.js';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { float, GraphBuilder, int, ints } from '../../src/graph/build.js';
import type { Graph } from '../../src/graph/graph.js';
import { floats } from '../../src/graph/tensor.js';
import { mapTuple } from '../../src/map-tuple.js';
import { stream } from '../../src/random/stream.js';
import { normals } from '../autodiff/finite-differences.js';
import { trainedAround } from './hidden-training.js';
import { Inside } from './inside.js';

/**
 * Networks with a counterexample deep inside a box that sampling and short attacks miss (in the manner of SoundnessBench: Zhou et al.
 * 2024). What certifies one of them is unsound.
 */
const METHODS: readonly Method[] = ['ibp', 'crown-ibp', 'crown', 'alpha-crown'];
const SHAPE = [1, 4, 4];
const SIZE = 16;
const RADIUS = 0.2;

const engine = createOrtEngine({ sessions: 1, threads: 1 });
afterAll(() => engine.close());

const draws = stream({ seed: 3, purpose: 'test/hidden', example: 0 });
const CENTRE = Float32Array.from({ length: SIZE }, () => 0.3 + 0.4 * draws.uniform());
/** Inside, and away from the middle. */
const HIDDEN = CENTRE.map((x) =>
  Math.fround(x + (draws.uniform() < 0.5 ? -1 : 1) * RADIUS * (0.3 + 0.5 * draws.uniform())),
);
const BOX = {
  n: 1,
  lower: CENTRE.map((x) => x - RADIUS),
  upper: CENTRE.map((x) => x + RADIUS),
};

type Emit = (b: GraphBuilder, x: string) => string;
const scaled = (b: GraphBuilder, x: string, scale: number, offset = 0) =>
  b.op('Add', [b.op('Mul', [x, b.scalar(scale)]), b.scalar(offset)]);
/** (n, 16) x - hidden. */
const away: Emit = (b, x) => b.op('Sub', [b.op('Flatten', [x]), b.constant(floats([1, SIZE], HIDDEN))]);
const total = (b: GraphBuilder, x: string) => b.op('ReduceSum', [x, b.ints([1])], { keepdims: int(1) });
const mean = (b: GraphBuilder, x: string) => b.op('ReduceMean', [x, b.ints([1])], { keepdims: int(1) });

/** Near 1 at the hidden point, and 0 a little way from it: (n, 1). */
const SPIKES: Readonly<Record<string, Emit>> = {
  'distances by ReLU': (b, x) => {
    const d = away(b, x);
    const distance = b.op('Add', [b.op('Relu', [d]), b.op('Relu', [b.op('Neg', [d])])]);
    return b.op('Relu', [scaled(b, total(b, distance), -4, 1)]);
  },
  'distances by Abs and LeakyReLU': (b, x) =>
    b.op('LeakyRelu', [scaled(b, total(b, b.op('Abs', [away(b, x)])), -4, 1)], { alpha: float(1e-3) }),
  'the largest distance by MaxPool': (b, x) => {
    const distance = b.op('Reshape', [b.op('Abs', [away(b, x)]), b.ints([-1, 1, 4, 4])]);
    const largest = b.op('Flatten', [b.op('MaxPool', [distance], { kernel_shape: ints([4, 4]) })]);
    return b.op('Relu', [scaled(b, largest, -25, 1)]);
  },
  squares: (b, x) => {
    const d = away(b, x);
    return b.op('Relu', [scaled(b, total(b, b.op('Mul', [d, d])), -30, 1)]);
  },
  'a Gaussian': (b, x) => {
    const d = away(b, x);
    return b.op('Exp', [b.op('Mul', [total(b, b.op('Mul', [d, d])), b.scalar(-120)])]);
  },
  'Sigmoid on both sides': (b, x) => {
    const d = away(b, x);
    const [rises, falls] = mapTuple([1, -1], (sign) => b.op('Sigmoid', [scaled(b, d, sign * 150, 4)]));
    return b.op('Relu', [scaled(b, mean(b, b.op('Add', [rises, falls])), 8, -14)]);
  },
  'Tanh on both sides': (b, x) => {
    const d = away(b, x);
    const [rises, falls] = mapTuple([1, -1], (sign) => b.op('Tanh', [scaled(b, d, sign * 100, 3)]));
    return b.op('Relu', [scaled(b, mean(b, b.op('Add', [rises, falls])), 4, -6)]);
  },
  'a gate, as a product of two': (b, x) => {
    const parts = b.op('Relu', [scaled(b, b.op('Abs', [away(b, x)]), -12, 1)]);
    const [left, right] = b.node('Split', [parts, b.ints([8, 8])], { axis: int(1) }, ['left', 'right']) as [
      string,
      string,
    ];
    return mean(
      b,
      b.op('Mul', [
        b.op('Relu', [scaled(b, mean(b, left), 4, -3)]),
        b.op('Relu', [scaled(b, mean(b, right), 4, -3)]),
      ]),
    );
  },
  'a reciprocal': (b, x) => {
    const d = away(b, x);
    return b.op('Reciprocal', [scaled(b, total(b, b.op('Mul', [d, d])), 600, 1)]);
  },
  'a quotient of two': (b, x) => {
    const d = away(b, x);
    const near = b.op('Relu', [scaled(b, total(b, b.op('Abs', [d])), -1, 1)]);
    return b.op('Div', [near, scaled(b, total(b, b.op('Mul', [d, d])), 600, 1)]);
  },
  'a reciprocal root': (b, x) => {
    const far = scaled(b, total(b, b.op('Pow', [away(b, x), b.scalar(2)])), 1e5, 1);
    return b.op('Reciprocal', [b.op('Sqrt', [far])]);
  },
  'a share of a Softmax': (b, x) => {
    const d = away(b, x);
    const score = scaled(b, total(b, b.op('Mul', [d, d])), -120, 7);
    const others = b.op('Mul', [x, b.scalar(0.5)]);
    const all = b.op('Concat', [score, b.op('Flatten', [others])], { axis: int(1) });
    return b.op('Slice', [b.op('Softmax', [all]), b.ints([0]), b.ints([1]), b.ints([1])]);
  },
  SiLU: (b, x) => {
    const inner = scaled(b, total(b, b.op('Abs', [away(b, x)])), -60, 15);
    return b.op('Mul', [b.op('Mul', [inner, b.op('Sigmoid', [inner])]), b.scalar(1 / 15)]);
  },
  GELU: (b, x) => {
    const inner = scaled(b, total(b, b.op('Abs', [away(b, x)])), -60, 15);
    const part = b.op('Add', [b.op('Erf', [b.op('Mul', [inner, b.scalar(Math.SQRT1_2)])]), b.scalar(1)]);
    return b.op('Mul', [b.op('Mul', [b.op('Mul', [inner, part]), b.scalar(0.5)]), b.scalar(1 / 15)]);
  },
};

/** Logits f and -f, where f is about 1 in all of the box but near the hidden point, where it is -1. */
function networkOf(spike: Emit): Graph {
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', ['N', ...SHAPE]);
  const weights = b.constant(floats([SIZE, 8], normals('hidden/first', SIZE * 8)));
  const hidden = b.op('Relu', [b.op('MatMul', [b.op('Flatten', [x]), weights])]);
  // Something to climb that leads elsewhere.
  const slope = b.op('MatMul', [
    hidden,
    b.constant(
      floats(
        [8, 1],
        normals('hidden/last', 8).map((w) => 0.02 * w),
      ),
    ),
  ]);
  const f = b.op('Add', [scaled(b, spike(b, x), -2, 1), slope]);
  b.outputAs(b.op('Concat', [f, b.op('Neg', [f])], { axis: int(1) }), 'logits');
  return b.build();
}

const MARGIN = { rows: Float32Array.of(1, -1), count: 1, outputs: 2 };

async function provedOf(graph: Graph, shape: readonly number[], box: typeof BOX) {
  const programs = await BoundPrograms.of(engine, { graph, pixels: 'x', shape, logits: 'logits' });
  const found = new Map<Method, number>();
  for (const method of METHODS) {
    const { bound, rounding } = await programs.lowerBounds(box, MARGIN.rows, 1, method);
    found.set(method, bound[0]! - rounding[0]!);
  }
  await programs.close();
  return found;
}

describe('a hidden counterexample is never certified', () => {
  it.each(Object.entries(SPIKES))('%s', async (_, spike) => {
    const graph = networkOf(spike);
    const inside = await Inside.of(engine, graph, SHAPE, MARGIN);
    const [f, other] = [...(await inside.logits(HIDDEN))] as [number, number];
    expect(f - other).toBeLessThan(-0.5);
    // Hidden: neither samples nor a short attack find it.
    expect((await inside.sampled(BOX, 0, 1000))[0]).toBeGreaterThan(0.5);
    expect((await inside.descended(BOX, 0, 10))[0]).toBeGreaterThan(0.5);
    for (const least of (await provedOf(graph, SHAPE, BOX)).values()) {
      expect(least).toBeLessThanOrEqual(f - other);
      expect(least).toBeGreaterThan(Number.NEGATIVE_INFINITY);
    }
    await inside.close();
  });

  it.each(Object.entries(SPIKES))('%s: without it, something is certified', async (_, spike) => {
    // In a small box far from the point; so a refusal is no accident of loose bounds.
    const far = CENTRE.map((x, i) => x - (HIDDEN[i]! - x));
    const box = { n: 1, lower: far.map((x) => x - 1e-3), upper: far.map((x) => x + 1e-3) };
    expect((await provedOf(networkOf(spike), SHAPE, box)).get('crown')).toBeGreaterThan(0);
  });

  it.each([2, 3])('that was trained into a network, seed %i', async (seed) => {
    const mlp = trainedAround({ centre: CENTRE, radius: RADIUS, point: HIDDEN }, [SIZE, 24, 24, 1], seed);
    const b = new GraphBuilder();
    let x = b.op('Flatten', [b.input('x', 'float32', ['N', ...SHAPE])]);
    mlp.weights.forEach((weights, l) => {
      const [inputs, outputs] = [mlp.sizes[l]!, mlp.sizes[l + 1]!];
      const [w, offset] = [floats([outputs, inputs], weights), floats([outputs], mlp.offsets[l]!)];
      const y = b.op('Gemm', [x, b.constant(w), b.constant(offset)], { transB: int(1) });
      x = l + 1 < mlp.weights.length ? b.op('Relu', [y]) : y;
    });
    b.outputAs(b.op('Concat', [x, b.op('Neg', [x])], { axis: int(1) }), 'logits');
    const graph = b.build();
    const inside = await Inside.of(engine, graph, SHAPE, MARGIN);
    const [f, other] = [...(await inside.logits(HIDDEN))] as [number, number];
    expect(f - other).toBeLessThan(-1);
    expect((await inside.sampled(BOX, 0, 2000))[0]).toBeGreaterThan(0);
    for (const least of (await provedOf(graph, SHAPE, BOX)).values()) {
      expect(least).toBeLessThanOrEqual(f - other);
      expect(least).toBeGreaterThan(Number.NEGATIVE_INFINITY);
    }
    // Where it is not, something is certified: a refusal is no accident of loose bounds.
    const small = { n: 1, lower: CENTRE.map((c) => c - 0.01), upper: CENTRE.map((c) => c + 0.01) };
    expect((await provedOf(graph, SHAPE, small)).get('crown')).toBeGreaterThan(0);
    await inside.close();
  });

  /** Exact arithmetic has the label win everywhere; float32 evaluations of the network do not. */
  it.each<[string, Emit]>([
    ['a sum whose order decides', (b, x) => scaled(b, scaled(b, x, 1, 2 ** 25), 1, -(2 ** 25))],
    [
      'a constant that swallows',
      (b, x) => b.op('Sub', [b.op('Relu', [scaled(b, x, 1e-3, 2 ** 14)]), b.scalar(2 ** 14)]),
    ],
    [
      'weights that cancel each other out',
      (b, x) =>
        b.op('MatMul', [
          b.op('MatMul', [x, b.constant(floats([1, 2], [1e7, 1e7 + 1]))]),
          b.constant(floats([2, 1], [-1, 1])),
        ]),
    ],
  ])('what only rounding breaks: %s', async (_, layer) => {
    const b = new GraphBuilder();
    const f = layer(b, b.input('x', 'float32', ['N', 1]));
    b.outputAs(b.op('Concat', [f, b.op('Mul', [f, b.scalar(0)])], { axis: int(1) }), 'logits');
    const graph = b.build();
    const inside = await Inside.of(engine, graph, [1], MARGIN);
    const box = { n: 1, lower: Float32Array.of(0.05), upper: Float32Array.of(0.45) };
    const [f0, zero] = [...(await inside.logits(Float32Array.of(0.1)))] as [number, number];
    expect(f0 - zero).toBeLessThanOrEqual(0.45);
    for (const least of (await provedOf(graph, [1], box)).values()) expect(least).toBeLessThanOrEqual(0);
    await inside.close();
  });
});
