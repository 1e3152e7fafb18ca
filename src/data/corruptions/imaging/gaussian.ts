import { type Border, nearest } from './borders.js';
import { eachChannel, type Plane } from './planes.js';

/** exp(-k^2 / (2 sigma^2)) for k from -radius to radius, summing to 1. */
export function gaussianKernel(sigma: number, radius: number): Float64Array {
  const weights = Float64Array.from({ length: 2 * radius + 1 }, (_, k) =>
    Math.exp(-0.5 * ((k - radius) / sigma) ** 2),
  );
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}

/** Undefined where it has one number only. */
function truncatedKernel(sigma: number, truncate: number): Float64Array | undefined {
  const radius = sigma > 0 ? Math.floor(truncate * sigma + 0.5) : 0;
  return radius === 0 ? undefined : gaussianKernel(sigma, radius);
}

/** A Gaussian filter as SciPy's and scikit-image's: beyond `truncate` standard deviations nothing is seen. */
export function gaussianBlur(
  { height, width, values }: Plane,
  sigma: number,
  { truncate = 4, border = nearest }: { truncate?: number; border?: Border } = {},
): Float64Array {
  const kernel = truncatedKernel(sigma, truncate);
  if (!kernel) return values.slice();
  const turned = blurLines(values, height, width, lineTaps(kernel, height, border));
  return blurLines(turned, width, height, lineTaps(kernel, width, border));
}

/** The same along channels, too: an image (C, H, W) as a volume. */
export function gaussianBlur3d(
  values: Float64Array,
  [channels, height, width]: readonly [number, number, number],
  sigma: number,
): Float64Array {
  const size = height * width;
  const made = eachChannel({ channels, height, width, pixels: values }, (plane) =>
    gaussianBlur(plane, sigma),
  );
  const kernel = truncatedKernel(sigma, 4);
  if (!kernel) return made;
  const mixed = blurLines(made, channels, size, lineTaps(kernel, channels, nearest));
  // Back from (pixels, channels).
  return made.map((_, p) => mixed[(p % size) * channels + Math.floor(p / size)]!);
}

/** For every place of a line: what is seen from there, and with which weight. */
interface LineTaps {
  /** (n, seen) */
  from: Int32Array;
  weights: Float64Array;
  seen: number;
}

/** A kernel longer than the line is folded onto it: a blur by more than the image costs no more than the image. */
function lineTaps(kernel: Float64Array, n: number, border: Border): LineTaps {
  const radius = (kernel.length - 1) / 2;
  const seen = Math.min(n, kernel.length);
  const from = new Int32Array(n * seen);
  const weights = new Float64Array(n * seen);
  for (let place = 0; place < n; place++) {
    const start = place * seen;
    for (let k = 0; k < kernel.length; k++) {
      const source = border(place + k - radius, n);
      const slot = start + (seen === n ? source : k);
      from[slot] = source;
      weights[slot]! += kernel[k]!;
    }
  }
  return { from, weights, seen };
}

/** Filters along the first axis and turns the plane: (n, across) to (across, n). */
function blurLines(values: Float64Array, n: number, across: number, taps: LineTaps): Float64Array {
  const { from, weights, seen } = taps;
  const made = new Float64Array(values.length);
  const line = new Float64Array(n);
  for (let x = 0; x < across; x++) {
    for (let y = 0; y < n; y++) line[y] = values[y * across + x]!;
    for (let y = 0, at = x * n; y < n; y++, at++) {
      let sum = 0;
      for (let k = y * seen; k < (y + 1) * seen; k++) sum += weights[k]! * line[from[k]!]!;
      made[at] = sum;
    }
  }
  return made;
}
