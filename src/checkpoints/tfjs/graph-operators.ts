/**
 * Operators of TensorFlow that TensorFlow.js's interpreter of graph models runs, and whose outputs follow from their
 * inputs in one pass. Left out of what it knows: control flow, tables, text, chance, sparse and ragged tensors, complex
 * numbers, shapes that depend on values, what is not for images, and FakeQuantWithMinMaxVars, which it passes over.
 * Those that `FORMS` writes in ONNX whatever their attributes need not be here.
 */
export const TFJS_OPERATORS: ReadonlySet<string> = new Set(
  [
    'AddN BiasAdd DivNoNan FloorDiv FloorMod Pow',
    'Abs Acos Acosh Asin Asinh Atan Atan2 Atanh Ceil ClipByValue Cos Cosh Elu Erf Exp Expm1 Floor IsFinite IsInf IsNan',
    'LeakyRelu Log Log1p Neg Prelu Reciprocal Relu Relu6 Round Rsqrt Selu Sign Sin Sinh Softplus Sqrt Square Tan Tanh',
    'AvgPool Conv1D Conv2D Conv2DBackpropInput DepthwiseConv2dNative Dilation2D MaxPool MaxPoolWithArgmax',
    'Fill LinSpace OneHot Ones OnesLike Range Zeros ZerosLike',
    'IdentityN Rank Shape ShapeN Size Snapshot StopGradient',
    'CropAndResize ImageProjectiveTransformV3',
    'Equal Greater GreaterEqual Less LessEqual LogicalAnd LogicalNot LogicalOr NotEqual Select SelectV2',
    'BatchMatMul BatchMatMulV2 MatMul MatrixBandPart Transpose',
    'EuclideanNorm FusedBatchNorm FusedBatchNormV2 FusedBatchNormV3 LRN',
    'All Any ArgMax ArgMin Cumprod Cumsum Max Mean Min Prod Sum',
    'Concat ConcatV2 Gather GatherV2 Pack Reverse ReverseV2 Slice Split SplitV StridedSlice Tile Unpack',
    'BatchToSpaceND BroadcastArgs BroadcastTo Cast ExpandDims Pad PadV2 Reshape SpaceToBatchND Squeeze',
  ].flatMap((names) => names.split(' ')),
);

/** Why operators are not run, and what to do. The first row that matches explains it. */
const REFUSALS: readonly { ops: RegExp; why: string; hint: string }[] = [
  {
    ops: /^(Stateless)?(If|While|Case)$|^(Switch|Merge|Enter|Exit|NextIteration|LoopCond)$|^Tensor(Array|List)|EmptyTensorList/,
    why: 'it steers what is computed (control flow)',
    hint: 'export the network alone, in evaluation mode, without loops and branches around it',
  },
  {
    ops: /PartitionedCall$|^VarHandleOp$|^(Read|Assign)Variable|Resource/,
    why: 'the graph is not frozen',
    hint: 'convert it again with tensorflowjs_converter, which puts functions and variables into the graph',
  },
  {
    ops: /Table/,
    why: 'it looks values up in a table',
    hint: 'export the network from the image on, without the tables around it',
  },
  {
    ops: /^Random|^StatelessRandom|^Multinomial$|^TruncatedNormal$|^Dropout/,
    why: 'it draws at random',
    hint: 'export the network in evaluation mode (training=False)',
  },
  {
    ops: /^(NonMaxSuppression|Where$|ListDiff$|Unique|LowerBound$|UpperBound$|Sparse|Ragged)/,
    why: 'the shape of its result depends on values',
    hint: 'name an earlier value as the output when you convert the model (--output_node_names)',
  },
  {
    ops: /^(MirrorPad|_Fused|Fused)/,
    why: 'TensorFlow.js gives wrong gradients of this form of it',
    hint: 'export the network as ONNX (python -m tf2onnx.convert) and run that',
  },
  {
    ops: /^String|Regex|^Decode|^Encode/,
    why: 'it handles text or files',
    hint: 'export the network from the decoded image on',
  },
];

/** Why an operator outside the tables is not run, and what to do. */
export function refusalOf(op: string): { why: string; hint: string } {
  return (
    REFUSALS.find(({ ops }) => ops.test(op)) ?? {
      why: 'TensorFlow.js has no such operator, or not one that gives what TensorFlow does',
      hint: 'export the network as ONNX (python -m tf2onnx.convert) and run that',
    }
  );
}
