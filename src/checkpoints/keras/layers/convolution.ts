import { int, ints } from '../../../graph/build.js';
import { floats } from '../../../graph/tensor.js';
import { mapTuple } from '../../../map-tuple.js';
import type { LayerSite } from '../site.js';
import { type Dim, permuted, type Value } from '../value.js';
import { isSame, type Sliding, windowAttributes, windowSize } from '../window.js';
import { activatedBy } from './activation.js';
import type { LayerRow } from './row.js';

function sliding(s: LayerSite): Sliding {
  return {
    kernel: s.settings.pair('kernel_size'),
    strides: s.settings.pair('strides', { fallback: 1 }),
    dilations: s.settings.pair('dilation_rate', { fallback: 1 }),
    same: isSame(s),
  };
}

/** Kernels of Keras are (height, width, in, out); those of ONNX (out, in, height, width). */
const KERNEL_ORDER = [3, 2, 0, 1];

function kernel(
  s: LayerSite,
  name: string,
  dims: readonly number[],
  order = KERNEL_ORDER,
  as?: number[],
): string {
  // Keras 3 calls that of DepthwiseConv2D like any other.
  const data = s.weight(name, dims, name === 'depthwise_kernel' ? 'kernel' : name);
  const turned = order.map((axis) => dims[axis]!);
  return s.constant(name, () => floats(as ?? turned, permuted(data, dims, order)));
}

/** Empty when the layer has none. */
function bias(s: LayerSite, filters: number): string[] {
  if (!s.settings.boolean('use_bias', true)) return [];
  const data = s.weight('bias', [filters]);
  return [s.constant('bias', () => floats([filters], data))];
}

function conv2d(s: LayerSite): Value {
  const image = s.image();
  const filters = s.settings.integer('filters');
  const groups = s.settings.integer('groups', { fallback: 1 });
  if (image.channels % groups !== 0 || filters % groups !== 0)
    throw s.settings.wrong(
      'groups',
      `a divisor of ${image.channels} channels and ${filters} filters`,
      groups,
    );
  const window = sliding(s);
  const weight = kernel(s, 'kernel', [...window.kernel, image.channels / groups, filters]);
  const attributes = windowAttributes(image.size, window);
  if (groups > 1) attributes.group = int(groups);
  const name = s.op('Conv', [image.name, weight, ...bias(s, filters)], attributes);
  const value = s.fromImage(name, { ...image, channels: filters, size: windowSize(image.size, window) });
  return activatedBy(s, value, s.settings.raw('activation'));
}

/** Each channel has its own filters: a convolution in as many groups as channels. */
function depthwise(s: LayerSite, biased: boolean): Value {
  const image = s.image();
  const multiplier = s.settings.integer('depth_multiplier', { fallback: 1 });
  const window = sliding(s);
  const channels = image.channels * multiplier;
  const dims = [...window.kernel, image.channels, multiplier];
  const weight = kernel(s, 'depthwise_kernel', dims, [2, 3, 0, 1], [channels, 1, ...window.kernel]);
  const attributes = { ...windowAttributes(image.size, window), group: int(image.channels) };
  const name = s.op('Conv', [image.name, weight, ...(biased ? bias(s, channels) : [])], attributes);
  return s.fromImage(name, { ...image, channels, size: windowSize(image.size, window) });
}

function separableConv2d(s: LayerSite): Value {
  const image = s.image(depthwise(s, false));
  const filters = s.settings.integer('filters');
  const weight = kernel(s, 'pointwise_kernel', [1, 1, image.channels, filters]);
  const name = s.op('Conv', [image.name, weight, ...bias(s, filters)]);
  const value = s.fromImage(name, { ...image, channels: filters });
  return activatedBy(s, value, s.settings.raw('activation'));
}

/**
 * The gradient of a convolution from `length` numbers to those of the input: what it puts out beyond that is cut off.
 * Returns the padding that ONNX takes for the cut, and the length.
 */
function transposedAxis(
  input: Dim,
  at: { kernel: number; stride: number; dilation: number; same: boolean; extra: number | undefined },
): { before: number; after: number; extra: number; length: Dim } {
  const { kernel: k, stride, dilation, same, extra } = at;
  const covered = dilation * (k - 1) + 1;
  // Of the output, less input * stride (Keras: deconv_output_length).
  const more =
    extra === undefined
      ? same
        ? 0
        : Math.max(covered - stride, 0)
      : covered - stride + extra - (same ? 2 * Math.floor(covered / 2) : 0);
  // Of the full output, (input - 1) * stride + covered, that is beyond the length.
  const beyond = covered - stride - more;
  const before = same ? Math.floor(Math.max(beyond, 0) / 2) : 0;
  const after = beyond - before;
  return {
    before,
    after: Math.max(after, 0),
    extra: Math.max(-after, 0),
    length: input === null ? null : input * stride + more,
  };
}

function conv2dTranspose(s: LayerSite): Value {
  const image = s.image();
  const filters = s.settings.integer('filters');
  if (s.settings.integer('groups', { fallback: 1 }) !== 1)
    throw s.unsupported('a grouped transposed convolution');
  const { kernel: k, strides, dilations, same } = sliding(s);
  const extra =
    s.settings.raw('output_padding') === undefined
      ? undefined
      : s.settings.pair('output_padding', { min: 0 });
  const [height, width] = mapTuple([0, 1], (i) =>
    transposedAxis(image.size[i]!, {
      kernel: k[i],
      stride: strides[i],
      dilation: dilations[i],
      same,
      extra: extra?.[i],
    }),
  );
  // Kernels are (height, width, out, in) here, and (in, out, height, width) in ONNX.
  const weight = kernel(s, 'kernel', [...k, filters, image.channels]);
  const name = s.op('ConvTranspose', [image.name, weight, ...bias(s, filters)], {
    strides: ints([...strides]),
    dilations: ints([...dilations]),
    pads: ints([height.before, width.before, height.after, width.after]),
    output_padding: ints([height.extra, width.extra]),
  });
  const size: [Dim, Dim] = [height.length, width.length];
  const value = s.fromImage(name, { ...image, channels: filters, size });
  return activatedBy(s, value, s.settings.raw('activation'));
}

/** A product with the last axis. */
function dense(s: LayerSite): Value {
  const { x } = s;
  const units = s.settings.integer('units');
  const width = s.known([x.shape.length])[0]!;
  const data = s.weight('kernel', [width, units]);
  const weight = s.constant('kernel', () => floats([width, units], data));
  const offset = bias(s, units);
  const rows = s.plain();
  const flat = x.shape.length === 1;
  const product = flat ? s.op('Gemm', [rows, weight, ...offset]) : s.op('MatMul', [rows, weight]);
  const name = flat || offset.length === 0 ? product : s.op('Add', [product, ...offset]);
  const value = s.value(name, [...x.shape.slice(0, -1), units]);
  return activatedBy(s, value, s.settings.raw('activation'));
}

/** Layers with kernels. */
export const convolution: readonly LayerRow[] = [
  { className: 'Conv2D', apply: conv2d },
  {
    className: 'DepthwiseConv2D',
    apply: (s) => activatedBy(s, depthwise(s, true), s.settings.raw('activation')),
  },
  { className: 'SeparableConv2D', apply: separableConv2d },
  { className: 'Conv2DTranspose', apply: conv2dTranspose },
  { className: 'Dense', apply: dense },
];
