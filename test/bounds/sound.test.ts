// @module-tag slow
import { afterAll, describe, expect, it } from 'vitest';
import { BoundPrograms, type Method } from '../../src/bounds/certify.js';
import { addLeast } from '../../src/bounds/crown/least.js';
import { marginRows } from '../../src/bounds/margins.js';
import { better } from '../../src/bounds/network/ranges.js';
import type { Engine } from '../../src/engines/engine.js';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { float, GraphBuilder, int, ints, string } from '../../src/graph/build.js';
import type { Attribute, Graph } from '../../src/graph/graph.js';
import { floats } from '../../src/graph/tensor.js';
import { normals } from '../autodiff/finite-differences.js';
import type { Layer } from './layers.js';

const engine = createOrtEngine({ sessions: 1, threads: 1 });
afterAll(() => engine.close());

const METHODS: readonly Method[] = ['ibp', 'crown-ibp', 'crown'];

/** A network of images (3, 2, 4): as many channels as images are traced, say. */
function networkOf(layer: Layer, shape: readonly number[] = [3, 2, 4]): Graph {
  const b = new GraphBuilder();
  const last = layer(b, b.input('x', 'float32', ['N', ...shape]));
  b.outputAs(b.op('ReduceSum', [b.op('Flatten', [last]), b.ints([1])]), 'logits');
  // That of Gelu.
  return { ...b.build(), opsets: { '': 20 } };
}

const programsOf = (graph: Graph, shape: readonly number[] = [3, 2, 4]) =>
  BoundPrograms.of(engine, { graph, pixels: 'x', shape, logits: 'logits' });

/** The least and the most that bounds allow f to be on boxes of one number each, f = `layer`. */
async function rangeOf(layer: Layer, boxes: readonly (readonly [number, number])[], method: Method) {
  const programs = await programsOf(networkOf(layer, [1]), [1]);
  const n = boxes.length;
  const { bound, rounding } = await programs.lowerBounds(
    { n, lower: Float32Array.from(boxes, ([l]) => l), upper: Float32Array.from(boxes, ([, u]) => u) },
    Float32Array.from({ length: 2 * n }, (_, i) => (i % 2 === 0 ? 1 : -1)),
    2,
    method,
  );
  await programs.close();
  return boxes.map(
    (_, i) => [bound[2 * i]! - rounding[2 * i]!, rounding[2 * i + 1]! - bound[2 * i + 1]!] as const,
  );
}

/** Over [0, most] nothing is proved, and over [0, 1], in the same call, something is. */
async function overflowsAt(layer: Layer, most: number) {
  for (const method of METHODS) {
    const [overflows, holds] = await rangeOf(
      layer,
      [
        [0, most],
        [0, 1],
      ],
      method,
    );
    expect([method, ...overflows!]).toEqual([method, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]);
    expect([...holds!].every(Number.isFinite)).toBe(true);
  }
}

async function valuesOf(layer: Layer, xs: Float32Array): Promise<Float32Array> {
  const program = await engine.compile(networkOf(layer, [1]));
  const logits = (await program.run({ x: { type: 'float32', dims: [xs.length, 1], data: xs } })).logits!;
  await program.release();
  return logits.data as Float32Array;
}

const unary =
  (op: string, attributes: Record<string, Attribute> = {}): Layer =>
  (b, x) =>
    b.op(op, [x], attributes);

/** Multiplied by one number after the other. */
const scaled =
  (...factors: number[]): Layer =>
  (b, x) =>
    factors.reduce((value, factor) => b.op('Mul', [value, b.scalar(factor)]), x);

/** One-dimensional functions whose float32 values may be far from what they are in exact arithmetic. */
const CURVES: Readonly<Record<string, Layer>> = {
  Relu: unary('Relu'),
  LeakyRelu: unary('LeakyRelu', { alpha: float(0.1) }),
  Sigmoid: unary('Sigmoid'),
  Tanh: unary('Tanh'),
  Softplus: unary('Softplus'),
  Exp: unary('Exp'),
  Elu: unary('Elu', { alpha: float(1) }),
  'steep Elu': unary('Elu', { alpha: float(3000) }),
  HardSigmoid: unary('HardSigmoid'),
  'moved HardSigmoid': unary('HardSigmoid', { alpha: float(0.7), beta: float(-300) }),
  HardSwish: unary('HardSwish'),
  Abs: unary('Abs'),
  Clip: (b, x) => b.op('Clip', [x, b.scalar(-0.3), b.scalar(0.1)]),
  'Clip from below': (b, x) => b.op('Clip', [x, b.scalar(-0.3)]),
  'Clip from above': (b, x) => b.op('Clip', [x, '', b.scalar(0.1)]),
  Silu: (b, x) => b.op('Mul', [x, b.op('Sigmoid', [x])]),
  Gelu: (b, x) => {
    const part = b.op('Add', [b.op('Erf', [b.op('Div', [x, b.scalar(Math.SQRT2)])]), b.scalar(1)]);
    return b.op('Mul', [b.op('Mul', [x, part]), b.scalar(0.5)]);
  },
  'Gelu as an operator': unary('Gelu'),
  'Gelu by tanh': unary('Gelu', { approximate: string('tanh') }),
  Mish: unary('Mish'),
  Square: (b, x) => b.op('Mul', [x, x]),
  'a power of 2': (b, x) => b.op('Pow', [x, b.scalar(2)]),
  'a reciprocal': (b, x) => b.op('Reciprocal', [b.op('Add', [b.op('Abs', [x]), b.scalar(0.01)])]),
  'a quotient with itself': (b, x) => b.op('Div', [x, b.op('Add', [b.op('Mul', [x, x]), b.scalar(0.5)])]),
  'a root': (b, x) => b.op('Sqrt', [b.op('Relu', [x])]),
  'a reciprocal root': (b, x) =>
    b.op('Reciprocal', [b.op('Sqrt', [b.op('Add', [b.op('Mul', [x, x]), b.scalar(1e-3)])])]),
  'a share of two': (b, x) => {
    const both = b.op('Concat', [x, b.op('Mul', [x, b.scalar(-0.5)])], { axis: int(1) });
    return b.op('Slice', [b.op('Softmax', [both]), b.ints([0]), b.ints([1]), b.ints([1])]);
  },
  'a share of three, one far off': (b, x) => {
    const all = b.op('Concat', [x, b.op('Add', [x, b.scalar(-20)]), b.op('Neg', [x])], { axis: int(1) });
    return b.op('Slice', [b.op('Softmax', [all]), b.ints([1]), b.ints([2]), b.ints([1])]);
  },
  'a product with itself, moved': (b, x) => b.op('Mul', [x, b.op('Add', [x, b.scalar(1)])]),
};

/** Ends of boxes: both sides of whatever turns, near and far. */
const ENDS = [
  -2000, -60, -17.9, -8.5, -2.4, -1.28, -0.3, -1e-4, 0, 0.09, 1.28, 2.3, 3.1, 9, 19, 70, 430, 1500,
];
const POINTS = 400;

describe('certificates hold', () => {
  it.each(Object.entries(CURVES))('%s: no float32 value is out of bounds', async (name, layer) => {
    const ends = name === 'Exp' ? ENDS.filter((x) => x < 60) : ENDS;
    const boxes = ends.flatMap((l, i) =>
      [l + 1e-6 * Math.abs(l), l + 0.01, ...ends.slice(i + 1).filter((_, k) => k % 3 === 0)].map(
        (u) => [Math.fround(l), Math.fround(u)] as const,
      ),
    );
    const xs = Float32Array.from({ length: boxes.length * POINTS }, (_, i) => {
      const [l, u] = boxes[Math.floor(i / POINTS)]!;
      return Math.min(u, Math.max(l, l + ((u - l) * (i % POINTS)) / (POINTS - 1)));
    });
    const values = await valuesOf(layer, xs);
    for (const method of METHODS) {
      const ranges = await rangeOf(layer, boxes, method);
      const out = Array.from(values).flatMap((value, i) => {
        const [least, most] = ranges[Math.floor(i / POINTS)]!;
        return value >= least && value <= most ? [] : [{ method, x: xs[i], value, least, most }];
      });
      expect(out.slice(0, 3)).toEqual([]);
    }
  });

  it.each<[string, Layer, number]>([
    ['of the network', scaled(1e-25, 1e-19, 1e36), 1],
    [
      'of the network, before a step that bends',
      (b, x) => b.op('Relu', [scaled(1e-25, 6e-20, 1e36)(b, x)]),
      1,
    ],
    ['of coefficients', scaled(1e23, 1e23, 1e-23, 1e-23), 1e-10],
    [
      'of both, before a step that bends',
      (b, x) => b.op('Relu', [scaled(1e23, 1e23, 1e-23, 1e-23)(b, x)]),
      1e-10,
    ],
    [
      'of a reciprocal',
      (b, x) => scaled(1e-38, 1e38)(b, b.op('Reciprocal', [b.op('Clip', [x, b.scalar(0.5)])])),
      1000,
    ],
  ])('what is lost of products that are too small for float32 counts: %s', async (_, layer, size) => {
    const boxes = [
      [0.9, 1.1],
      [1, 1],
      [-0.3, 0.7],
    ].map((ends) => ends.map((x) => Math.fround(x * size)));
    const values = await Promise.all(
      boxes.map(([l = 0, u = 0]) =>
        valuesOf(
          layer,
          Float32Array.from({ length: POINTS }, (_, i) => l + ((u - l) * i) / (POINTS - 1)),
        ),
      ),
    );
    for (const method of METHODS) {
      const ranges = await rangeOf(layer, boxes as unknown as [number, number][], method);
      ranges.forEach(([least, most], i) => {
        const out = values[i]!.find((value) => !(value >= least && value <= most));
        expect([method, i, least, most, out]).toEqual([method, i, least, most, undefined]);
        expect(Number.isFinite(most - least)).toBe(true);
      });
    }
  });

  it('a root of what a large constant is added to has bounds', async () => {
    const size = 400;
    const added = floats([1, size, size], new Float32Array(size * size).fill(1));
    const layer: Layer = (b, x) =>
      b.op('ReduceMean', [
        b.op('Sqrt', [b.op('Add', [b.op('Abs', [x]), b.constant(added)])]),
        b.ints([2, 3]),
      ]);
    const programs = await programsOf(networkOf(layer, [1, 1, 1]), [1, 1, 1]);
    await programs.close();
  });

  it('a root of a unit that is off has lines, so that those of others count', async () => {
    const root: Layer = (b, x) => b.op('Sub', [b.op('Sqrt', [b.op('Relu', [x])]), x]);
    const beside: Layer = (b, x) => {
      const off = b.op('Relu', [b.op('Sub', [x, b.scalar(5)])]);
      return b.op('Add', [root(b, x), b.op('Sqrt', [off])]);
    };
    const boxes = [[0.25, 1]] as const;
    const [alone, both, propagated] = [
      (await rangeOf(root, boxes, 'crown'))[0]!,
      (await rangeOf(beside, boxes, 'crown'))[0]!,
      (await rangeOf(beside, boxes, 'ibp'))[0]!,
    ];
    for (const end of [0, 1] as const) expect(Math.abs(both[end]! - alone[end]!)).toBeLessThan(1e-4);
    // The chord and x: 0 at 1, 1/4 at 1/4.
    expect(both[0]!).toBeGreaterThan(-1e-4);
    expect(propagated[0]!).toBeLessThan(-0.4);
  });

  it('a reciprocal near 0, whose slope overflows, has lines, so that those of others count', async () => {
    const smooth: Layer = (b, x) => b.op('Sub', [b.op('Tanh', [x]), x]);
    const steep: Layer = (b, x) => {
      const near = b.op('Add', [b.op('Relu', [b.op('Sub', [x, b.scalar(5)])]), b.scalar(1e-20)]);
      return b.op('Mul', [b.op('Reciprocal', [near]), b.scalar(1e-20)]);
    };
    const beside: Layer = (b, x) => b.op('Add', [smooth(b, x), steep(b, x)]);
    const boxes = [[0.25, 1]] as const;
    const [alone, both] = [
      (await rangeOf(smooth, boxes, 'crown'))[0]!,
      (await rangeOf(beside, boxes, 'crown'))[0]!,
    ];
    for (const end of [0, 1] as const) expect(Math.abs(both[end]! - alone[end]! - 1)).toBeLessThan(1e-4);
  });

  it.each<[string, Layer]>([
    ['LeakyRelu that is concave', unary('LeakyRelu', { alpha: float(1.5) })],
    ['LeakyRelu that falls', unary('LeakyRelu', { alpha: float(-0.5) })],
    ['Elu that falls', unary('Elu', { alpha: float(-1) })],
    ['HardSigmoid that falls', unary('HardSigmoid', { alpha: float(-0.5) })],
    ['Clip whose limits cross', (b, x) => b.op('Clip', [x, b.scalar(2), b.scalar(1)])],
    ['Cast to half', (b, x) => b.op('Cast', [b.op('Cast', [x], { to: int(10) })], { to: int(1) })],
    [
      'Cast to integers',
      (b, x) => b.op('Add', [x, b.op('Cast', [b.op('Cast', [x], { to: int(7) })], { to: int(1) })]),
    ],
    [
      'a mask',
      (b, x) => b.op('Mul', [x, b.op('Cast', [b.op('Greater', [x, b.scalar(0.5)])], { to: int(1) })]),
    ],
    ['Floor', (b, x) => b.op('Add', [x, b.op('Floor', [x])])],
    [
      'products of more than can be held',
      (b, x) => {
        const large = b.op('Expand', [b.op('GlobalAveragePool', [x]), b.ints([1, 3, 128, 128])]);
        return b.op('MatMul', [large, large]);
      },
    ],
    ['a power', (b, x) => b.op('Pow', [x, b.scalar(3)])],
    ['Softmax over images', unary('Softmax', { axis: int(0) })],
    [
      'Softmax of more than can be held',
      (b, x) => {
        const large = b.op('Expand', [b.op('GlobalAveragePool', [x]), b.ints([1, 3, 16, 64])]);
        return b.op('Softmax', [b.op('Flatten', [large])]);
      },
    ],
    ['what is no Gelu', (b, x) => b.op('Mul', [x, b.op('Add', [b.op('Erf', [x]), b.scalar(1)])])],
    [
      'a Gelu with one factor more',
      (b, x) => {
        const scaled = b.op('Mul', [x, b.scalar(Math.SQRT1_2)]);
        const part = b.op('Add', [b.op('Erf', [scaled]), b.scalar(1)]);
        const gate = b.op('Mul', [b.op('Sub', [b.scalar(1), x]), b.scalar(0.5)]);
        return b.op('Mul', [b.op('Mul', [x, part]), gate]);
      },
    ],
    ['the largest along axes', (b, x) => b.op('ReduceMax', [x, b.ints([2, 3])])],
    // Engines have their variance as a difference of means.
    ['normalisation by mean and variance', unary('MeanVarianceNormalization', { axes: ints([2, 3]) })],
    [
      'normalisation of groups by its operator',
      (b, x) => {
        const ones = b.constant(floats([3], [1, 1, 1]));
        return b.op('GroupNormalization', [x, ones, ones], { num_groups: int(3) });
      },
    ],
    [
      'channels in the place of images',
      (b, x) => {
        const turned = b.op('Transpose', [x], { perm: ints([1, 0, 2, 3]) });
        const scaled = b.op('Mul', [turned, b.constant(floats([3, 1, 1, 1], [1, 2, 3]))]);
        return b.op('Transpose', [b.op('Relu', [scaled])], { perm: ints([1, 0, 2, 3]) });
      },
    ],
    [
      'a token before images',
      (b, x) => {
        const images = b.op('Shape', [x], { start: int(0), end: int(1) });
        const shape = b.op('Concat', [b.ints([1]), images, b.ints([24])], { axis: int(0) });
        const token = b.op('Expand', [b.constant(floats([1, 1, 24], normals('token', 24))), shape]);
        const patch = b.op('Unsqueeze', [b.op('Flatten', [x]), b.ints([1])]);
        return b.op('Concat', [b.op('Transpose', [token], { perm: ints([1, 0, 2]) }), patch], {
          axis: int(1),
        });
      },
    ],
    [
      'a batch against itself',
      (b, x) => {
        const sums = (keepdims: number) =>
          b.op('ReduceSum', [x, b.ints([1, 2, 3])], { keepdims: int(keepdims) });
        return b.op('Add', [sums(1), sums(0)]);
      },
    ],
    [
      'images in another order',
      (b, x) => b.op('Slice', [x, b.ints([-1]), b.ints([-1000]), b.ints([0]), b.ints([-1])]),
    ],
    ['the first three images', (b, x) => b.op('Slice', [x, b.ints([0]), b.ints([3]), b.ints([0])])],
    ['the last images, by all axes', (b, x) => b.op('Slice', [x, b.ints([-3, 0]), b.ints([100, 1])])],
    ['images moved on', (b, x) => b.op('Pad', [x, b.ints([1, 0, 0, 0, -1, 0, 0, 0])])],
  ])('refuses %s', async (_, layer) => {
    await expect(programsOf(networkOf(layer))).rejects.toMatchObject({ code: 'op-unsupported' });
  });

  it('rounding counts where constants are added up that a step only puts beside the image', async () => {
    const width = 4096;
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', ['N', 1]);
    const value = Math.fround(0.1);
    b.outputAs(b.op('Pad', [x, b.ints([0, 0, 0, width - 1]), b.scalar(value)]), 'logits');
    const programs = await programsOf(b.build(), [1]);
    const row = Float32Array.from(normals('rows', width));
    const rows = Float32Array.from([...row, ...row.map((r) => -r)]);
    const box = { n: 1, lower: Float32Array.of(0.5), upper: Float32Array.of(0.5) };
    const { bound, rounding } = await programs.lowerBounds(box, rows, 2, 'crown');
    await programs.close();
    const exact = row.reduce((sum, r, i) => sum + r * (i === 0 ? 0.5 : value), 0);
    expect(bound[0]! - rounding[0]!).toBeLessThanOrEqual(exact);
    expect(bound[1]! - rounding[1]!).toBeLessThanOrEqual(-exact);
    expect(rounding[0]).toBeLessThan(1);
  });

  it('walks hold no more than fits, however many classes there are', async () => {
    const [hidden, classes, n] = [4096, 257, 12];
    const b = new GraphBuilder();
    const x = b.op('Relu', [
      b.op('Mul', [
        b.input('x', 'float32', ['N', 1]),
        b.constant(floats([1, hidden], normals('hidden', hidden))),
      ]),
    ]);
    const weights = b.constant(floats([hidden, classes], normals('last', hidden * classes)));
    b.outputAs(b.op('MatMul', [x, weights]), 'logits');
    const held: number[] = [];
    const watched: Engine = {
      ...engine,
      compile: async (graph) => {
        const program = await engine.compile(graph);
        return {
          run: (feeds, fetches) => {
            const { dims } = feeds.rows ?? {};
            if (dims) held.push(dims[0]! * dims[1]! * hidden);
            return program.run(feeds, fetches);
          },
          release: () => program.release(),
        };
      },
    };
    const network = { graph: b.build(), pixels: 'x', shape: [1], logits: 'logits' };
    const lower = Float32Array.from({ length: n }, (_, i) => i / n);
    const rows = marginRows(
      Int32Array.from({ length: n }, (_, i) => i),
      classes,
    );
    const count = classes - 1;
    const programs = await BoundPrograms.of(watched, network);
    const all = await programs.lowerBounds(
      { n, lower, upper: lower.map((l) => l + 0.01) },
      rows,
      count,
      'ibp',
    );
    expect(held).toEqual([2 ** 22, 2 ** 22, 2 ** 22]);
    // Of the last image by itself the same.
    const last = { n: 1, lower: lower.slice(-1), upper: lower.slice(-1).map((l) => l + 0.01) };
    const own = await programs.lowerBounds(last, rows.slice(-count * classes), count, 'ibp');
    await programs.close();
    all.bound.slice(-count).forEach((bound, i) => {
      expect(Math.abs(bound - own.bound[i]!)).toBeLessThanOrEqual(own.rounding[i]!);
    });
  });

  it.each<[string, Layer]>([
    // Of infinity, engines make what looks like a number again.
    ['a sigmoid of it', (b, x) => b.op('Sigmoid', [b.op('Exp', [x])])],
    ['a reciprocal of it', (b, x) => b.op('Reciprocal', [b.op('Add', [b.op('Exp', [x]), b.scalar(1)])])],
    ['what is cut off', (b, x) => b.op('Clip', [b.op('Exp', [x]), b.scalar(0), b.scalar(2)])],
  ])('where an interval overflows nothing is proved, whatever reads it: %s', (_, layer) =>
    overflowsAt(layer, 100),
  );

  it('where only the lower end of what a convolution gives overflows nothing is proved', async () => {
    const layer: Layer = (b, x) => {
      const image = b.op('Unsqueeze', [x, b.ints([2, 3])]);
      const large = b.constant(floats([1, 1, 1, 1], [-(2 ** 127)]));
      return b.op('Tanh', [b.op('Flatten', [b.op('Conv', [image, large])])]);
    };
    await overflowsAt(layer, 3);
  });

  it('what is least in a ball and a box is not taken for less far than it is, however many sides are reached', () => {
    // Each number reaches its side after the one before: more of them than there are rounds, so that the weight is not the best.
    const size = 40;
    const [a, room] = [new Float32Array(size), new Float32Array(size)];
    let [free, left] = [1, 1];
    for (let i = 0; i < size; i++) {
      const [part, used] = i + 1 < size ? [0.6 * free, 0.5 * left] : [free, 4 * left];
      [a[i], room[i]] = [Math.sqrt(part), Math.sqrt(used)];
      [free, left] = [free - a[i]! ** 2, left - room[i]! ** 2];
    }
    const range = {
      lower: room.map((r) => -r),
      upper: room,
      ball: { centre: new Float32Array(size), radius: 1 },
    };
    const at = (weight: number) => Float64Array.from(a, (x, i) => Math.min(room[i]!, x / (2 * weight)));
    const far = (weight: number) => at(weight).reduce((sum, x) => sum + x * x, 0);
    // By bisection: the farther, the smaller the weight.
    let [low, high] = [1e-30, 1e3];
    for (let i = 0; i < 400; i++) {
      const middle = Math.sqrt(low * high);
      if (far(middle) > 1) low = middle;
      else high = middle;
    }
    const exact = -at(high).reduce((sum, x, i) => sum + x * a[i]!, 0);
    const found = { bound: new Float64Array(1), rounding: new Float64Array(1) };
    addLeast(a, range, 1, found);
    expect(found.bound[0]).toBeLessThanOrEqual(exact + 1e-15);
    expect(found.bound[0]).toBeGreaterThan(exact - 1e-6);
  });

  it('of two bounds the better is one that is a number', () => {
    const of = (bound: number, rounding: number) => ({
      bound: Float64Array.of(bound),
      rounding: Float64Array.of(rounding),
    });
    for (const other of [
      of(Number.POSITIVE_INFINITY, 0),
      of(Number.NaN, 0),
      of(3, Number.POSITIVE_INFINITY),
    ]) {
      expect(better(of(1, 0.5), other)).toEqual(of(1, 0.5));
      expect(better(other, of(1, 0.5))).toEqual(of(1, 0.5));
    }
    expect(better(of(1, 0.5), of(2, 1.7))).toEqual(of(1, 0.5));
  });
});
