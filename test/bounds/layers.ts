import { float, type GraphBuilder, int, ints, string } from '../../src/graph/build.js';
import type { Attribute } from '../../src/graph/graph.js';
import { floats, int64s } from '../../src/graph/tensor.js';
import { normals } from '../autodiff/finite-differences.js';

/** What stands between an image (n, 2, 4, 4) and the last linear layer. */
export type Layer = (b: GraphBuilder, x: string) => string;

const drawn = (b: GraphBuilder, dims: number[], purpose: string) =>
  b.constant(
    floats(
      dims,
      normals(
        purpose,
        dims.reduce((p, d) => p * d, 1),
      ),
    ),
    purpose,
  );
const unary =
  (op: string, attributes: Record<string, Attribute> = {}): Layer =>
  (b, x) =>
    b.op(op, [stretched(b, x)], attributes);

/** Moved and stretched, so that both signs and all pieces occur. */
const stretched = (b: GraphBuilder, x: string) => b.op('Sub', [b.op('Mul', [x, b.scalar(6)]), b.scalar(3)]);

/** A network of each row of the table. */
export const LAYERS: Readonly<Record<string, readonly Layer[]>> = {
  Add: [
    (b, x) => b.op('Add', [drawn(b, [2, 1, 4], 'c'), x]),
    (b, x) => b.op('Add', [x, b.op('Mul', [x, drawn(b, [2, 4, 4], 'c')])]),
    // A Softmax of one class is a constant.
    (b, x) => b.op('Add', [x, b.op('Softmax', [b.op('ReduceMean', [x, b.ints([1])])], { axis: int(1) })]),
  ],
  Sub: [
    (b, x) => b.op('Sub', [x, drawn(b, [4], 'c')]),
    (b, x) => b.op('Sub', [drawn(b, [2, 4, 4], 'c'), x]),
    (b, x) => b.op('Sub', [b.op('Mul', [x, drawn(b, [4], 'd')]), x]),
  ],
  Sum: [
    (b, x) => b.op('Sum', [x, x, drawn(b, [2, 4, 4], 'c')]),
    // One of its operands is spread, and three ways meet.
    (b, x) => b.op('Sum', [x, b.op('GlobalAveragePool', [x]), b.op('Neg', [x]), drawn(b, [2, 1, 1], 'c')]),
  ],
  Mul: [(b, x) => b.op('Mul', [drawn(b, [2, 4, 4], 'c'), x])],
  Div: [(b, x) => b.op('Div', [x, drawn(b, [2, 4, 4], 'c')])],
  Neg: [(b, x) => b.op('Neg', [x])],
  MatMul: [
    (b, x) => b.op('MatMul', [x, drawn(b, [4, 3], 'w')]),
    (b, x) => b.op('MatMul', [drawn(b, [5, 4], 'w'), x]),
    (b, x) => b.op('Unsqueeze', [b.op('MatMul', [x, drawn(b, [4], 'w')]), b.ints([3])]),
  ],
  Gemm: [
    (b, x) => b.op('Gemm', [b.op('Flatten', [x]), drawn(b, [32, 5], 'w'), drawn(b, [5], 'c')]),
    (b, x) =>
      b.op('Gemm', [b.op('Flatten', [x]), drawn(b, [5, 32], 'w'), drawn(b, [1, 5], 'c')], {
        transB: int(1),
        alpha: float(-0.5),
        beta: float(2),
      }),
  ],
  Conv: [
    (b, x) =>
      b.op('Conv', [x, drawn(b, [3, 2, 3, 3], 'w'), drawn(b, [3], 'c')], { pads: ints([1, 1, 1, 1]) }),
    (b, x) =>
      b.op('Conv', [x, drawn(b, [4, 1, 3, 3], 'w')], {
        group: int(2),
        strides: ints([2, 2]),
        pads: ints([1, 1, 1, 1]),
      }),
  ],
  ConvTranspose: [
    (b, x) =>
      b.op('ConvTranspose', [x, drawn(b, [2, 3, 2, 2], 'w'), drawn(b, [3], 'c')], { strides: ints([2, 2]) }),
  ],
  BatchNormalization: [
    (b, x) =>
      b.op('BatchNormalization', [
        ...[x, drawn(b, [2], 'scale'), drawn(b, [2], 'c'), drawn(b, [2], 'mean')],
        b.constant(floats([2], [0.5, 2])),
      ]),
  ],
  AveragePool: [(b, x) => b.op('AveragePool', [x], { kernel_shape: ints([2, 2]), strides: ints([2, 2]) })],
  GlobalAveragePool: [(b, x) => b.op('GlobalAveragePool', [x])],
  ReduceSum: [(b, x) => b.op('ReduceSum', [x, b.ints([2])])],
  ReduceMean: [(b, x) => b.op('ReduceMean', [x, b.ints([1, 3])], { keepdims: int(0) })],
  Identity: [(b, x) => b.op('Identity', [x])],
  Dropout: [(b, x) => b.op('Dropout', [x])],
  Cast: [(b, x) => b.op('Cast', [x], { to: int(1) })],
  Reshape: [
    (b, x) => b.op('Reshape', [x, b.ints([0, 8, 4])]),
    // As PyTorch exports x.view(x.size(0), -1).
    (b, x) => {
      const images = b.op('Shape', [x], { start: int(0), end: int(1) });
      return b.op('Reshape', [x, b.op('Concat', [images, b.ints([-1])], { axis: int(0) })]);
    },
  ],
  Flatten: [(b, x) => b.op('Flatten', [x])],
  Squeeze: [(b, x) => b.op('Squeeze', [b.op('GlobalAveragePool', [x]), b.ints([2, 3])])],
  Unsqueeze: [(b, x) => b.op('Unsqueeze', [x, b.ints([2])])],
  Transpose: [(b, x) => b.op('Transpose', [x], { perm: ints([0, 2, 3, 1]) })],
  Expand: [(b, x) => b.op('Expand', [b.op('GlobalAveragePool', [x]), b.ints([1, 2, 3, 2])])],
  Concat: [
    (b, x) => b.op('Concat', [x, b.op('Neg', [x])], { axis: int(1) }),
    (b, x) => b.op('Concat', [b.op('Flatten', [x]), b.op('Flatten', [b.op('Neg', [x])])], { axis: int(1) }),
  ],
  Split: [
    (b, x) => {
      const [left, right] = b.node('Split', [x, b.ints([1, 3])], { axis: int(3) }, ['left', 'right']) as [
        string,
        string,
      ];
      return b.op('Add', [b.op('Mul', [left, b.scalar(-2)]), right]);
    },
  ],
  Slice: [
    (b, x) => b.op('Slice', [x, b.ints([0, 1]), b.ints([4, 4]), b.ints([2, 3]), b.ints([2, 2])]),
    (b, x) => b.op('Slice', [x, b.ints([1]), b.ints([3]), b.ints([2])]),
  ],
  Gather: [(b, x) => b.op('Gather', [x, b.constant(int64s([3, 0, 0]))], { axis: int(2) })],
  Pad: [
    (b, x) => b.op('Pad', [x, b.ints([0, 0, 1, 0, 0, 0, 0, 2])]),
    (b, x) => b.op('Pad', [x, b.ints([0, 0, 1, 0, 0, 0, 0, 2]), b.scalar(-1.5)]),
    ...['reflect', 'edge', 'wrap'].map(
      (mode): Layer =>
        (b, x) =>
          b.op('Pad', [x, b.ints([0, 0, 1, 2, 0, 0, 2, 1])], { mode: string(mode) }),
    ),
  ],
  Relu: [
    unary('Relu'),
    // Of each part by itself intervals are found by walks back.
    (b, x) => {
      const parts = b.node('Split', [stretched(b, x), b.ints([1, 1, 2])], { axis: int(3) }, ['a', 'b', 'c']);
      const [first, second, third] = parts.map((part) =>
        b.op('Relu', [b.op('Sub', [b.op('Relu', [part]), b.scalar(0.5)])]),
      );
      return b.op('Sum', [first!, second!, b.op('Neg', [third!])]);
    },
  ],
  LeakyRelu: [unary('LeakyRelu', { alpha: float(0.3) })],
  Sigmoid: [unary('Sigmoid')],
  Tanh: [unary('Tanh')],
  Softplus: [unary('Softplus')],
  Exp: [unary('Exp')],
  Elu: [unary('Elu', { alpha: float(0.7) })],
  HardSigmoid: [unary('HardSigmoid', { alpha: float(0.3), beta: float(0.4) })],
  HardSwish: [(b, x) => unary('HardSwish')(b, b.op('Mul', [x, b.scalar(2)]))],
  Clip: [
    (b, x) =>
      b.op('Clip', [b.op('Sub', [b.op('Mul', [x, b.scalar(6)]), b.scalar(3)]), b.scalar(-1), b.scalar(2)]),
  ],
  Abs: [unary('Abs')],
  Silu: [
    (b, x) => {
      const y = b.op('Sub', [b.op('Mul', [x, b.scalar(9)]), b.scalar(5)]);
      return b.op('Mul', [y, b.op('Sigmoid', [y])]);
    },
  ],
  Gelu: [
    // As PyTorch and TensorFlow export it.
    (b, x) => {
      const y = stretched(b, x);
      const part = b.op('Add', [b.op('Erf', [b.op('Div', [y, b.scalar(Math.SQRT2)])]), b.scalar(1)]);
      return b.op('Mul', [b.op('Mul', [y, part]), b.scalar(0.5)]);
    },
    (b, x) => {
      const y = stretched(b, x);
      const part = b.op('Add', [b.scalar(1), b.op('Erf', [b.op('Mul', [y, b.scalar(Math.SQRT1_2)])])]);
      return b.op('Mul', [b.op('Mul', [b.scalar(0.5), y]), part]);
    },
  ],
  Square: [
    (b, x) => {
      const y = stretched(b, x);
      return b.op('Mul', [y, y]);
    },
    (b, x) => b.op('Pow', [stretched(b, x), b.scalar(2)]),
  ],
  Reciprocal: [
    (b, x) => b.op('Reciprocal', [b.op('Add', [b.op('Abs', [stretched(b, x)]), b.scalar(0.25)])]),
    // Below 0; and a constant divided.
    (b, x) => b.op('Reciprocal', [b.op('Sub', [b.scalar(-0.5), b.op('Relu', [stretched(b, x)])])]),
    (b, x) => {
      const y = stretched(b, x);
      return b.op('Div', [drawn(b, [2, 1, 4], 'c'), b.op('Add', [b.op('Mul', [y, y]), b.scalar(0.5)])]);
    },
  ],
  Sqrt: [(b, x) => b.op('Sqrt', [b.op('Relu', [stretched(b, x)])])],
  Rsqrt: [
    (b, x) => {
      const y = stretched(b, x);
      const mean = b.op('ReduceMean', [b.op('Pow', [y, b.scalar(2)]), b.ints([3])], { keepdims: int(1) });
      return b.op('Reciprocal', [b.op('Sqrt', [b.op('Add', [mean, b.scalar(0.1)])])]);
    },
  ],
  CappedExp: [(b, x) => b.op('Softmax', [stretched(b, x)])],
  Share: [
    (b, x) => b.op('Softmax', [stretched(b, x)], { axis: int(1) }),
    // Hard: shares of 0 and 1.
    (b, x) => b.op('Softmax', [b.op('Flatten', [b.op('Mul', [x, b.scalar(60)])])]),
  ],
  GlobalMaxPool: [(b, x) => b.op('GlobalMaxPool', [stretched(b, x)])],
  MaxPool: [
    (b, x) => b.op('MaxPool', [x], { kernel_shape: ints([2, 2]), strides: ints([2, 2]) }),
    (b, x) =>
      b.op('MaxPool', [b.op('Relu', [b.op('Sub', [x, b.scalar(0.4)])])], {
        kernel_shape: ints([3, 3]),
        pads: ints([1, 1, 1, 1]),
        strides: ints([1, 2]),
      }),
  ],
};

/** Networks with products of two values that both depend on the image. */
export const PRODUCTS: Readonly<Record<string, Layer>> = {
  'of other numbers': (b, x) => {
    const y = stretched(b, x);
    return b.op('Mul', [y, b.op('Transpose', [y], { perm: ints([0, 1, 3, 2]) })]);
  },
  // As squeeze and excitation has them.
  'of a gate that is spread': (b, x) => {
    const gate = b.op('Sigmoid', [b.op('GlobalAveragePool', [stretched(b, x)])]);
    return b.op('Mul', [b.op('Relu', [stretched(b, x)]), gate]);
  },
  'of windows': (b, x) => {
    const conv = (purpose: string, y: string) =>
      b.op('Conv', [y, drawn(b, [2, 2, 2, 2], purpose)], { pads: ints([0, 0, 1, 1]) });
    const hidden = b.op('Mul', [conv('v', x), b.op('Tanh', [conv('w', x)])]);
    return b.op('Relu', [conv('u', hidden)]);
  },
  'of matrices': (b, x) => {
    const y = stretched(b, x);
    const scores = b.op('MatMul', [y, b.op('Transpose', [y], { perm: ints([0, 1, 3, 2]) })]);
    return b.op('MatMul', [b.op('Sigmoid', [b.op('Mul', [scores, b.scalar(0.1)])]), y]);
  },
  'with a reciprocal': (b, x) => {
    const y = stretched(b, x);
    const size = b.op('Add', [
      b.op('Abs', [b.op('Transpose', [y], { perm: ints([0, 1, 3, 2]) })]),
      b.scalar(0.5),
    ]);
    return b.op('Div', [y, size]);
  },
  'that normalises a layer': (b, x) =>
    b.op('LayerNormalization', [stretched(b, x), drawn(b, [4, 4], 'scale'), drawn(b, [4, 4], 'bias')], {
      axis: int(2),
      epsilon: float(1e-2),
    }),
  // As PyTorch exports it.
  'that normalises rows': (b, x) => {
    const y = stretched(b, x);
    const mean = (value: string) => b.op('ReduceMean', [value, b.ints([-1])], { keepdims: int(1) });
    const centred = b.op('Sub', [y, mean(y)]);
    const variance = b.op('Add', [mean(b.op('Pow', [centred, b.scalar(2)])), b.scalar(1e-3)]);
    return b.op('Mul', [b.op('Div', [centred, b.op('Sqrt', [variance])]), drawn(b, [4], 'scale')]);
  },
  'of attention': (b, x) => {
    const project = (purpose: string) => b.op('MatMul', [stretched(b, x), drawn(b, [4, 4], purpose)]);
    const [q, k, v] = ['q', 'k', 'v'].map(project) as [string, string, string];
    const scores = b.op('MatMul', [q, b.op('Transpose', [k], { perm: ints([0, 1, 3, 2]) })]);
    const weights = b.op('Softmax', [b.op('Mul', [scores, b.scalar(0.05)])]);
    return b.op('Add', [b.op('MatMul', [weights, v]), x]);
  },
  'of matrices, one of which all share': (b, x) => {
    const y = stretched(b, x);
    const all = b.op('ReduceSum', [y, b.ints([1])]);
    return b.op('MatMul', [y, all]);
  },
};
