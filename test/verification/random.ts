import { float, type GraphBuilder } from '../../src/graph/build.js';
import { floats } from '../../src/graph/tensor.js';
import type { Stream } from '../../src/random/stream.js';

/** A layer of a row of numbers: as nodes of a graph, and by definition in double precision. */
export interface RandomLayer {
  what: string;
  width: number;
  add(b: GraphBuilder, x: string): string;
  at(x: readonly number[]): number[];
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** Functions of each number by itself. */
const FUNCTIONS: Readonly<Record<string, [RandomLayer['add'], (x: number) => number]>> = {
  Relu: [(b, x) => b.op('Relu', [x]), (x) => Math.max(0, x)],
  LeakyRelu: [(b, x) => b.op('LeakyRelu', [x], { alpha: float(0.25) }), (x) => (x > 0 ? x : 0.25 * x)],
  Sigmoid: [(b, x) => b.op('Sigmoid', [x]), sigmoid],
  Tanh: [(b, x) => b.op('Tanh', [x]), Math.tanh],
  Softplus: [(b, x) => b.op('Softplus', [x]), (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))],
  Elu: [(b, x) => b.op('Elu', [x]), (x) => (x > 0 ? x : Math.expm1(x))],
  SiLU: [(b, x) => b.op('Mul', [x, b.op('Sigmoid', [x])]), (x) => x * sigmoid(x)],
  Square: [(b, x) => b.op('Mul', [x, x]), (x) => x * x],
  Abs: [(b, x) => b.op('Abs', [x]), Math.abs],
  Clip: [
    (b, x) => b.op('Clip', [x, b.scalar(-0.5), b.scalar(1.25)]),
    (x) => Math.min(1.25, Math.max(-0.5, x)),
  ],
  Neg: [(b, x) => b.op('Neg', [x]), (x) => -x],
  HardSwish: [(b, x) => b.op('HardSwish', [x]), (x) => x * Math.min(1, Math.max(0, x / 6 + 0.5))],
  'exponential of a clipped number': [
    (b, x) => b.op('Exp', [b.op('Clip', [x, b.scalar(-3), b.scalar(2)])]),
    (x) => Math.exp(Math.min(2, Math.max(-3, x))),
  ],
  'a quotient': [
    (b, x) => b.op('Div', [x, b.op('Add', [b.op('Abs', [x]), b.scalar(0.5)])]),
    (x) => x / (Math.abs(x) + 0.5),
  ],
  'a root': [
    (b, x) => b.op('Sqrt', [b.op('Add', [b.op('Relu', [x]), b.scalar(0.25)])]),
    (x) => Math.sqrt(Math.max(0, x) + 0.25),
  ],
};

/** A few layers on `inputs` numbers, the last of which gives `outputs`. Constants are in eighths. */
export function randomLayers(draws: Stream, inputs: number, outputs: number): RandomLayer[] {
  const whole = (n: number) => Math.floor(draws.uniform() * n);
  const pick = <T>(all: readonly T[]) => all[whole(all.length)]!;
  const eighths = (n: number) => Array.from({ length: n }, () => (whole(33) - 16) / 8);
  const linear = (from: number, to: number): RandomLayer => {
    const [w, c] = [eighths(from * to), eighths(to)];
    const kind = pick(['Gemm', 'MatMul', 'Conv']);
    return {
      what: kind,
      width: to,
      add: (b, x) => {
        const bias = b.constant(floats([to], c));
        if (kind === 'Gemm') return b.op('Gemm', [x, b.constant(floats([from, to], w)), bias]);
        if (kind === 'MatMul')
          return b.op('Add', [b.op('MatMul', [x, b.constant(floats([from, to], w))]), bias]);
        const turned = Array.from(
          { length: to * from },
          (_, i) => w[(i % from) * to + Math.floor(i / from)]!,
        );
        const image = b.op('Reshape', [x, b.ints([-1, from, 1, 1])]);
        const kernel = b.constant(floats([to, from, 1, 1], turned));
        return b.op('Reshape', [b.op('Conv', [image, kernel, bias]), b.ints([-1, to])]);
      },
      at: (x) => c.map((own, j) => x.reduce((sum, value, i) => sum + value * w[i * to + j]!, own)),
    };
  };
  const inner = (width: number): RandomLayer => {
    const kind = whole(8);
    if (kind === 0) {
      const branch = linear(width, width);
      return {
        what: `x and ${branch.what}`,
        width,
        add: (b, x) => b.op('Add', [x, branch.add(b, x)]),
        at: (x) => branch.at(x).map((value, i) => x[i]! + value),
      };
    }
    if (kind === 1) {
      const [scale, bias, mean] = [eighths(width), eighths(width), eighths(width)];
      const of = (b: GraphBuilder, data: number[]) => b.constant(floats([width], data));
      return {
        what: 'BatchNormalization',
        width,
        add: (b, x) =>
          b.op(
            'BatchNormalization',
            [
              x,
              of(b, scale),
              of(b, bias),
              of(b, mean),
              of(
                b,
                scale.map(() => 0.25),
              ),
            ],
            {
              epsilon: float(0),
            },
          ),
        at: (x) => x.map((value, i) => 2 * (value - mean[i]!) * scale[i]! + bias[i]!),
      };
    }
    if (kind === 2) {
      const factor = pick([0.125, 8, -1024, 2 ** -20, 2 ** 20]);
      return {
        what: `times ${factor}`,
        width,
        add: (b, x) => b.op('Mul', [x, b.scalar(factor)]),
        at: (x) => x.map((v) => v * factor),
      };
    }
    if (kind === 3)
      return {
        what: 'Softmax',
        width,
        add: (b, x) => b.op('Softmax', [x]),
        at: (x) => {
          const most = Math.max(...x);
          const parts = x.map((value) => Math.exp(value - most));
          const sum = parts.reduce((all, part) => all + part, 0);
          return parts.map((part) => part / sum);
        },
      };
    const what = pick(Object.keys(FUNCTIONS));
    const [add, f] = FUNCTIONS[what]!;
    return { what, width, add, at: (x) => x.map(f) };
  };
  const layers: RandomLayer[] = [];
  let width = inputs;
  for (let depth = whole(3); depth >= 0; depth--) {
    layers.push(linear(width, 2 + whole(4)));
    width = layers.at(-1)!.width;
    for (let i = whole(3); i >= 0; i--) layers.push(inner(width));
  }
  return [...layers, linear(width, outputs)];
}
