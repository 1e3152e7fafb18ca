import type { Value } from '../../../src/engines/engine.js';
import { float, GraphBuilder, int, ints, OPSET, string, tensor } from '../../../src/graph/build.js';
import type { Attribute, DataType, Graph } from '../../../src/graph/graph.js';
import { floats, int64s } from '../../../src/graph/tensor.js';
import { normals } from '../../autodiff/finite-differences.js';

/** A sample of an operator that the gradient table has no rule for, or of one on integers. */
export interface Sample {
  op: string;
  name: string;
  graph: Graph;
  feeds: Record<string, Value>;
  /** Has a gradient, which is compared with differences of the forward pass. */
  smooth?: true;
}

interface Written {
  what?: string;
  inputs: Value[];
  attributes?: Record<string, Attribute>;
  /** Constant inputs after the fed ones; '' leaves one out. */
  constants?: (b: GraphBuilder) => string[];
  /** Type of the output; default: float32. */
  type?: DataType;
  smooth?: true;
  /** The operator set that brought it, when it is newer than the one graphs are written in. */
  opset?: number;
}

const real = (dims: number[], scale = 1, shift = 0): Value => {
  const n = dims.reduce((p, d) => p * d, 1);
  return { type: 'float32', dims, data: normals(`real/${dims.join('x')}`, n).map((v) => scale * v + shift) };
};
const given = (data: number[], dims = [data.length]): Value => ({
  type: 'float32',
  dims,
  data: Float32Array.from(data),
});
const int64 = (data: number[], dims = [data.length]): Value => ({
  type: 'int64',
  dims,
  data: BigInt64Array.from(data, BigInt),
});
const int32 = (data: number[]): Value => ({
  type: 'int32',
  dims: [data.length],
  data: Int32Array.from(data),
});
const truth = (data: number[]): Value => ({ type: 'bool', dims: [data.length], data: Uint8Array.from(data) });

const bounded = [{ inputs: [given([-0.9, -0.4, 0, 0.3, 0.8, 0.95], [2, 3])], smooth: true as const }];
const anywhere = [{ inputs: [real([2, 3])], smooth: true as const }];
const near = [given([-2, -1, 0, 1, 2, 2.5]), given([-2, 1, 0, -1, 2.5, 2])];
const compared = [
  { inputs: near, type: 'bool' as const },
  { what: 'integers', inputs: [int64([-2, 3, 5]), int64([3])], type: 'bool' as const },
];
const halves = [{ inputs: [given([-2.5, -1.5, -0.5, -0.2, 0, 0.5, 1.5, 2.5, 3.7])] }];
const combined = [{ inputs: [truth([0, 0, 1, 1]), truth([0, 1, 0, 1])], type: 'bool' as const }];
const signed = [int64([-7, -7, 7, 7, 6]), int64([3, -3, 3, -3, 3])];
const integerPair = [
  { what: 'int64', inputs: signed, type: 'int64' as const },
  { what: 'int32', inputs: [int32([-7, -7, 7, 7, 6]), int32([3, -3, 3, -3, 3])], type: 'int32' as const },
];
const peaks: Written[] = [
  { inputs: [real([2, 3, 4])], attributes: { axis: int(1) }, type: 'int64' },
  {
    what: 'no keepdims, last of equal ones',
    inputs: [given([1, 3, 3, 0, 0, 2], [2, 3])],
    attributes: { axis: int(-1), keepdims: int(0), select_last_index: int(1) },
    type: 'int64',
  },
  { what: 'first of equal ones', inputs: [given([1, 1, 1])], type: 'int64' },
];

const WRITTEN: Record<string, Written[]> = {
  Tan: bounded,
  Asin: bounded,
  Acos: bounded,
  Atanh: bounded,
  Sinh: anywhere,
  Cosh: anywhere,
  Asinh: anywhere,
  Acosh: [{ inputs: [given([1.1, 1.5, 2, 3, 5, 9])], smooth: true }],
  Floor: halves,
  Ceil: halves,
  Round: halves,
  Sign: halves,
  IsNaN: [{ inputs: [given([0, Number.NaN, 1])], type: 'bool' }],
  IsInf: [
    { inputs: [given([0, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY])], type: 'bool' },
    {
      what: 'negative',
      inputs: [given([0, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY])],
      attributes: { detect_positive: int(0) },
      type: 'bool',
    },
  ],
  Hardmax: [
    { inputs: [real([2, 3, 4])] },
    { what: 'inner axis', inputs: [real([2, 3, 4])], attributes: { axis: int(1) } },
  ],
  Add: integerPair,
  Sub: integerPair,
  Mul: integerPair,
  Div: integerPair,
  Mod: [
    { inputs: signed, type: 'int64' },
    { what: 'as in C', inputs: signed, attributes: { fmod: int(1) }, type: 'int64' },
    {
      what: 'floats',
      inputs: [given([-7.5, 7.5, 5]), given([2, 2, -3])],
      attributes: { fmod: int(1) },
      smooth: true,
    },
  ],
  Max: [{ what: 'integers', inputs: [int64([1, 5, 3]), int64([2])], type: 'int64' }],
  Abs: [{ what: 'integers', inputs: [int64([-1, 5, -3])], type: 'int64' }],
  Neg: [{ what: 'integers', inputs: [int64([-1, 5, -3])], type: 'int64' }],
  Clip: [
    {
      what: 'integers',
      inputs: [int64([-5, 0, 5])],
      constants: (b) => [b.constant(int64s([-1], [])), b.constant(int64s([3], []))],
      type: 'int64',
    },
  ],
  Equal: compared,
  Greater: compared,
  GreaterOrEqual: compared,
  Less: compared,
  LessOrEqual: compared,
  And: combined,
  Or: combined,
  Xor: combined,
  Not: [{ inputs: [truth([0, 1])], type: 'bool' }],
  Where: [{ what: 'integers', inputs: [truth([1, 0, 1]), int64([1, 2, 3]), int64([9])], type: 'int64' }],
  ReduceProd: [
    { inputs: [real([2, 3])], smooth: true },
    { what: 'one axis', inputs: [real([2, 3, 2])], constants: (b) => [b.ints([1])], smooth: true },
    { what: 'integers', inputs: [int64([2, 3, 4])], type: 'int64' },
  ],
  ReduceSum: [
    {
      what: 'asked to do nothing',
      inputs: [real([2, 3])],
      attributes: { noop_with_empty_axes: int(1) },
    },
  ],
  ReduceMax: [{ what: 'integers', inputs: [int64([2, 9, 4])], type: 'int64' }],
  ArgMax: peaks,
  ArgMin: peaks,
  LRN: [{ inputs: [real([2, 7, 2, 3])], attributes: { size: int(3), alpha: float(0.3) }, smooth: true }],
  LpNormalization: [
    { inputs: [real([2, 5])], smooth: true },
    {
      what: 'absolute values',
      inputs: [real([2, 5])],
      attributes: { p: int(1), axis: int(1) },
      smooth: true,
    },
  ],
  Trilu: [
    { inputs: [real([2, 3, 4])], smooth: true },
    {
      what: 'lower, shifted',
      inputs: [real([3, 3])],
      attributes: { upper: int(0) },
      constants: (b) => [b.constant(int64s([-1], []))],
    },
  ],
  QuantizeLinear: [
    {
      inputs: [given([-3, -0.5, 0.05, 0.15, 0.25, 40])],
      constants: (b) => [
        b.constant(floats([], [0.1])),
        b.constant({ type: 'uint8', dims: [], data: Uint8Array.of(7) }),
      ],
      type: 'uint8',
    },
    {
      what: 'no zero point',
      inputs: [given([-3, 0.5, 1.5])],
      constants: (b) => [b.scalar(1)],
      type: 'uint8',
    },
    {
      what: 'per channel',
      inputs: [real([2, 3])],
      constants: (b) => [
        b.constant(floats([3], [0.1, 0.2, 0.3])),
        b.constant({ type: 'uint8', dims: [3], data: Uint8Array.of(100, 128, 3) }),
      ],
      type: 'uint8',
    },
  ],
  DequantizeLinear: [
    {
      inputs: [{ type: 'uint8', dims: [3], data: Uint8Array.of(0, 7, 255) }],
      constants: (b) => [
        b.constant(floats([], [0.1])),
        b.constant({ type: 'uint8', dims: [], data: Uint8Array.of(7) }),
      ],
    },
  ],
  Col2Im: [
    {
      what: 'strides, pads and dilations',
      inputs: [real([2, 2 * 6, 6])],
      attributes: {
        strides: { kind: 'ints', value: [2, 1] },
        dilations: { kind: 'ints', value: [1, 2] },
        pads: { kind: 'ints', value: [1, 0, 0, 1] },
      },
      constants: (b) => [b.ints([4, 6]), b.ints([2, 3])],
      smooth: true,
    },
  ],
  MeanVarianceNormalization: [{ inputs: [real([2, 3, 2, 2])], smooth: true }],
  Shrink: [
    {
      inputs: [given([-2, -0.4, 0, 0.4, 2])],
      attributes: { lambd: float(0.5), bias: float(0.2) },
      smooth: true,
    },
  ],
  RMSNormalization: [
    {
      inputs: [real([2, 3, 4])],
      constants: (b) => [b.constant(floats([4], [1, -1, 2, 0.5]))],
      smooth: true,
      opset: 23,
    },
  ],
  Attention: [
    {
      inputs: [real([2, 3, 8]), real([2, 5, 4], 0.5), real([2, 5, 4], 1, 1)],
      attributes: { q_num_heads: int(4), kv_num_heads: int(2) },
      smooth: true,
      opset: 23,
    },
  ],
  Shape: [
    { inputs: [real([2, 3, 4])], type: 'int64' },
    { what: 'a part', inputs: [real([2, 3, 4])], attributes: { start: int(-2), end: int(2) }, type: 'int64' },
  ],
  Size: [{ inputs: [real([2, 3, 4])], type: 'int64' }],
  ConstantOfShape: [
    { inputs: [int64([2, 3])] },
    { what: 'integers', inputs: [int64([4])], attributes: { value: tensor(int64s([7])) }, type: 'int64' },
    {
      what: 'truth values',
      inputs: [int64([2])],
      attributes: { value: tensor({ type: 'bool', dims: [1], data: Uint8Array.of(1) }) },
      type: 'bool',
    },
  ],
  Range: [
    { inputs: [int64([2], []), int64([-7], []), int64([-3], [])], type: 'int64' },
    { what: 'floats', inputs: [given([0], []), given([1], []), given([0.3], [])] },
  ],
  EyeLike: [{ inputs: [real([3, 4])], attributes: { k: int(1) } }],
  OneHot: [
    {
      inputs: [int64([1, -1, 3, 0])],
      constants: (b) => [b.constant(int64s([3], [])), b.constant(floats([2], [0, 1]))],
    },
    {
      what: 'first axis',
      inputs: [int64([1, 0, 2])],
      attributes: { axis: int(0) },
      constants: (b) => [b.constant(int64s([3], [])), b.constant(floats([2], [-1, 2]))],
    },
  ],
  NonZero: [{ inputs: [given([0, 1, 0, 2, 3, 0], [2, 3])], type: 'int64' }],
  Cast: [
    { what: 'to int64', inputs: [given([-1.7, -0.2, 0.9, 3.5])], attributes: { to: int(7) }, type: 'int64' },
    { what: 'to bool', inputs: [given([0, 0.5, -2])], attributes: { to: int(9) }, type: 'bool' },
    { what: 'from bool', inputs: [truth([0, 1])], attributes: { to: int(1) } },
    {
      what: 'to uint8, wrapped',
      inputs: [int32([-1, 255, 256, 300])],
      attributes: { to: int(2) },
      type: 'uint8',
    },
    { what: 'to float64', inputs: [given([0.5, -2])], attributes: { to: int(11) }, type: 'float64' },
  ],
  Gather: [
    {
      what: 'integers',
      inputs: [int64([5, 6, 7])],
      constants: (b) => [b.constant(int64s([-1, 0]))],
      type: 'int64',
    },
    { what: 'computed indices', inputs: [real([4, 2]), int64([3, -4])] },
  ],
  Slice: [
    {
      what: 'integers, to the end',
      inputs: [int64([1, 2, 3, 4])],
      constants: (b) => [
        b.ints([1]),
        b.constant({ type: 'int64', dims: [1], data: BigInt64Array.of(2n ** 63n - 1n) }),
      ],
      type: 'int64',
    },
    {
      what: 'nothing left',
      inputs: [real([2, 3])],
      constants: (b) => [b.ints([2]), b.ints([1]), b.ints([1])],
    },
  ],
  Split: [
    {
      what: 'a shorter last part',
      inputs: [real([2, 5])],
      attributes: { axis: int(1), num_outputs: int(3) },
    },
  ],
  MaxPool: [
    {
      what: 'dilated, one axis',
      inputs: [real([2, 3, 9])],
      attributes: {
        kernel_shape: { kind: 'ints', value: [2] },
        dilations: { kind: 'ints', value: [3] },
        strides: { kind: 'ints', value: [2] },
      },
      smooth: true,
    },
    {
      what: 'padded, windows that overlap',
      inputs: [real([2, 3, 5, 6])],
      attributes: { kernel_shape: ints([3, 2]), strides: ints([2, 1]), pads: ints([1, 0, 1, 1]) },
      smooth: true,
    },
  ],
  TopK: [
    {
      what: 'smallest, first axis',
      inputs: [real([5, 3])],
      attributes: { axis: int(0), largest: int(0) },
      constants: (b) => [b.ints([2])],
      smooth: true,
    },
  ],
  ConvTranspose: [
    {
      what: 'SAME_UPPER, one axis',
      inputs: [real([2, 3, 5])],
      attributes: { auto_pad: string('SAME_UPPER'), strides: { kind: 'ints', value: [2] } },
      constants: (b) => [b.constant(floats([3, 2, 3], normals('kernel', 18)))],
      smooth: true,
    },
  ],
};

/** Of operators that have several; MaxPool's second one is asked for by gradients that are differentiated again. */
const OUTPUTS: Record<string, string[]> = {
  Split: ['y0', 'y1', 'y2'],
  TopK: ['y', 'places'],
  MaxPool: ['y', 'places'],
};

function sampleOf(
  op: string,
  { what, inputs, attributes, constants, type = 'float32', smooth, opset = OPSET }: Written,
): Sample {
  const b = new GraphBuilder(op.toLowerCase());
  const names = inputs.map((value, i) => b.input(`x${i}`, value.type, [...value.dims]));
  const outputs = OUTPUTS[op] ?? ['y'];
  const made = b.node(op, [...names, ...(constants?.(b) ?? [])], attributes ?? {}, outputs);
  for (const name of made) b.output(name, name === 'places' ? 'int64' : type);
  const feeds = Object.fromEntries(names.map((name, i) => [name, inputs[i]!]));
  return {
    op,
    name: what ? `${op}, ${what}` : op,
    graph: { ...b.build(), opsets: { '': opset } },
    feeds,
    smooth,
  };
}

export const SAMPLES: Sample[] = Object.entries(WRITTEN).flatMap(([op, rows]) =>
  rows.map((row) => sampleOf(op, row)),
);
