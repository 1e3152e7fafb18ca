import { ints, string } from '../../graph/build.js';
import type { Attribute } from '../../graph/graph.js';
import type { LayerSite } from './site.js';
import type { Dim } from './value.js';

/** How a window slides over height and width. */
export interface Sliding {
  kernel: readonly [number, number];
  strides: readonly [number, number];
  dilations: readonly [number, number];
  same: boolean;
}

export type Pair = readonly [number, number];

/** What a window covers. */
const extent = (kernel: number, dilation: number) => dilation * (kernel - 1) + 1;

/**
 * TensorFlow's padding: `valid` none; `same` as much as ceil(in / stride) windows need, the odd one at the end.
 * Where the size is open, ONNX's own rule for the same is used.
 */
export function windowAttributes(size: readonly [Dim, Dim], window: Sliding): Record<string, Attribute> {
  const { kernel, strides, dilations, same } = window;
  const attributes: Record<string, Attribute> = { strides: ints([...strides]) };
  if (dilations.some((d) => d !== 1)) attributes.dilations = ints([...dilations]);
  if (!same) return attributes;
  if (size.some((n) => n === null)) return { ...attributes, auto_pad: string('SAME_UPPER') };
  const total = (size as Pair).map((n, i) =>
    Math.max(0, (Math.ceil(n / strides[i]!) - 1) * strides[i]! + extent(kernel[i]!, dilations[i]!) - n),
  );
  const before = total.map((n) => Math.floor(n / 2));
  return { ...attributes, pads: ints([...before, ...total.map((n, i) => n - before[i]!)]) };
}

/** Height and width of what a window leaves. */
export function windowSize(size: readonly [Dim, Dim], window: Sliding): [Dim, Dim] {
  const { kernel, strides, dilations, same } = window;
  const left = (n: Dim, i: number) => {
    if (n === null) return null;
    return same
      ? Math.ceil(n / strides[i]!)
      : Math.floor((n - extent(kernel[i]!, dilations[i]!)) / strides[i]!) + 1;
  };
  return [left(size[0], 0), left(size[1], 1)];
}

/** The settings that all sliding layers share. */
export function isSame(s: LayerSite): boolean {
  return s.settings.text('padding', ['same', 'valid'], 'valid') === 'same';
}
