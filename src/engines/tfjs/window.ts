import type { Site } from './site.js';

/** How a window slides over pixels: one entry per spatial axis. */
export interface Window {
  kernel: number[];
  strides: number[];
  dilations: number[];
  before: number[];
  /** Padding after the pixels, with what `ceil_mode` adds to it. */
  after: number[];
  /** Padding after the pixels as the node declares it. */
  declared: number[];
  outputs: number[];
}

/** The window of a convolution or pooling node over an input of the given extents, `auto_pad` resolved. */
export function windowOf(s: Site, kernel: readonly number[], inputs: readonly number[]): Window {
  const strides = s.ints('strides') ?? kernel.map(() => 1);
  const dilations = s.ints('dilations') ?? kernel.map(() => 1);
  const span = kernel.map((k, i) => dilations[i]! * (k - 1) + 1);
  const auto = s.text('auto_pad', 'NOTSET');
  const pads = s.ints('pads') ?? Array<number>(2 * kernel.length).fill(0);
  const same = kernel.map((_, i) => {
    const outputs = Math.ceil(inputs[i]! / strides[i]!);
    return Math.max(0, (outputs - 1) * strides[i]! + span[i]! - inputs[i]!);
  });
  const before = kernel.map((_, i) => {
    if (auto === 'SAME_UPPER') return Math.floor(same[i]! / 2);
    if (auto === 'SAME_LOWER') return Math.ceil(same[i]! / 2);
    return auto === 'VALID' ? 0 : pads[i]!;
  });
  const declared = kernel.map((_, i) => {
    if (auto.startsWith('SAME')) return same[i]! - before[i]!;
    return auto === 'VALID' ? 0 : pads[kernel.length + i]!;
  });
  const ceil = s.flag('ceil_mode');
  const outputs = kernel.map((_, i) => {
    const steps = (inputs[i]! + before[i]! + declared[i]! - span[i]!) / strides[i]!;
    const count = (ceil ? Math.ceil(steps) : Math.floor(steps)) + 1;
    // The last window must start inside the input or the padding before it.
    return ceil && (count - 1) * strides[i]! >= inputs[i]! + before[i]! ? count - 1 : count;
  });
  const after = outputs.map((n, i) =>
    Math.max(declared[i]!, (n - 1) * strides[i]! + span[i]! - inputs[i]! - before[i]!),
  );
  return { kernel: [...kernel], strides, dilations, before, after, declared, outputs };
}
