import { float, type GraphBuilder, int, ints, string, tensor } from '../../src/graph/build.js';
import type { Attribute } from '../../src/graph/graph.js';
import { floats, int64s } from '../../src/graph/tensor.js';
import { normals } from './finite-differences.js';

/** Names of values: a case reads no more of them than it has inputs. */
export type Names = [string, string, string, ...string[]];

export interface Case {
  /** Shapes of the inputs that are differentiated. */
  inputs: number[][];
  /** Emits the operator and returns its (first) output. */
  emit(b: GraphBuilder, x: Names): string;
  /** Where the inputs are drawn: any number (default), positive ones, or distinct ones well apart. */
  domain?: 'real' | 'positive' | 'distinct';
  what?: string;
  /** The operator set that brought this form, when it is newer than the one graphs are written in. */
  opset?: number;
  /** The last operator set that has this form. */
  until?: number;
  tolerance?: number;
  /** How far what engines give may be apart, relatively; default: rounding. */
  apart?: number;
}

const op =
  (name: string, attributes: Record<string, Attribute> = {}) =>
  (b: GraphBuilder, x: string[]) =>
    b.op(name, x, attributes);
const unary = (name: string, attributes: Record<string, Attribute> = {}, domain?: Case['domain']): Case => ({
  inputs: [[2, 3, 4]],
  emit: op(name, attributes),
  domain,
});
const binary = (name: string, domain?: Case['domain']): Case[] => [
  {
    inputs: [
      [2, 3],
      [2, 3],
    ],
    emit: op(name),
    domain,
  },
  {
    what: 'broadcast',
    inputs: [
      [2, 3, 4],
      [3, 1],
    ],
    emit: op(name),
    domain,
  },
  {
    what: 'both broadcast',
    inputs: [
      [2, 1, 4],
      [3, 1],
    ],
    emit: op(name),
    domain,
  },
];
const reduction = (name: string, domain?: Case['domain']): Case[] =>
  (
    [
      ['some axes', [1, -1], 1],
      ['no keepdims', [2], 0],
      ['batch too', [0, 2], 1],
      ['all axes', undefined, 0],
    ] as const
  ).map(([what, axes, keepdims]) => ({
    what,
    inputs: [[2, 3, 4]],
    domain,
    emit: (b, x) => b.op(name, axes ? [x[0], b.ints(axes)] : x, { keepdims: int(keepdims) }),
  }));
const constant = (b: GraphBuilder, dims: number[], purpose = 'constant') =>
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

const kernelFixed =
  (dims: number[], attributes: Record<string, Attribute>) => (b: GraphBuilder, x: string[]) =>
    b.op('Conv', [x[0]!, constant(b, dims)], attributes);

/** Sample inputs for every row of the gradient table and of the lowerings. A row that has none fails. */
export const CASES: Record<string, Case[]> = {
  Add: binary('Add'),
  Sub: binary('Sub'),
  Mul: binary('Mul'),
  Div: binary('Div', 'positive'),
  Pow: [
    ...binary('Pow', 'positive'),
    { what: 'squared', inputs: [[2, 3]], emit: (b, [x]) => b.op('Pow', [x, b.scalar(2)]) },
    { what: 'cubed', inputs: [[2, 3]], emit: (b, [x]) => b.op('Pow', [x, b.scalar(3)]) },
  ],
  Sum: [{ inputs: [[2, 3], [3], [2, 1]], emit: op('Sum') }],
  Max: binary('Max', 'distinct'),
  Min: binary('Min', 'distinct'),
  Where: [
    {
      inputs: [[2, 3], [3]],
      emit: (b, [x, y]) => {
        const chosen = b.constant({ type: 'bool', dims: [2, 3], data: Uint8Array.of(1, 0, 1, 0, 0, 1) });
        return b.op('Where', [chosen, x, y]);
      },
    },
  ],
  PRelu: [
    {
      inputs: [
        [2, 3, 4],
        [3, 1],
      ],
      emit: op('PRelu'),
      domain: 'distinct',
    },
  ],
  Neg: [unary('Neg')],
  Sqrt: [unary('Sqrt', {}, 'positive')],
  Exp: [unary('Exp')],
  Log: [unary('Log', {}, 'positive')],
  Abs: [unary('Abs', {}, 'distinct')],
  Reciprocal: [unary('Reciprocal', {}, 'positive')],
  Sin: [unary('Sin')],
  Cos: [unary('Cos')],
  Atan: [unary('Atan')],
  Tan: [{ inputs: [[2, 5]], emit: (b, [x]) => b.op('Tan', [b.op('Mul', [x, b.scalar(0.3)])]) }],
  Asin: [{ inputs: [[2, 5]], emit: (b, [x]) => b.op('Asin', [b.op('Mul', [x, b.scalar(0.2)])]) }],
  Acos: [{ inputs: [[2, 5]], emit: (b, [x]) => b.op('Acos', [b.op('Mul', [x, b.scalar(0.2)])]) }],
  Sinh: [unary('Sinh')],
  Cosh: [unary('Cosh')],
  Asinh: [unary('Asinh')],
  Acosh: [
    {
      inputs: [[2, 5]],
      domain: 'positive',
      emit: (b, [x]) => b.op('Acosh', [b.op('Add', [x, b.scalar(0.8)])]),
    },
  ],
  Atanh: [{ inputs: [[2, 5]], emit: (b, [x]) => b.op('Atanh', [b.op('Mul', [x, b.scalar(0.2)])]) }],
  Relu: [unary('Relu', {}, 'distinct')],
  LeakyRelu: [
    unary('LeakyRelu', { alpha: float(0.2) }, 'distinct'),
    { ...unary('LeakyRelu', { alpha: float(-0.5) }, 'distinct'), what: 'negative slope' },
    { ...unary('LeakyRelu', { alpha: float(1.5) }, 'distinct'), what: 'steep slope' },
    { ...unary('LeakyRelu', { alpha: float(0) }, 'distinct'), what: 'no slope' },
  ],
  ThresholdedRelu: [unary('ThresholdedRelu', { alpha: float(0.4) }, 'distinct')],
  Clip: [
    {
      inputs: [[2, 9]],
      domain: 'distinct',
      emit: (b, [x]) => b.op('Clip', [x, b.scalar(-0.3), b.scalar(0.6)]),
    },
    {
      what: 'one bound',
      inputs: [[2, 9]],
      domain: 'distinct',
      emit: (b, [x]) => b.op('Clip', [x, '', b.scalar(0.6)]),
    },
  ],
  Shrink: [
    unary('Shrink', { lambd: float(0.4) }, 'distinct'),
    { ...unary('Shrink', { lambd: float(0.4), bias: float(0.3) }, 'distinct'), what: 'with a bias' },
  ],
  Sigmoid: [unary('Sigmoid')],
  Tanh: [unary('Tanh')],
  Softplus: [unary('Softplus')],
  Softsign: [unary('Softsign', {}, 'distinct')],
  Elu: [unary('Elu', { alpha: float(0.7) }, 'distinct')],
  Selu: [unary('Selu', {}, 'distinct')],
  Celu: [unary('Celu', { alpha: float(0.7) }, 'distinct')],
  HardSigmoid: [unary('HardSigmoid', { alpha: float(0.4), beta: float(0.45) }, 'distinct')],
  Erf: [unary('Erf')],
  Softmax: [unary('Softmax'), { ...unary('Softmax', { axis: int(1) }), what: 'inner axis' }],
  LogSoftmax: [unary('LogSoftmax'), { ...unary('LogSoftmax', { axis: int(1) }), what: 'inner axis' }],
  Identity: [unary('Identity')],
  Dropout: [unary('Dropout')],
  Cast: [unary('Cast', { to: int(1) })],

  ReduceSum: reduction('ReduceSum'),
  ReduceMean: reduction('ReduceMean'),
  ReduceMax: reduction('ReduceMax', 'distinct'),
  ReduceMin: reduction('ReduceMin', 'distinct'),
  ReduceLogSumExp: reduction('ReduceLogSumExp'),
  ReduceL1: reduction('ReduceL1', 'distinct'),
  ReduceL2: reduction('ReduceL2'),
  ReduceSumSquare: reduction('ReduceSumSquare'),
  ReduceLogSum: reduction('ReduceLogSum', 'positive'),

  Gemm: [
    { inputs: [[2, 3], [3, 4], [4]], emit: op('Gemm', { alpha: float(0.7), beta: float(1.3) }) },
    {
      what: 'transposed',
      inputs: [
        [3, 2],
        [4, 3],
      ],
      emit: op('Gemm', { transA: int(1), transB: int(1) }),
    },
    {
      what: 'A transposed',
      inputs: [
        [3, 2],
        [3, 4],
        [2, 1],
      ],
      emit: op('Gemm', { transA: int(1) }),
    },
    {
      what: 'B transposed',
      inputs: [
        [2, 3],
        [4, 3],
        [2, 4],
      ],
      emit: op('Gemm', { transB: int(1) }),
    },
  ],
  MatMul: [
    {
      inputs: [
        [2, 3],
        [3, 4],
      ],
      emit: op('MatMul'),
    },
    {
      what: 'batches',
      inputs: [
        [2, 5, 2, 3],
        [2, 5, 3, 4],
      ],
      emit: op('MatMul'),
    },
    {
      what: 'broadcast batches',
      inputs: [
        [2, 5, 2, 3],
        [5, 3, 4],
      ],
      emit: op('MatMul'),
    },
    {
      what: 'shared matrix',
      inputs: [
        [2, 5, 3],
        [3, 4],
      ],
      emit: op('MatMul'),
    },
    { what: 'vector on the left', inputs: [[3], [2, 3, 4]], emit: op('MatMul') },
    { what: 'vector on the right', inputs: [[2, 4, 3], [3]], emit: op('MatMul') },
  ],
  Conv: [
    {
      what: 'constant kernel',
      inputs: [[2, 3, 5, 5]],
      emit: kernelFixed([4, 3, 3, 3], { pads: ints([1, 1, 1, 1]) }),
    },
    {
      what: 'constant kernel, no padding, dilated',
      inputs: [[2, 3, 7, 6]],
      emit: kernelFixed([4, 3, 3, 2], { dilations: ints([2, 3]) }),
    },
    {
      what: 'constant kernel, groups',
      inputs: [[2, 4, 5, 5]],
      emit: kernelFixed([6, 2, 3, 3], { group: int(2), pads: ints([0, 1, 2, 0]) }),
    },
    {
      what: 'constant kernel, padded beyond its reach',
      inputs: [[2, 2, 4, 4]],
      emit: kernelFixed([3, 2, 2, 2], { pads: ints([2, 2, 3, 3]) }),
    },
    {
      what: 'strides with input left over',
      inputs: [[2, 3, 8, 7], [4, 3, 3, 3], [4]],
      emit: op('Conv', { strides: ints([2, 3]), pads: ints([1, 0, 0, 1]) }),
    },
    {
      what: 'strides, dilations and groups',
      inputs: [
        [2, 4, 9, 9],
        [6, 2, 3, 3],
      ],
      emit: op('Conv', { strides: ints([2, 2]), dilations: ints([2, 1]), group: int(2) }),
    },
    {
      what: 'depthwise',
      inputs: [
        [2, 3, 6, 6],
        [3, 1, 3, 3],
      ],
      emit: op('Conv', { group: int(3), strides: ints([2, 2]), pads: ints([1, 1, 1, 1]) }),
    },
    {
      what: 'SAME_UPPER',
      inputs: [
        [2, 2, 6, 5],
        [3, 2, 3, 3],
      ],
      emit: op('Conv', { auto_pad: string('SAME_UPPER'), strides: ints([2, 2]) }),
    },
    {
      what: 'SAME_LOWER',
      inputs: [[2, 2, 6, 5]],
      emit: kernelFixed([3, 2, 2, 2], { auto_pad: string('SAME_LOWER') }),
    },
    {
      what: 'one dimension',
      inputs: [
        [2, 3, 8],
        [4, 3, 3],
      ],
      emit: op('Conv', { strides: ints([2]), pads: ints([1, 1]) }),
    },
    { what: '1x1', inputs: [[2, 3, 4, 4]], emit: kernelFixed([5, 3, 1, 1], {}) },
    {
      what: '1x1 with stride',
      inputs: [[2, 3, 5, 5]],
      emit: kernelFixed([5, 3, 1, 1], { strides: ints([2, 2]) }),
    },
  ],
  ConvTranspose: [
    {
      inputs: [[2, 3, 4, 4], [3, 2, 3, 3], [2]],
      emit: op('ConvTranspose', {
        strides: ints([2, 2]),
        pads: ints([1, 1, 1, 1]),
        output_padding: ints([1, 1]),
      }),
    },
    {
      what: 'groups',
      inputs: [
        [2, 4, 3, 3],
        [4, 2, 2, 2],
      ],
      emit: op('ConvTranspose', { group: int(2), strides: ints([2, 1]) }),
    },
    {
      what: 'dilated',
      inputs: [
        [2, 2, 3, 3],
        [2, 3, 2, 2],
      ],
      emit: op('ConvTranspose', { dilations: ints([2, 2]) }),
    },
  ],
  MaxPool: [
    {
      inputs: [[2, 2, 6, 6]],
      domain: 'distinct',
      emit: op('MaxPool', { kernel_shape: ints([2, 2]), strides: ints([2, 2]) }),
    },
    {
      what: 'overlapping',
      inputs: [[2, 2, 7, 6]],
      domain: 'distinct',
      emit: op('MaxPool', { kernel_shape: ints([3, 3]), strides: ints([2, 1]), pads: ints([1, 1, 1, 1]) }),
    },
    {
      what: 'ceil mode',
      inputs: [[2, 2, 6, 6]],
      domain: 'distinct',
      emit: op('MaxPool', { kernel_shape: ints([3, 3]), strides: ints([2, 2]), ceil_mode: int(1) }),
    },
  ],
  AveragePool: [
    {
      inputs: [[2, 2, 6, 6]],
      emit: op('AveragePool', { kernel_shape: ints([2, 2]), strides: ints([2, 2]) }),
    },
    {
      what: 'padding not counted',
      inputs: [[2, 2, 7, 6]],
      emit: op('AveragePool', {
        kernel_shape: ints([3, 3]),
        strides: ints([2, 1]),
        pads: ints([1, 1, 1, 1]),
      }),
    },
    {
      what: 'padding counted',
      inputs: [[2, 2, 7, 6]],
      emit: op('AveragePool', {
        kernel_shape: ints([3, 3]),
        strides: ints([2, 2]),
        pads: ints([1, 1, 1, 1]),
        count_include_pad: int(1),
      }),
    },
    {
      what: 'ceil mode',
      inputs: [[2, 2, 6, 6]],
      emit: op('AveragePool', { kernel_shape: ints([3, 3]), strides: ints([2, 2]), ceil_mode: int(1) }),
    },
    {
      what: 'ceil mode, padding counted',
      inputs: [[2, 2, 6, 6]],
      emit: op('AveragePool', {
        kernel_shape: ints([3, 3]),
        strides: ints([2, 2]),
        pads: ints([1, 1, 0, 0]),
        ceil_mode: int(1),
        count_include_pad: int(1),
      }),
    },
    {
      what: 'input left over',
      inputs: [[2, 2, 7, 7]],
      emit: op('AveragePool', { kernel_shape: ints([2, 2]), strides: ints([3, 2]) }),
    },
  ],
  GlobalAveragePool: [{ inputs: [[2, 3, 4, 5]], emit: op('GlobalAveragePool') }],
  GlobalMaxPool: [{ inputs: [[2, 3, 4, 5]], domain: 'distinct', emit: op('GlobalMaxPool') }],
  BatchNormalization: [
    {
      inputs: [[2, 3, 4, 4], [3], [3]],
      emit: (b, [x, scale, bias]) => {
        const variance = b.constant(floats([3], [0.5, 1, 2]), 'variance');
        return b.op('BatchNormalization', [x, scale, bias, constant(b, [3], 'mean'), variance]);
      },
    },
  ],
  LayerNormalization: [
    { inputs: [[2, 3, 4], [4], [4]], emit: op('LayerNormalization') },
    {
      what: 'two axes, no bias',
      inputs: [
        [2, 3, 4],
        [3, 4],
      ],
      emit: op('LayerNormalization', { axis: int(1) }),
    },
  ],
  InstanceNormalization: [{ inputs: [[2, 3, 4, 2], [3], [3]], emit: op('InstanceNormalization') }],
  GroupNormalization: [
    {
      what: 'scale per group',
      until: 20,
      inputs: [[2, 4, 3, 2], [2], [2]],
      emit: op('GroupNormalization', { num_groups: int(2) }),
    },
    {
      what: 'scale per channel',
      inputs: [[2, 4, 3, 2], [4], [4]],
      emit: op('GroupNormalization', { num_groups: int(2) }),
      opset: 21,
    },
  ],
  RMSNormalization: [
    { inputs: [[2, 3, 4], [4]], emit: op('RMSNormalization'), opset: 23 },
    {
      what: 'two axes',
      inputs: [
        [2, 3, 4],
        [3, 4],
      ],
      emit: op('RMSNormalization', { axis: int(1), epsilon: float(1e-3) }),
      opset: 23,
    },
  ],
  MeanVarianceNormalization: [
    { inputs: [[2, 3, 4, 2]], emit: op('MeanVarianceNormalization') },
    {
      what: 'axes of one image',
      inputs: [[2, 3, 4, 2]],
      emit: op('MeanVarianceNormalization', { axes: ints([2, 3]) }),
    },
    {
      // An epsilon within the root would be ten times their variance; beside it, it is seen in four digits.
      what: 'numbers near each other',
      apart: 2e-4,
      inputs: [[2, 3, 4, 2]],
      emit: (b, [x]) => b.op('MeanVarianceNormalization', [b.op('Mul', [x, b.scalar(1e-5)])]),
    },
  ],
  LRN: [3, 5].map((size) => ({
    what: `${size} channels`,
    inputs: [[2, 6, 3, 2]],
    emit: op('LRN', { size: int(size), alpha: float(0.6), beta: float(0.75), bias: float(1.5) }),
  })),
  LpNormalization: [
    { inputs: [[2, 3, 4]], emit: op('LpNormalization') },
    {
      what: 'p = 1, inner axis',
      inputs: [[2, 3, 4]],
      domain: 'distinct',
      emit: op('LpNormalization', { p: int(1), axis: int(1) }),
    },
  ],
  Attention: [
    {
      what: 'rows with heads inside',
      inputs: [
        [2, 3, 8],
        [2, 5, 8],
        [2, 5, 4],
      ],
      emit: op('Attention', { q_num_heads: int(2), kv_num_heads: int(2) }),
      opset: 23,
    },
    {
      what: 'heads as an axis, scaled, masked by numbers',
      inputs: [
        [2, 2, 3, 4],
        [2, 2, 5, 4],
        [2, 2, 5, 4],
      ],
      emit: (b, x) => b.op('Attention', [...x, constant(b, [3, 5], 'mask')], { scale: float(0.7) }),
      opset: 23,
    },
    {
      what: 'masked by booleans, keys shared by pairs of heads',
      inputs: [
        [2, 4, 2, 3],
        [2, 2, 4, 3],
        [2, 2, 4, 3],
      ],
      emit: (b, x) => {
        const seen = Uint8Array.of(1, 0, 1, 1, 0, 1, 1, 1);
        return b.op('Attention', [...x, b.constant({ type: 'bool', dims: [2, 4], data: seen })]);
      },
      opset: 23,
    },
    {
      what: 'causal',
      inputs: [
        [2, 2, 4, 3],
        [2, 2, 4, 3],
        [2, 2, 4, 3],
      ],
      emit: op('Attention', { is_causal: int(1) }),
      opset: 23,
    },
  ],
  HardSwish: [{ ...unary('HardSwish', {}, 'distinct'), tolerance: 2e-3 }],
  Mish: [unary('Mish')],
  Gelu: [
    { ...unary('Gelu'), opset: 20 },
    { ...unary('Gelu', { approximate: string('tanh') }), what: 'tanh', opset: 20 },
  ],
  Mean: [{ inputs: [[2, 3], [3]], emit: op('Mean') }],

  Reshape: [{ inputs: [[2, 3, 4]], emit: (b, [x]) => b.op('Reshape', [x, b.ints([0, -1])]) }],
  Flatten: [{ inputs: [[2, 3, 4]], emit: op('Flatten', { axis: int(2) }) }],
  Squeeze: [{ inputs: [[2, 1, 4, 1]], emit: (b, [x]) => b.op('Squeeze', [x, b.ints([1, -1])]) }],
  Unsqueeze: [{ inputs: [[2, 4]], emit: (b, [x]) => b.op('Unsqueeze', [x, b.ints([0, 3])]) }],
  Transpose: [
    { inputs: [[2, 3, 4]], emit: op('Transpose', { perm: ints([2, 0, 1]) }) },
    { what: 'reversed', inputs: [[2, 3, 4]], emit: op('Transpose') },
  ],
  Expand: [{ inputs: [[3, 1]], emit: (b, [x]) => b.op('Expand', [x, b.ints([2, 1, 4])]) }],
  Concat: [
    {
      inputs: [
        [2, 3],
        [2, 1],
        [2, 2],
      ],
      emit: op('Concat', { axis: int(1) }),
    },
    {
      what: 'batch axis',
      inputs: [
        [2, 3],
        [1, 3],
      ],
      emit: op('Concat', { axis: int(0) }),
    },
    {
      what: 'the same value twice',
      inputs: [[2, 3]],
      emit: (b, [x]) => b.op('Concat', [x, x], { axis: int(-1) }),
    },
  ],
  Split: [
    {
      inputs: [[2, 6]],
      emit: (b, [x]) => {
        const [first, , last] = b.node('Split', [x, b.ints([1, 2, 3])], { axis: int(1) }, [
          'a',
          'b',
          'c',
        ]) as [string, string, string];
        return b.op('Mul', [first, last]);
      },
    },
  ],
  Slice: [
    {
      what: 'the first axis',
      inputs: [[5, 3]],
      emit: (b, [x]) => b.op('Slice', [x, b.ints([1, 0]), b.ints([3, 2]), b.ints([0, 1])]),
    },
    {
      inputs: [[2, 5, 6]],
      emit: (b, [x]) => b.op('Slice', [x, b.ints([1, -3]), b.ints([100, -1]), b.ints([1, 2])]),
    },
    {
      what: 'steps',
      inputs: [[2, 5, 6]],
      emit: (b, [x]) =>
        b.op('Slice', [x, b.ints([0, -1]), b.ints([5, -100]), b.ints([1, 2]), b.ints([2, -1])]),
    },
  ],
  Pad: [
    {
      inputs: [[2, 2, 3, 3]],
      emit: (b, [x]) => b.op('Pad', [x, b.ints([0, 0, 1, 2, 0, 1, 0, -1]), b.scalar(0.5)]),
    },
    ...['reflect', 'edge', 'wrap'].map((mode) => ({
      what: mode,
      inputs: [[2, 2, 4, 4]],
      emit: (b: GraphBuilder, [x]: Names) =>
        b.op('Pad', [x, b.ints([0, 0, 1, 2, 0, 0, 3, 1])], { mode: string(mode) }),
    })),
    {
      what: 'chosen axes',
      inputs: [[2, 2, 3]],
      emit: (b, [x]) => b.op('Pad', [x, b.ints([1, 2]), '', b.ints([-1])]),
    },
  ],
  Gather: [
    {
      inputs: [[2, 5, 3]],
      emit: (b, [x]) => b.op('Gather', [x, b.constant(int64s([4, 0, 0, 2]))], { axis: int(1) }),
    },
    {
      what: 'a single index',
      inputs: [[2, 5, 3]],
      emit: (b, [x]) => b.op('Gather', [x, b.constant(int64s([3], []))], { axis: int(1) }),
    },
    {
      what: 'a matrix of indices',
      inputs: [[5, 3]],
      emit: (b, [x]) => b.op('Gather', [x, b.constant(int64s([4, 0, 1, 2], [2, 2]))], { axis: int(0) }),
    },
    {
      what: 'a matrix of indices, last axis',
      inputs: [[2, 3, 5]],
      emit: (b, [x]) => b.op('Gather', [x, b.constant(int64s([4, 0, 1, 2], [2, 2]))], { axis: int(-1) }),
    },
    {
      what: 'a matrix of indices, inner axis',
      inputs: [[2, 5, 3]],
      emit: (b, [x]) => b.op('Gather', [x, b.constant(int64s([4, 0, 1, 2], [2, 2]))], { axis: int(1) }),
    },
  ],
  GatherElements: [
    {
      inputs: [[2, 4]],
      emit: (b, [x]) =>
        b.op('GatherElements', [x, b.constant(int64s([3, 0, 0, 1, 1, 2], [2, 3]))], { axis: int(1) }),
    },
  ],
  Trilu: [
    { inputs: [[2, 3, 4]], emit: op('Trilu') },
    {
      what: 'lower, shifted',
      inputs: [[2, 3, 4]],
      emit: (b, [x]) => b.op('Trilu', [x, b.constant(int64s([1], []))], { upper: int(0) }),
    },
  ],
  Col2Im: [
    {
      what: 'overlapping patches',
      inputs: [[2, 2 * 9, 12]],
      emit: (b, [x]) =>
        b.op('Col2Im', [x, b.ints([6, 5]), b.ints([3, 3])], {
          strides: ints([2, 1]),
          pads: ints([1, 1, 1, 0]),
        }),
    },
    {
      what: 'dilated',
      inputs: [[2, 3 * 4, 6]],
      emit: (b, [x]) => b.op('Col2Im', [x, b.ints([5, 5]), b.ints([2, 2])], { dilations: ints([2, 3]) }),
    },
  ],
  ScatterElements: [
    {
      inputs: [
        [2, 4],
        [2, 2],
      ],
      emit: (b, [x, u]) =>
        b.op('ScatterElements', [x, b.constant(int64s([3, 0, 1, 2], [2, 2])), u], { axis: int(1) }),
    },
    {
      what: 'adding',
      inputs: [
        [2, 4],
        [2, 2],
      ],
      emit: (b, [x, u]) =>
        b.op('ScatterElements', [x, b.constant(int64s([3, 3, 1, 2], [2, 2])), u], {
          axis: int(1),
          reduction: string('add'),
        }),
    },
  ],
  TopK: [
    {
      inputs: [[2, 6]],
      domain: 'distinct',
      emit: (b, [x]) => b.node('TopK', [x, b.ints([3])], { axis: int(-1) }, ['values', 'indices'])[0]!,
    },
  ],
  GatherND: [
    {
      inputs: [[2, 4, 3]],
      emit: (b, [x]) => b.op('GatherND', [x, b.constant(int64s([0, 3, 1, 0, 0, 3], [3, 2]))]),
    },
  ],
  ScatterND: [
    {
      inputs: [
        [4, 3],
        [2, 3],
      ],
      emit: (b, [x, u]) => b.op('ScatterND', [x, b.constant(int64s([3, 0], [2, 1])), u]),
    },
    {
      what: 'adding',
      inputs: [
        [4, 3],
        [2, 3],
      ],
      emit: (b, [x, u]) =>
        b.op('ScatterND', [x, b.constant(int64s([3, 3], [2, 1])), u], { reduction: string('add') }),
    },
  ],
  Tile: [{ inputs: [[2, 3, 2]], emit: (b, [x]) => b.op('Tile', [x, b.ints([1, 2, 3])]) }],
  CumSum: [
    { inputs: [[2, 4]], emit: (b, [x]) => b.op('CumSum', [x, b.constant(int64s([1], []))]) },
    {
      what: 'exclusive, reversed',
      inputs: [[2, 4]],
      emit: (b, [x]) =>
        b.op('CumSum', [x, b.constant(int64s([1], []))], { exclusive: int(1), reverse: int(1) }),
    },
  ],
  Einsum: [
    ['bij,bjk->bik', [2, 3, 4], [2, 4, 5]],
    ['bhid,bhjd->bhij', [2, 2, 3, 4], [2, 2, 5, 4]],
    ['bij,kj', [2, 3, 4], [5, 4]],
    ['bij,jk->bk', [2, 3, 4], [4, 5]],
    ['ijk->ki', [2, 3, 4]],
    ['...ij,...jk->...ik', [2, 5, 3, 4], [2, 5, 4, 2]],
    ['...ij,jk->...ki', [2, 5, 3, 4], [4, 2]],
    ['b...c,cd', [2, 3, 4], [4, 5]],
  ].map(([equation, ...inputs]) => ({
    what: equation as string,
    inputs: inputs as number[][],
    emit: op('Einsum', { equation: string(equation as string) }),
  })),
  Resize: [
    ...['half_pixel', 'pytorch_half_pixel', 'align_corners', 'asymmetric'].flatMap((transform) =>
      (['nearest', 'linear', 'cubic'] as const).map((mode) => ({
        what: `${mode}, ${transform}`,
        inputs: [[2, 2, 3, 4]],
        emit: (b: GraphBuilder, [x]: Names) =>
          b.op('Resize', [x, '', '', b.ints([2, 2, 7, 6])], {
            mode: string(mode),
            coordinate_transformation_mode: string(transform),
          }),
      })),
    ),
    ...(['nearest', 'linear', 'cubic'] as const).map((mode) => ({
      what: `${mode}, half_pixel_symmetric`,
      inputs: [[2, 2, 3, 4]],
      opset: 19,
      emit: (b: GraphBuilder, [x]: Names) =>
        b.op('Resize', [x, '', b.constant(floats([4], [1, 1, 2.4, 1.6]))], {
          mode: string(mode),
          coordinate_transformation_mode: string('half_pixel_symmetric'),
        }),
    })),
    ...(['nearest', 'linear'] as const).map((mode) => ({
      what: `${mode}, tf_crop_and_resize`,
      inputs: [[2, 2, 5, 6]],
      emit: (b: GraphBuilder, [x]: Names) =>
        b.op(
          'Resize',
          [x, b.constant(floats([8], [0, 0, 0.2, -0.3, 1, 1, 0.9, 0.7])), '', b.ints([2, 2, 4, 7])],
          {
            mode: string(mode),
            coordinate_transformation_mode: string('tf_crop_and_resize'),
          },
        ),
    })),
    {
      what: 'chosen axes',
      inputs: [[2, 2, 3, 4]],
      emit: (b, [x]) =>
        b.op('Resize', [x, '', '', b.ints([5, 3])], {
          mode: string('linear'),
          axes: ints([2, 3]),
        }),
    },
    ...['floor', 'ceil', 'round_prefer_ceil'].map((nearest) => ({
      what: `nearest, ${nearest}`,
      inputs: [[2, 2, 3, 4]],
      emit: (b: GraphBuilder, [x]: Names) =>
        b.op('Resize', [x, '', b.constant(floats([4], [1, 1, 2, 1.5]))], {
          mode: string('nearest'),
          coordinate_transformation_mode: string('asymmetric'),
          nearest_mode: string(nearest),
        }),
    })),
    {
      what: 'cubic, nothing from outside',
      inputs: [[2, 2, 5, 4]],
      emit: (b, [x]) =>
        b.op('Resize', [x, '', b.constant(floats([4], [1, 1, 0.6, 2]))], {
          mode: string('cubic'),
          exclude_outside: int(1),
          cubic_coeff_a: float(-0.5),
        }),
    },
  ],
  DepthToSpace: ['DCR', 'CRD'].map((mode) => ({
    what: mode,
    inputs: [[2, 8, 2, 3]],
    emit: op('DepthToSpace', { blocksize: int(2), mode: string(mode) }),
  })),
  SpaceToDepth: [{ inputs: [[2, 2, 4, 6]], emit: op('SpaceToDepth', { blocksize: int(2) }) }],
  // Reached through `tensor` attributes only: kept here so that the table and this list stay in step.
  Constant: [
    {
      inputs: [[2]],
      emit: (b, [x]) => b.op('Mul', [x, b.op('Constant', [], { value: tensor(floats([2], [2, 3])) })]),
    },
  ],
};

/** Rows that finite differences cannot test, by the file that does. */
export const ELSEWHERE: Record<string, string> = {
  QuantizeLinear: 'test/autodiff/quantization.test.ts',
  DequantizeLinear: 'test/autodiff/quantization.test.ts',
};
