import { integer, integers, real, text, texts, truth, type } from './graph-def.js';

/** What a node reads: numbers that are varied, of a shape and in a range; or a constant. */
export type Operand =
  | { varied: number[]; from?: number; to?: number }
  | { constant: number[]; dims?: number[]; integer?: true };

export interface OperatorCase {
  operands: Operand[];
  attr?: object;
  /** Which output is compared. */
  output?: number;
  /** TensorFlow.js has no gradient for it, and says so. */
  lacking?: true;
  /** The output is made of integers or truth values, or is piecewise constant, or does not depend on what varies. */
  flat?: true;
}

const x = (...varied: number[]): Operand => ({ varied });
const between = (from: number, to: number, ...varied: number[]): Operand => ({ varied, from, to });
const whole = (...constant: number[]): Operand => ({ constant, integer: true });
const scalar = (value: number): Operand => ({ constant: [value], dims: [], integer: true });
const number = (value: number): Operand => ({ constant: [value], dims: [] });
const numbers = (dims: number[]): Operand => ({
  constant: Array.from({ length: dims.reduce((a, d) => a * d, 1) }, (_, i) => Math.cos(2 * i)),
  dims,
});
/** Positive numbers. */
const weights = (dims: number[]): Operand => ({
  constant: Array.from({ length: dims.reduce((a, d) => a * d, 1) }, (_, i) => 1 + Math.cos(2 * i) / 2),
  dims,
});

const unary = (operand: Operand = x(2, 3), attr: object = {}): OperatorCase[] => [
  { operands: [operand], attr: { T: type(), ...attr } },
];
const flat = (...operands: Operand[]): OperatorCase[] => [{ operands, attr: { T: type() }, flat: true }];
/** Of equal shapes, and with each side broadcast. */
const binary = (from = -1, to = 1): OperatorCase[] =>
  [
    [
      [2, 3],
      [2, 3],
    ],
    [[2, 3], [3]],
    [
      [1, 3],
      [2, 1],
    ],
  ].map((shapes) => ({
    operands: shapes.map((dims) => between(from, to, ...dims)),
    attr: { T: type() },
  }));
/** TensorFlow.js has no gradient for it. */
const lacking = (cases: OperatorCase[]): OperatorCase[] => cases.map((one) => ({ ...one, lacking: true }));
const compared: OperatorCase[] = flat(x(2, 3), x(3));
const image = x(2, 6, 5, 4);

const window = (kernel: [number, number], stride: number, padding: string) => ({
  T: type(),
  ksize: integers(1, ...kernel, 1),
  strides: integers(1, stride, stride, 1),
  padding: text(padding),
  data_format: text('NHWC'),
});
const pools = (): OperatorCase[] => [
  { operands: [image], attr: window([2, 2], 2, 'VALID') },
  { operands: [image], attr: window([3, 2], 2, 'SAME') },
  { operands: [image], attr: window([3, 3], 1, 'SAME') },
];
const sliding = (stride: number, padding: string, dilation = 1, more: object = {}) => ({
  T: type(),
  strides: integers(1, stride, stride, 1),
  dilations: integers(1, dilation, dilation, 1),
  padding: text(padding),
  data_format: text('NHWC'),
  explicit_paddings: { list: {} },
  ...more,
});
const explicit = { padding: text('EXPLICIT'), explicit_paddings: integers(0, 0, 1, 2, 0, 1, 0, 0) };
const convolutions = (kernel: Operand): OperatorCase[] => [
  { operands: [image, kernel], attr: sliding(1, 'SAME') },
  { operands: [image, kernel], attr: sliding(2, 'SAME') },
  { operands: [image, kernel], attr: sliding(2, 'VALID') },
  { operands: [image, kernel], attr: sliding(1, 'VALID', 2) },
];
const fused = (kernel: Operand, ops: string[], ...more: Operand[]): OperatorCase => ({
  // Few pixels, so that few are near the kinks of an activation.
  operands: [x(1, 4, 3, 4), kernel, ...more],
  attr: sliding(1, 'SAME', 1, {
    fused_ops: texts(...ops),
    num_args: integer(more.length),
    leakyrelu_alpha: real(0.1),
    epsilon: real(0),
  }),
});
const fusions = (kernel: Operand, bias: Operand): OperatorCase[] => [
  fused(kernel, ['BiasAdd'], bias),
  fused(kernel, ['BiasAdd', 'Relu'], bias),
  fused(kernel, ['BiasAdd', 'Relu6'], bias),
  fused(kernel, ['BiasAdd', 'Elu'], bias),
  fused(kernel, ['BiasAdd', 'LeakyRelu'], bias),
  fused(kernel, ['BiasAdd', 'Prelu'], bias, numbers([4])),
];
const product = (a: number[], b: number[], adjoint = false): OperatorCase => ({
  operands: [x(...a), x(...b)],
  attr: adjoint
    ? { T: type(), adj_x: truth(true), adj_y: truth(true) }
    : { T: type(), adj_x: truth(false), adj_y: truth(false) },
});
const batchProducts = [product([2, 3, 4], [2, 4, 5]), product([2, 4, 3], [2, 5, 4], true)];
const reduction = (from = -1, to = 1): OperatorCase[] =>
  [true, false].map((keep) => ({
    operands: [between(from, to, 2, 3, 4), whole(1, 2)],
    attr: { T: type(), keep_dims: truth(keep) },
  }));
const norm: OperatorCase[] = [
  {
    operands: [image, weights([4]), numbers([4]), numbers([4]), weights([4])],
    attr: { T: type(), epsilon: real(0.001), is_training: truth(false), data_format: text('NHWC') },
  },
];
const resizes: OperatorCase[] = [
  [true, false],
  [false, true],
  [false, false],
].flatMap(([corners, centres]) =>
  [whole(9, 11), whole(3, 4)].map((size) => ({
    operands: [x(2, 6, 5, 2), size],
    attr: { T: type(), align_corners: truth(corners!), half_pixel_centers: truth(centres!) },
  })),
);
const gather = (axis: boolean): OperatorCase[] => [
  {
    operands: [x(3, 4), whole(2, 0, 2), ...(axis ? [scalar(1)] : [])],
    attr: { Tparams: type(), batch_dims: integer(0) },
  },
];
const concat = { T: type(), N: integer(2) };
const pads: Operand = { constant: [0, 0, 1, 2, 2, 1], dims: [3, 2], integer: true };

/** Every operator that graph models are run with, on numbers where it has a gradient. */
export const OPERATOR_CASES: Readonly<Record<string, readonly OperatorCase[]>> = {
  AddN: [{ operands: [x(2, 3), x(2, 3), x(2, 3)], attr: { T: type(), N: integer(3) } }],
  Add: binary(),
  AddV2: binary(),
  Sub: binary(),
  Mul: binary(),
  Div: binary(0.5, 1.5),
  RealDiv: binary(0.5, 1.5),
  Maximum: binary(),
  Minimum: binary(),
  Identity: unary(),
  PlaceholderWithDefault: unary(),
  Sigmoid: unary(),
  Softmax: unary(),
  LogSoftmax: unary(),
  Einsum: [
    { operands: [x(2, 3, 4), x(4, 5)], attr: { T: type(), N: integer(2), equation: text('nij,jk->nik') } },
  ],
  BiasAdd: [{ operands: [image, x(4)], attr: { T: type(), data_format: text('NHWC') } }],
  DivNoNan: lacking(binary(0.5, 1.5)),
  FloorDiv: flat(between(0.1, 0.4, 2, 3), between(0.5, 0.9, 3)),
  FloorMod: [{ operands: [between(0.6, 0.9, 2, 3), between(0.35, 0.5, 3)], attr: { T: type() } }],
  Pow: binary(0.5, 1.5),
  SquaredDifference: binary(),
  Abs: unary(),
  Acos: unary(between(-0.8, 0.8, 2, 3)),
  Acosh: unary(between(1.2, 2, 2, 3)),
  Asin: unary(between(-0.8, 0.8, 2, 3)),
  Asinh: unary(),
  Atan: unary(),
  Atan2: binary(0.2, 1),
  Atanh: unary(between(-0.8, 0.8, 2, 3)),
  Ceil: flat(between(0.1, 0.9, 2, 3)),
  ClipByValue: [{ operands: [x(2, 3), number(-0.4), number(0.3)], attr: { T: type() } }],
  Cos: unary(),
  Cosh: unary(),
  Elu: unary(),
  Erf: unary(),
  Exp: unary(),
  Expm1: unary(),
  Floor: flat(between(0.1, 0.9, 2, 3)),
  IsFinite: flat(x(2, 3)),
  IsInf: flat(x(2, 3)),
  IsNan: flat(x(2, 3)),
  LeakyRelu: unary(x(2, 3), { alpha: real(0.1) }),
  Log: unary(between(0.5, 2, 2, 3)),
  Log1p: unary(between(0.5, 2, 2, 3)),
  Neg: unary(),
  Prelu: [{ operands: [image, numbers([4])], attr: { T: type() } }],
  Reciprocal: unary(between(0.5, 2, 2, 3)),
  Relu: unary(),
  Relu6: unary(between(3, 9, 2, 3)),
  Round: flat(between(0.1, 0.4, 2, 3)),
  Rsqrt: unary(between(0.5, 2, 2, 3)),
  Selu: unary(),
  Sign: flat(between(0.1, 0.9, 2, 3)),
  Sin: unary(),
  Sinh: unary(),
  Softplus: unary(),
  Sqrt: unary(between(0.5, 2, 2, 3)),
  Square: unary(),
  Tan: unary(),
  Tanh: unary(),
  AvgPool: pools(),
  MaxPool: pools(),
  MaxPoolWithArgmax: lacking([
    { operands: [image], attr: { ...window([2, 2], 2, 'VALID'), include_batch_in_index: truth(false) } },
  ]),
  Conv1D: [
    {
      operands: [x(2, 7, 3), numbers([3, 3, 4])],
      attr: {
        T: type(),
        stride: integer(1),
        padding: text('SAME'),
        data_format: text('NWC'),
        dilation: integer(1),
      },
    },
  ],
  Conv2D: [
    ...convolutions(numbers([3, 2, 4, 3])),
    { operands: [image, numbers([3, 3, 4, 3])], attr: sliding(2, 'EXPLICIT', 1, explicit) },
    { operands: [image, x(3, 3, 4, 2)], attr: sliding(1, 'SAME') },
  ],
  Conv2DBackpropInput: [
    { operands: [whole(2, 12, 10, 3), numbers([3, 3, 3, 4]), image], attr: sliding(2, 'SAME') },
    { operands: [whole(2, 13, 11, 3), numbers([3, 3, 3, 4]), image], attr: sliding(2, 'VALID') },
  ],
  DepthwiseConv2d: convolutions(numbers([3, 2, 4, 2])),
  DepthwiseConv2dNative: [
    ...convolutions(numbers([3, 2, 4, 2])),
    { operands: [image, numbers([3, 3, 4, 1])], attr: sliding(2, 'EXPLICIT', 1, explicit) },
  ],
  Dilation2D: [
    {
      operands: [image, numbers([2, 2, 4])],
      attr: { T: type(), strides: integers(1, 1, 1, 1), rates: integers(1, 1, 1, 1), padding: text('VALID') },
    },
  ],
  FusedDepthwiseConv2dNative: fusions(numbers([3, 3, 4, 1]), numbers([4])),
  _FusedConv2D: fusions(numbers([3, 3, 4, 4]), numbers([4])),
  Fill: flat(whole(2, 3), number(0.5)),
  LinSpace: flat(number(0), number(1), scalar(4)),
  OneHot: [
    {
      operands: [whole(0, 2), scalar(3), number(1), number(0)],
      attr: { axis: integer(-1), T: type() },
      flat: true,
    },
  ],
  Ones: [{ operands: [whole(2, 3)], attr: { T: type() }, flat: true }],
  OnesLike: flat(x(2, 3)),
  Range: [{ operands: [scalar(0), scalar(6), scalar(2)], attr: { Tidx: type('DT_INT32') }, flat: true }],
  Zeros: [{ operands: [whole(2, 3)], attr: { T: type() }, flat: true }],
  ZerosLike: flat(x(2, 3)),
  TopKV2: [{ operands: [x(2, 5), scalar(3)], attr: { T: type(), sorted: truth(true) } }],
  IdentityN: [
    { operands: [x(2, 3), x(3)], attr: { T: { list: { type: ['DT_FLOAT', 'DT_FLOAT'] } } }, output: 1 },
  ],
  Rank: flat(x(2, 3)),
  Shape: flat(x(2, 3)),
  ShapeN: flat(x(2, 3)),
  Size: flat(x(2, 3)),
  Snapshot: unary(),
  StopGradient: [{ operands: [x(2, 3)], attr: { T: type() }, flat: true }],
  CropAndResize: lacking([
    {
      operands: [image, { constant: [0.1, 0.2, 0.9, 0.8], dims: [1, 4] }, whole(1), whole(3, 3)],
      attr: { T: type(), method: text('bilinear'), extrapolation_value: real(0) },
    },
  ]),
  ImageProjectiveTransformV3: lacking([
    {
      operands: [image, { constant: [1, 0.1, 0, 0, 1, 0.2, 0, 0], dims: [1, 8] }, whole(6, 5), number(0)],
      attr: { interpolation: text('BILINEAR'), fill_mode: text('CONSTANT') },
    },
  ]),
  ResizeBilinear: resizes,
  ResizeNearestNeighbor: resizes,
  Equal: compared,
  Greater: compared,
  GreaterEqual: compared,
  Less: compared,
  LessEqual: compared,
  NotEqual: compared,
  BatchMatMul: batchProducts,
  BatchMatMulV2: [...batchProducts, product([3, 4], [2, 4, 5])],
  MatMul: [
    {
      operands: [x(2, 3), x(3, 4)],
      attr: { T: type(), transpose_a: truth(false), transpose_b: truth(false) },
    },
    { operands: [x(3, 2), x(4, 3)], attr: { T: type(), transpose_a: truth(true), transpose_b: truth(true) } },
  ],
  MatrixBandPart: [{ operands: [x(2, 3, 3), scalar(1), scalar(0)], attr: { T: type() } }],
  Transpose: [{ operands: [x(2, 3, 4), whole(2, 0, 1)], attr: { T: type(), Tperm: type('DT_INT32') } }],
  _FusedMatMul: [['BiasAdd'], ['BiasAdd', 'Relu'], ['BiasAdd', 'Elu'], ['BiasAdd', 'LeakyRelu']].map(
    (ops) => ({
      operands: [x(2, 3), numbers([3, 4]), numbers([4])],
      attr: {
        T: type(),
        transpose_a: truth(false),
        transpose_b: truth(false),
        fused_ops: texts(...ops),
        num_args: integer(1),
        leakyrelu_alpha: real(0.1),
      },
    }),
  ),
  EuclideanNorm: reduction(0.5, 1.5),
  FusedBatchNorm: norm,
  FusedBatchNormV2: norm,
  FusedBatchNormV3: norm,
  LRN: unary(image, { depth_radius: integer(1), bias: real(1), alpha: real(0.5), beta: real(0.5) }),
  ArgMax: [{ operands: [x(2, 3), scalar(1)], attr: { T: type() }, flat: true }],
  ArgMin: [{ operands: [x(2, 3), scalar(1)], attr: { T: type() }, flat: true }],
  Cumprod: lacking([
    {
      operands: [between(0.5, 1.5, 2, 4), scalar(1)],
      attr: { exclusive: truth(false), reverse: truth(false) },
    },
  ]),
  Cumsum: [{ operands: [x(2, 4), scalar(1)], attr: { exclusive: truth(true), reverse: truth(true) } }],
  Max: reduction(),
  Mean: reduction(),
  Min: reduction(),
  Prod: reduction(0.5, 1.5),
  Sum: reduction(),
  Concat: [{ operands: [scalar(1), x(2, 3), x(2, 1)], attr: concat }],
  ConcatV2: [{ operands: [x(2, 3), x(2, 1), scalar(-1)], attr: concat }],
  Gather: gather(false),
  GatherV2: gather(true),
  GatherNd: [
    {
      operands: [x(3, 4), { constant: [0, 1, 2, 3], dims: [2, 2], integer: true }],
      attr: { Tparams: type() },
    },
  ],
  Pack: [{ operands: [x(2, 3), x(2, 3)], attr: { T: type(), N: integer(2), axis: integer(1) } }],
  Reverse: [{ operands: [x(2, 3), whole(1)], attr: { T: type() } }],
  ReverseV2: [{ operands: [x(2, 3), whole(1)], attr: { T: type() } }],
  ScatterNd: [
    {
      operands: [{ constant: [1, 3], dims: [2, 1], integer: true }, x(2, 3), whole(4, 3)],
      attr: { T: type() },
    },
  ],
  Slice: [{ operands: [x(3, 4), whole(1, 0), whole(2, -1)], attr: { T: type() } }],
  Split: [{ operands: [scalar(1), x(2, 4)], attr: { T: type(), num_split: integer(2) }, output: 1 }],
  SplitV: [
    { operands: [x(2, 4), whole(1, 3), scalar(1)], attr: { T: type(), num_split: integer(2) }, output: 1 },
  ],
  StridedSlice: [
    {
      operands: [x(3, 4, 2), whole(0, 3, 0), whole(0, 0, 1), whole(2, -2, 1)],
      attr: {
        T: type(),
        begin_mask: integer(1),
        end_mask: integer(1),
        ellipsis_mask: integer(0),
        new_axis_mask: integer(0),
        shrink_axis_mask: integer(4),
      },
    },
  ],
  TensorScatterUpdate: [
    { operands: [x(4, 2), { constant: [1, 3], dims: [2, 1], integer: true }, x(2, 2)], attr: { T: type() } },
  ],
  Tile: [{ operands: [x(2, 3), whole(2, 1)], attr: { T: type() } }],
  Unpack: [{ operands: [x(2, 3)], attr: { T: type(), num: integer(2), axis: integer(0) }, output: 1 }],
  BatchToSpaceND: [
    {
      operands: [x(4, 2, 2, 1), whole(2, 2), { constant: [0, 1, 0, 0], dims: [2, 2], integer: true }],
      attr: { T: type() },
    },
  ],
  BroadcastArgs: flat(whole(2, 1), whole(1, 3)),
  BroadcastTo: [{ operands: [x(1, 3), whole(2, 3)], attr: { T: type() } }],
  Cast: [{ operands: [x(2, 3)], attr: { SrcT: type(), DstT: type() } }],
  DepthToSpace: [
    { operands: [x(1, 2, 3, 4)], attr: { T: type(), block_size: integer(2), data_format: text('NHWC') } },
  ],
  EnsureShape: [
    { operands: [x(2, 3)], attr: { T: type(), shape: { shape: { dim: [{ size: '2' }, { size: '3' }] } } } },
  ],
  ExpandDims: [{ operands: [x(2, 3), scalar(1)], attr: { T: type() } }],
  MirrorPad: [{ operands: [x(2, 4, 4), pads], attr: { T: type(), mode: text('REFLECT') } }],
  Pad: [{ operands: [x(2, 3, 3), pads], attr: { T: type() } }],
  PadV2: [{ operands: [x(2, 3, 3), pads, number(0.5)], attr: { T: type() } }],
  Reshape: [{ operands: [x(2, 6), whole(-1, 4)], attr: { T: type() } }],
  SpaceToBatchND: [
    {
      operands: [x(1, 4, 3, 1), whole(2, 2), { constant: [0, 0, 1, 0], dims: [2, 2], integer: true }],
      attr: { T: type() },
    },
  ],
  Squeeze: [{ operands: [x(2, 1, 3)], attr: { T: type(), squeeze_dims: integers(1) } }],
};

/** Operators on truth values, which a test of their own puts together. */
export const OF_TRUTH = ['All', 'Any', 'LogicalAnd', 'LogicalNot', 'LogicalOr', 'Select', 'SelectV2'];
