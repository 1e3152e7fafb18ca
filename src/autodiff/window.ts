import type { Site } from './site.js';

/** How a window slides: one entry per spatial axis. */
export interface Window {
  kernel: number[];
  strides: number[];
  dilations: number[];
  /** Padding before and after; `after` is what the output really used, negative when input was left over. */
  before: number[];
  after: number[];
}

/**
 * The window of a convolution or pooling node, with `auto_pad` resolved and the padding after the last window
 * taken from the traced shapes: (out - 1) stride + extent = before + in + after.
 */
export function windowOf(s: Site, kernel: readonly number[], input: string, output: string): Window {
  const axes = kernel.length;
  const inputs = s.shape(input).slice(-axes);
  const outputs = s.shape(output).slice(-axes);
  const strides = s.ints('strides') ?? kernel.map(() => 1);
  const dilations = s.ints('dilations') ?? kernel.map(() => 1);
  const span = kernel.map((k, i) => (outputs[i]! - 1) * strides[i]! + dilations[i]! * (k - 1) + 1);
  const auto = s.text('auto_pad', 'NOTSET');
  const before = span.map((covered, i) => {
    if (auto === 'VALID') return 0;
    if (auto === 'NOTSET') return s.ints('pads')?.[i] ?? 0;
    const total = Math.max(0, covered - inputs[i]!);
    return auto === 'SAME_UPPER' ? Math.floor(total / 2) : Math.ceil(total / 2);
  });
  const after = span.map((covered, i) => covered - inputs[i]! - before[i]!);
  return { kernel: [...kernel], strides, dilations, before, after };
}
