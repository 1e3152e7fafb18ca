import { float, int, ints, string } from '../../graph/build.js';
import type { Attribute } from '../../graph/graph.js';
import { toNumbers } from '../../graph/tensor.js';
import type { Emit, FormSite } from './form-site.js';

/** Writes a node in other operators; false where it is to stay as it is. */
export type Form = (site: FormSite) => boolean;

/** The same operator under ONNX's name. */
const as =
  (op: string, inputs: number, attributes: Record<string, Attribute> = {}): Form =>
  (s) => {
    s.result(op, s.reads(inputs).slice(0, inputs), attributes);
    return true;
  };

const TO_NCHW = { perm: ints([0, 3, 1, 2]) };
const TO_NHWC = { perm: ints([0, 2, 3, 1]) };

/** An attribute with a number for each axis of an image (N, H, W, C), as the two of its pixels. */
const pixels = (s: FormSite, name: string): number[] => (s.integers(name, 4) ?? [1, 1, 1, 1]).slice(1, 3);

/** ONNX's padding for TensorFlow's: the odd row goes to the end. */
function padding(s: FormSite): Record<string, Attribute> {
  const given = s.text('padding');
  if (given !== 'EXPLICIT') return { auto_pad: string(given === 'SAME' ? 'SAME_UPPER' : 'VALID') };
  const pads = s.integers('explicit_paddings', 8) ?? Array<number>(8).fill(0);
  const [top, bottom, left, right] = pads.slice(2) as [number, number, number, number];
  return { pads: ints([top, left, bottom, right]) };
}

/** TensorFlow.js counts the padding in the gradient of a mean, and not in the mean. */
function averagePool(s: FormSite): boolean {
  if (s.text('padding') !== 'SAME') return false;
  const means = s.emit('AveragePool', [s.emit('Transpose', s.reads(1), TO_NCHW)], {
    kernel_shape: ints(pixels(s, 'ksize')),
    strides: ints(pixels(s, 'strides')),
    ...padding(s),
  });
  s.result('Transpose', [means], TO_NHWC);
  return true;
}

/** TensorFlow.js does not differentiate dilated convolutions. */
function convolved(s: FormSite, emit: Emit, depthwise: boolean): string {
  const [x, kernel] = s.reads(2) as [string, string];
  const dilations = pixels(s, 'dilations');
  const dims = s.constant(1)?.dims ?? [];
  if (dilations.every((d) => d === 1) || dims.length !== 4)
    return s.tensorflow(emit, depthwise ? 'DepthwiseConv2dNative' : 'Conv2D', [x, kernel]);
  const [height, width, channels, last] = dims as [number, number, number, number];
  const oihw = depthwise
    ? s.emit('Reshape', [
        s.emit('Transpose', [kernel], { perm: ints([2, 3, 0, 1]) }),
        s.b.ints([channels * last, 1, height, width]),
      ])
    : s.emit('Transpose', [kernel], { perm: ints([3, 2, 0, 1]) });
  const y = s.emit('Conv', [s.emit('Transpose', [x], TO_NCHW), oihw], {
    strides: ints(pixels(s, 'strides')),
    dilations: ints(dilations),
    ...(depthwise && { group: int(channels) }),
    ...padding(s),
  });
  return emit('Transpose', [y], TO_NHWC);
}

const convolution =
  (depthwise: boolean): Form =>
  (s) => {
    convolved(s, s.result, depthwise);
    return true;
  };

/** What may follow in a fused operator. */
const ACTIVATIONS: Readonly<Record<string, (s: FormSite, x: string) => void>> = {
  Relu: (s, x) => s.result('Relu', [x]),
  Relu6: (s, x) => s.result('Clip', [x, s.b.scalar(0), s.b.scalar(6)]),
  Elu: (s, x) => s.result('Elu', [x]),
  Sigmoid: (s, x) => s.result('Sigmoid', [x]),
  Tanh: (s, x) => s.result('Tanh', [x]),
  LeakyRelu: (s, x) => s.result('LeakyRelu', [x], { alpha: float(s.number('leakyrelu_alpha', 0.2)) }),
  Prelu: (s, x) => s.result('PRelu', [x, s.reads(4)[3]!]),
};

/** Product, bias and activation one after the other: the gradients of TensorFlow.js's fused forms are not reliable. */
const unfused =
  (product: (s: FormSite) => string): Form =>
  (s) => {
    const [bias, activation, ...more] = s.texts('fused_ops');
    const known = activation === undefined || Object.hasOwn(ACTIVATIONS, activation);
    if (bias !== 'BiasAdd' || !known || more.length > 0) return false;
    const terms = [product(s), s.reads(3)[2]!];
    if (activation === undefined) s.result('Add', terms);
    else ACTIVATIONS[activation]!(s, s.emit('Add', terms));
    return true;
  };

/** Sampling along height and width. */
const resize =
  (mode: 'linear' | 'nearest'): Form =>
  (s) => {
    const [x, size] = s.reads(2) as [string, string];
    const [corners, centres] = [s.truth('align_corners'), s.truth('half_pixel_centers')];
    const transformation = corners ? 'align_corners' : centres ? 'half_pixel' : 'asymmetric';
    s.result('Resize', [x, '', '', size], {
      mode: string(mode),
      axes: ints([1, 2]),
      coordinate_transformation_mode: string(transformation),
      nearest_mode: string(corners || centres ? 'round_prefer_ceil' : 'floor'),
    });
    return true;
  };

function depthToSpace(s: FormSite): boolean {
  const blocks = { blocksize: int(s.number('block_size', 1)), mode: string('DCR') };
  const moved = s.emit('DepthToSpace', [s.emit('Transpose', s.reads(1), TO_NCHW)], blocks);
  s.result('Transpose', [moved], TO_NHWC);
  return true;
}

/** TensorFlow lists before and after for each axis; ONNX first all before, then all after. */
function mirrorPad(s: FormSite): boolean {
  const [x, pairs] = s.reads(2) as [string, string];
  if (s.text('mode') !== 'REFLECT') return false;
  const pads = s.emit('Reshape', [s.emit('Transpose', [pairs], { perm: ints([1, 0]) }), s.b.ints([-1])]);
  s.result('Pad', [x, pads], { mode: string('reflect') });
  return true;
}

function batchProduct(s: FormSite): boolean {
  if (s.truth('adj_x') || s.truth('adj_y')) return false;
  return as('MatMul', 2)(s);
}

const TO_THE_END = 2 ** 31 - 1;
const MAX_AXES = 16;

/** Slices, of which axes may be taken away or added (TensorFlow's StridedSlice; its masks have a bit an entry). */
function stridedSlice(s: FormSite): boolean {
  const x = s.reads(4)[0]!;
  const [begin, end, strides] = [1, 2, 3].map((i) => {
    const constant = s.constant(i);
    return constant && toNumbers(constant);
  });
  if (!begin || !end || !strides) return false;
  if (begin.length > MAX_AXES || end.length !== begin.length || strides.length !== begin.length)
    throw s.malformed('its bounds', `as many of each, at most ${MAX_AXES}`, begin.length);
  const bit = (mask: string, i: number) => Math.floor(s.number(mask, 0) / 2 ** i) % 2 === 1;
  const entries = begin.map((_, i) => i);
  const ellipsis = entries.find((i) => bit('ellipsis_mask', i)) ?? begin.length;
  const added = (i: number) => bit('new_axis_mask', i);
  const shrunk = (i: number) => bit('shrink_axis_mask', i) && !added(i);
  // Axes before an ellipsis are counted from the start, those after it from the end.
  const place = (i: number, counts: (k: number) => boolean) =>
    i < ellipsis
      ? entries.filter((k) => k < i && counts(k)).length
      : -entries.filter((k) => k >= i && counts(k)).length;
  const sliced = entries.filter((i) => i !== ellipsis && !added(i));
  const axisOf = (i: number) => place(i, (k) => !added(k));
  const starts = sliced.map((i) =>
    bit('begin_mask', i) && !shrunk(i) ? (strides[i]! > 0 ? 0 : TO_THE_END) : begin[i]!,
  );
  const ends = sliced.map((i) => {
    if (shrunk(i)) return begin[i] === -1 ? TO_THE_END : begin[i]! + 1;
    return bit('end_mask', i) ? (strides[i]! > 0 ? TO_THE_END : -TO_THE_END) : end[i]!;
  });
  const { b } = s;
  const axes = b.ints(sliced.map(axisOf));
  const steps = b.ints(sliced.map((i) => (shrunk(i) ? 1 : strides[i]!)));
  const part = s.emit('Slice', [x, b.ints(starts), b.ints(ends), axes, steps]);
  const gone = sliced.filter(shrunk).map(axisOf);
  const rest = gone.length > 0 ? s.emit('Squeeze', [part, b.ints(gone)]) : part;
  const fresh = entries.filter(added).map((i) => place(i, (k) => !shrunk(k)));
  if (fresh.length > 0) s.result('Unsqueeze', [rest, b.ints(fresh)]);
  else s.result('Identity', [rest]);
  return true;
}

/**
 * Operators of TensorFlow that are written in ONNX: those that are the same there (heads look for some, pixel ranges
 * for others), and those whose gradient TensorFlow.js 4.22 lacks or gets wrong.
 */
export const FORMS: ReadonlyMap<string, Form> = new Map<string, Form>([
  ['Identity', as('Identity', 1)],
  ['EnsureShape', as('Identity', 1)],
  ['PlaceholderWithDefault', as('Identity', 1)],
  ['Add', as('Add', 2)],
  ['AddV2', as('Add', 2)],
  ['Sub', as('Sub', 2)],
  ['Mul', as('Mul', 2)],
  ['Div', as('Div', 2)],
  ['RealDiv', as('Div', 2)],
  ['Maximum', as('Max', 2)],
  ['Minimum', as('Min', 2)],
  ['Sigmoid', as('Sigmoid', 1)],
  ['Softmax', as('Softmax', 1, { axis: int(-1) })],
  ['LogSoftmax', as('LogSoftmax', 1, { axis: int(-1) })],
  ['TopKV2', as('TopK', 2)],
  ['GatherNd', as('GatherND', 2)],
  ['TensorScatterUpdate', as('ScatterND', 3)],
  ['BatchMatMul', batchProduct],
  ['BatchMatMulV2', batchProduct],
  ['AvgPool', averagePool],
  ['Conv2D', convolution(false)],
  ['DepthwiseConv2d', convolution(true)],
  ['DepthwiseConv2dNative', convolution(true)],
  ['_FusedConv2D', unfused((s) => convolved(s, s.emit, false))],
  ['FusedDepthwiseConv2dNative', unfused((s) => convolved(s, s.emit, true))],
  ['_FusedMatMul', unfused((s) => s.tensorflow(s.emit, 'MatMul', s.reads(2).slice(0, 2)))],
  ['ResizeBilinear', resize('linear')],
  ['ResizeNearestNeighbor', resize('nearest')],
  ['DepthToSpace', depthToSpace],
  ['MirrorPad', mirrorPad],
  ['StridedSlice', stridedSlice],
  [
    'Einsum',
    (s) => {
      s.result('Einsum', s.reads(1), { equation: string(s.text('equation')) });
      return true;
    },
  ],
  [
    'SquaredDifference',
    (s) => {
      const difference = s.emit('Sub', s.reads(2));
      s.result('Mul', [difference, difference]);
      return true;
    },
  ],
  [
    'ScatterNd',
    (s) => {
      const [indices, updates, shape] = s.reads(3) as [string, string, string];
      s.result('ScatterND', [s.emit('ConstantOfShape', [shape]), indices, updates], {
        reduction: string('add'),
      });
      return true;
    },
  ],
]);
