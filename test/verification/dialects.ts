import { float, type GraphBuilder, int, ints } from '../../src/graph/build.js';
import type { Tensor } from '../../src/graph/graph.js';
import { floats, int64s } from '../../src/graph/tensor.js';
import type { Exact } from './exact.js';

/** How an exporter writes a network of two inputs: their shape, and the graph. */
export interface Dialect {
  dims: (number | string)[];
  /** What comes before the layers: gives (1, 2), or what they take as such; or all of it. */
  emit(b: GraphBuilder, x: string, layers: Layers): string;
}

/** The layers of the same network. */
export interface Layers {
  /** Rows from the left: (…, 2) to (…, outputs). */
  rows(x: string): string;
  /** Columns from the right: (…, 2, 1) to (…, outputs, 1). */
  columns(x: string): string;
  /** (n, 2, 1, 1) to (n, outputs, 1, 1). */
  convolutions(x: string): string;
}

const turned = (rows: number[][]) => rows[0]!.map((_, i) => rows.map((row) => row[i]!));

export function layersOf(b: GraphBuilder, { w, b: bias, v, c }: Exact): Layers {
  const matrix = (rows: number[][], more: number[] = []) =>
    b.constant(floats([rows.length, rows[0]!.length, ...more], rows.flat()));
  const vector = (numbers: number[], more: number[] = []) =>
    b.constant(floats([numbers.length, ...more], numbers));
  return {
    rows(x) {
      const hidden = b.op('Add', [b.op('MatMul', [x, matrix(turned(w))]), vector(bias)]);
      return b.op('Add', [b.op('MatMul', [b.op('Relu', [hidden]), matrix(turned(v))]), vector(c)]);
    },
    columns(x) {
      const hidden = b.op('Add', [b.op('MatMul', [matrix(w), x]), vector(bias, [1])]);
      return b.op('Add', [b.op('MatMul', [matrix(v), b.op('Relu', [hidden])]), vector(c, [1])]);
    },
    convolutions(x) {
      const hidden = b.op('Relu', [b.op('Conv', [x, matrix(w, [1, 1]), vector(bias)])]);
      return b.op('Conv', [hidden, matrix(v, [1, 1]), vector(c)]);
    },
  };
}

const node = (b: GraphBuilder, value: Tensor) =>
  b.node('Constant', [], { value: { kind: 'tensor', value } }, ['constant'])[0]!;
const reshaped = (b: GraphBuilder, x: string, dims: number[]) => b.op('Reshape', [x, b.ints(dims)]);
/** The sum of a token of zeros and of what follows it. */
const afterToken = (b: GraphBuilder, token: string, x: string) =>
  b.op('ReduceSum', [b.op('Concat', [token, x], { axis: int(1) }), b.ints([1])], { keepdims: int(0) });
const zeros = (dims: number[]) => floats(dims, new Float32Array(dims.reduce((size, d) => size * d, 1)));

/** As benchmarks of the competition are written: all of one point, or of a batch that is open. */
export const DIALECTS: Readonly<Record<string, Dialect>> = {
  'a row': { dims: [1, 2], emit: (_, x, { rows }) => rows(x) },
  'an open batch': { dims: ['N', 2], emit: (_, x, { rows }) => rows(x) },
  'an image of one row, normalised (ACAS Xu)': {
    dims: [1, 1, 1, 2],
    emit: (b, x, { rows }) =>
      rows(b.op('Flatten', [b.op('Sub', [x, b.constant(zeros([1, 1, 1, 2]))])], { axis: int(1) })),
  },
  'a mean and a scale before it': {
    dims: [1, 2],
    emit: (b, x, { rows }) => {
      const moved = b.op('Sub', [x, b.constant(floats([1, 2], [0.5, 0.25]))]);
      const scaled = b.op('Div', [moved, b.constant(floats([1, 2], [0.5, 2]))]);
      const back = b.op('Mul', [scaled, b.constant(floats([1, 2], [0.5, 2]))]);
      return rows(b.op('Add', [back, b.constant(floats([1, 2], [0.5, 0.25]))]));
    },
  },
  'columns (MNIST FC)': { dims: [1, 2, 1], emit: (_, x, { columns }) => columns(x) },
  'a shape as a node': {
    dims: [1, 1, 2],
    emit: (b, x, { rows }) => rows(b.op('Reshape', [x, node(b, int64s([1, 2]))])),
  },
  'a shape that is computed': {
    dims: [1, 2, 1, 1],
    emit: (b, x, { rows }) => {
      const first = b.op('Gather', [b.op('Shape', [x]), b.constant(int64s([0], []))], { axis: int(0) });
      const shape = b.op('Concat', [b.op('Unsqueeze', [first, b.ints([0])]), b.ints([-1])], { axis: int(0) });
      return rows(b.op('Reshape', [x, shape]));
    },
  },
  'an output in a shape of its own': {
    dims: [1, 2],
    emit: (b, x, { rows }) => reshaped(b, rows(reshaped(b, x, [1, 2])), [1, 1, -1]),
  },
  'channels last': {
    dims: [1, 1, 1, 2],
    emit: (b, x, { convolutions }) => convolutions(b.op('Transpose', [x], { perm: ints([0, 3, 1, 2]) })),
  },
  'one axis': { dims: [2], emit: (_, x, { rows }) => rows(x) },
  'one axis that becomes two': {
    dims: [2],
    emit: (b, x, { rows }) => rows(b.op('Unsqueeze', [x, b.ints([0])])),
  },
  'one axis of any size': { dims: [2], emit: (b, x, { rows }) => rows(reshaped(b, x, [-1, 2])) },
  'one axis, cut and joined': {
    dims: [2],
    emit: (b, x, { rows }) => {
      const parts = b.node('Split', [x, b.ints([1, 1])], {}, ['first', 'second']);
      return rows(b.op('Concat', parts, { axis: int(0) }));
    },
  },
  'two axes that are turned and added up': {
    dims: [2, 1],
    emit: (b, x, { rows }) => {
      const turn = b.op('Transpose', [x]);
      const twice = b.op('Concat', [turn, b.op('Neg', [turn]), turn], { axis: int(0) });
      const cut = b.op('Slice', [twice, b.ints([0]), b.ints([3]), b.ints([0])]);
      return rows(b.op('ReduceSum', [cut, b.ints([0])], { keepdims: int(0) }));
    },
  },
  'slices that name no axes': {
    dims: [2, 1],
    emit: (b, x, { rows }) => {
      const twice = b.op('Concat', [x, x], { axis: int(1) });
      return rows(b.op('Transpose', [b.op('Slice', [twice, b.ints([0, 1]), b.ints([2, 2])])]));
    },
  },
  'slices that name no axes, of a batch': {
    dims: [1, 2],
    emit: (b, x, { rows }) => rows(b.op('Slice', [x, b.ints([0, 0]), b.ints([1, 2])])),
  },
  'a slice of the batch': {
    dims: [1, 2],
    emit: (b, x, { rows }) => rows(b.op('Slice', [x, b.ints([-1]), b.ints([9]), b.ints([-2]), b.ints([1])])),
  },
  'a sum over all axes': {
    dims: [2],
    emit: (b, x, { rows }) => {
      const sum = b.op('ReduceSum', [x]);
      return rows(b.op('Sub', [b.op('Add', [x, sum]), sum]));
    },
  },
  'batch normalisation without a batch': {
    dims: [2, 1],
    emit: (b, x, { rows }) => {
      const numbers = (...values: number[]) => b.constant(floats([2], values));
      const channels = [numbers(1, 2), numbers(0.5, -0.25), numbers(0.5, -0.25), numbers(1 - 1e-5, 4 - 1e-5)];
      return rows(b.op('BatchNormalization', [b.op('Transpose', [x]), ...channels]));
    },
  },
  'layer normalisation without a batch': {
    dims: [2],
    emit: (b, x, { rows }) => {
      const scale = b.constant(floats([2], [1e-5, 2e-5]));
      return rows(
        b.op('Add', [x, b.op('LayerNormalization', [x, scale], { axis: int(0), epsilon: float(1) })]),
      );
    },
  },
  'columns without a batch': { dims: [2, 1], emit: (_, x, { columns }) => columns(x) },
  'a matrix product of two axes, all ways': {
    dims: [2, 1],
    emit: (b, x, { rows }) => {
      const half = (dims: number[], values: number[]) => b.constant(floats(dims, values));
      // A quarter of x, and 3/4 of it.
      const one = b.op('Gemm', [x, half([2, 2], [0.5, 0, 0, 0.5]), half([1], [4])], {
        transA: int(1),
        alpha: float(0.5),
        beta: float(0.25),
      });
      const two = b.op('Gemm', [half([2, 2], [0.75, 0, 0, 0.75]), x], {});
      const less = b.op('Sub', [one, b.scalar(1)]);
      return rows(b.op('Add', [less, b.op('Transpose', [two])]));
    },
  },
  'an image without a batch': {
    dims: [2, 1, 1],
    emit: (b, x, { convolutions }) => convolutions(b.op('Unsqueeze', [x, b.ints([0])])),
  },
  'a batch that is taken off': {
    dims: [1, 2],
    emit: (b, x, { rows }) => rows(b.op('Squeeze', [x, b.ints([0])])),
  },
  'its only row, by number': {
    dims: [1, 2],
    emit: (b, x, { rows }) => rows(b.op('Gather', [x, b.constant(int64s([0], []))], { axis: int(0) })),
  },
  'a vector of any size': { dims: [1, 1, 1, 2], emit: (b, x, { rows }) => rows(reshaped(b, x, [-1])) },
  'a token for one point (vision transformers)': {
    dims: [1, 1, 2],
    emit: (b, x, { rows }) => afterToken(b, b.constant(zeros([1, 1, 2])), rows(x)),
  },
  'a token for one point, as a node': {
    dims: [1, 1, 2],
    emit: (b, x, { rows }) => afterToken(b, node(b, zeros([1, 1, 2])), rows(x)),
  },
  'a token for one point, spread': {
    dims: [1, 1, 2],
    emit: (b, x, { rows }) =>
      afterToken(b, b.op('Expand', [b.constant(zeros([1, 1, 2])), b.ints([1, 2, 2])]), rows(x)),
  },
  'weights by way of nodes': {
    dims: [1, 2],
    emit: (b, x, { rows }) => rows(b.op('Identity', [b.op('Mul', [x, b.op('Identity', [b.scalar(1)])])])),
  },
};
