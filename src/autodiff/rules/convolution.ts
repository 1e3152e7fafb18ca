import { type GraphBuilder, int, ints } from '../../graph/build.js';
import type { Attribute, Tensor } from '../../graph/graph.js';
import { deferred } from '../../graph/tensor.js';
import type { GradientRow } from '../row.js';
import type { Site } from '../site.js';
import { type Window, windowOf } from '../window.js';

const spatialAxes = (rank: number) => Array.from({ length: rank - 2 }, (_, i) => i + 2);

/** Gradient of a convolution with respect to its input, of the bias and, for training, of the kernel. */
function conv(s: Site): (string | undefined)[] {
  const [x, w] = s.x as readonly [string, string];
  const window = windowOf(s, s.shape(w).slice(2), x, s.y);
  const group = s.number('group', 1);
  return [
    s.wanted(0) ? inputGradient(s, window, group) : undefined,
    s.wanted(1) ? kernelGradient(s, x, s.g, window, group) : undefined,
    s.wanted(2) ? s.reduceSum(s.g, [0, ...spatialAxes(s.rank(s.y))], false) : undefined,
  ];
}

/**
 * With stride 1 and a constant kernel: the convolution with the kernel rotated by 180 degrees and its channels
 * swapped, a constant made once, so that onnxruntime keeps its blocked layout. Otherwise the transposed
 * convolution.
 */
function inputGradient(s: Site, window: Window, group: number): string {
  const { kernel, strides, dilations, before, after } = window;
  const w = s.constant(s.x[1]!);
  const mirrored = (pads: number[]) => pads.map((p, i) => dilations[i]! * (kernel[i]! - 1) - p);
  const pads = [...mirrored(before), ...mirrored(after)];
  if (w && strides.every((stride) => stride === 1) && pads.every((p) => p >= 0)) {
    const attributes = {
      pads: ints(pads),
      dilations: ints(dilations),
      group: int(group),
      kernel_shape: ints(kernel),
    };
    return s.b.op('Conv', [s.g, rotated(s.b, s.x[1]!, w, group)], attributes);
  }
  return s.b.op('ConvTranspose', [s.g, s.x[1]!], transposeAttributes(window, group));
}

/** Attributes of the transposed convolution that undoes a window: left-over input becomes output padding. */
export function transposeAttributes(window: Window, group: number): Record<string, Attribute> {
  return {
    strides: ints(window.strides),
    dilations: ints(window.dilations),
    pads: ints([...window.before, ...window.after.map((p) => Math.max(0, p))]),
    output_padding: ints(window.after.map((p) => Math.max(0, -p))),
    kernel_shape: ints(window.kernel),
    group: int(group),
  };
}

const rotations = new WeakMap<GraphBuilder, Map<string, string>>();

/** The constant kernel (O, I/g, ...) turned into (I, O/g, ...), rotated; made once per weight and graph. */
function rotated(b: GraphBuilder, name: string, w: Tensor, group: number): string {
  const made = rotations.get(b) ?? new Map<string, string>();
  rotations.set(b, made);
  const known = made.get(name);
  if (known) return known;
  const [outputs, perGroup, ...kernel] = w.dims as [number, number, ...number[]];
  const dims = [perGroup * group, outputs / group, ...kernel];
  const constant = b.constant(
    deferred('float32', dims, () => turned(w, group)),
    `${name}_rotated`,
  );
  made.set(name, constant);
  return constant;
}

function turned(w: Tensor, group: number): Float32Array {
  const [outputs, perGroup, ...kernel] = w.dims as [number, number, ...number[]];
  const taps = kernel.reduce((product, k) => product * k, 1);
  const outputsPerGroup = outputs / group;
  const from = w.data as Float32Array;
  const data = new Float32Array(from.length);
  for (let o = 0; o < outputs; o++) {
    const g = Math.floor(o / outputsPerGroup);
    for (let i = 0; i < perGroup; i++) {
      const source = (o * perGroup + i) * taps;
      const target = ((g * perGroup + i) * outputsPerGroup + (o % outputsPerGroup)) * taps;
      for (let t = 0; t < taps; t++) data[target + taps - 1 - t] = from[source + t]!;
    }
  }
  return data;
}

/**
 * Gradient of the kernel (O, I/g, ...): a convolution of the input with the output gradient, where batch and
 * channels trade places and stride and dilation too.
 */
function kernelGradient(s: Site, x: string, g: string, window: Window, group: number): string {
  const rank = window.kernel.length + 2;
  const swap = { perm: ints([1, 0, ...spatialAxes(rank)]) };
  const parts = (value: string) =>
    group === 1
      ? [value]
      : s.b.node(
          'Split',
          [value],
          { axis: int(1), num_outputs: int(group) },
          Array<string>(group).fill('group'),
        );
  const gradients = parts(g);
  // Input that no window reaches is cropped by a negative pad, which Conv itself does not take.
  const cropped = window.after.some((p) => p < 0) ? crop(s, x, window) : x;
  const after = window.after.map((p) => Math.max(0, p));
  const kernels = parts(cropped).map((part, i) => {
    const images = s.b.op('Transpose', [part], swap);
    const filters = s.b.op('Transpose', [gradients[i]!], swap);
    const taps = s.b.op('Conv', [images, filters], {
      strides: ints(window.dilations),
      dilations: ints(window.strides),
      pads: ints([...window.before, ...after]),
    });
    return s.b.op('Transpose', [taps], swap);
  });
  return kernels.length === 1 ? kernels[0]! : s.b.op('Concat', kernels, { axis: int(0) });
}

function crop(s: Site, x: string, window: Window): string {
  const pads = [0, 0, ...window.before.map(() => 0), 0, 0, ...window.after.map((p) => Math.min(0, p))];
  return s.b.op('Pad', [x, s.b.ints(pads)]);
}

/** The transposed convolution's input gradient is the convolution it transposes. */
function convTranspose(s: Site): (string | undefined)[] {
  const [x, w] = s.x as readonly [string, string];
  // Seen from the convolution it transposes, the output is the input.
  const window = windowOf(s, s.shape(w).slice(2), s.y, x);
  const group = s.number('group', 1);
  const g = window.after.some((p) => p < 0) ? crop(s, s.g, window) : s.g;
  const exact = { ...window, after: window.after.map((p) => Math.max(0, p)) };
  const toInput = () =>
    s.b.op('Conv', [g, w], {
      strides: ints(exact.strides),
      dilations: ints(exact.dilations),
      pads: ints([...exact.before, ...exact.after]),
      group: int(group),
      kernel_shape: ints(exact.kernel),
    });
  return [
    s.wanted(0) ? toInput() : undefined,
    s.wanted(1) ? kernelGradient(s, g, x, exact, group) : undefined,
    s.wanted(2) ? s.reduceSum(s.g, [0, ...spatialAxes(s.rank(s.y))], false) : undefined,
  ];
}

/** Gradients of convolutions. */
export const convolution: readonly GradientRow[] = [
  { op: 'Conv', gradient: conv },
  { op: 'ConvTranspose', gradient: convTranspose },
];
