/** What is read off a Resize node. */
export interface ResizeSite {
  text(name: string, fallback: string): string;
  number(name: string, fallback: number): number;
  unsupported(why: string): Error;
}

/** One axis of a Resize. */
export interface Axis {
  inputs: number;
  outputs: number;
  scale: number;
  /** The part of the input that is shown, from 0 to 1; only for tf_crop_and_resize. */
  roi?: readonly [number, number] | undefined;
}

/**
 * A Resize along one axis as a matrix: output position `o` is the sum over input positions `i` of
 * `matrix[o * inputs + i] * x[i]`. Interpolation is separable, so one matrix per axis says it all
 * (ONNX operator Resize, whose attribute names are used here).
 */
export function interpolationMatrix(s: ResizeSite, { inputs, outputs, scale, roi }: Axis): Float32Array {
  const mode = s.text('mode', 'nearest');
  const transform = s.text('coordinate_transformation_mode', 'half_pixel');
  const place = coordinate(s, transform, { inputs, outputs, scale, roi });
  const bounded = transform === 'tf_crop_and_resize';
  if (bounded && s.number('extrapolation_value', 0)) throw s.unsupported('an extrapolation_value');
  const matrix = new Float32Array(outputs * inputs);
  for (let o = 0; o < outputs; o++) {
    const x = place(o);
    if (bounded && (x < 0 || x > inputs - 1)) continue;
    if (mode === 'nearest') {
      matrix[o * inputs + clamp(nearest(s, x), inputs)] = 1;
      continue;
    }
    const base = Math.floor(x);
    const taps =
      mode === 'cubic' ? cubic(s, x - base) : [[0, 1 - (x - base)] as const, [1, x - base] as const];
    const within = taps.filter(([offset]) => base + offset >= 0 && base + offset < inputs);
    const excluded = mode === 'cubic' && s.number('exclude_outside', 0) === 1;
    const total = excluded ? within.reduce((sum, [, w]) => sum + w, 0) : 1;
    for (const [offset, weight] of excluded ? within : taps)
      matrix[o * inputs + clamp(base + offset, inputs)]! += weight / total;
  }
  return matrix;
}

const clamp = (i: number, n: number) => Math.min(Math.max(i, 0), n - 1);

/** Where in the input an output position looks. */
function coordinate(
  s: ResizeSite,
  transform: string,
  { inputs, outputs, scale, roi }: Axis,
): (o: number) => number {
  switch (transform) {
    case 'half_pixel':
      return (o) => (o + 0.5) / scale - 0.5;
    case 'half_pixel_symmetric': {
      const adjustment = outputs / (scale * inputs);
      const offset = (inputs / 2) * (1 - adjustment);
      return (o) => offset + (o + 0.5) / scale - 0.5;
    }
    case 'pytorch_half_pixel':
      return (o) => (outputs > 1 ? (o + 0.5) / scale - 0.5 : 0);
    case 'align_corners':
      return (o) => (outputs > 1 ? (o * (inputs - 1)) / (outputs - 1) : 0);
    case 'tf_crop_and_resize': {
      if (!roi) throw s.unsupported('tf_crop_and_resize without a region');
      const [start, end] = roi;
      const step = ((end - start) * (inputs - 1)) / (outputs - 1);
      return (o) => (outputs > 1 ? start * (inputs - 1) + o * step : 0.5 * (start + end) * (inputs - 1));
    }
    case 'asymmetric':
      return (o) => o / scale;
    default:
      throw s.unsupported(`coordinate_transformation_mode "${transform}"`);
  }
}

function nearest(s: ResizeSite, x: number): number {
  switch (s.text('nearest_mode', 'round_prefer_floor')) {
    case 'floor':
      return Math.floor(x);
    case 'ceil':
      return Math.ceil(x);
    case 'round_prefer_ceil':
      return Math.floor(x + 0.5);
    default:
      return Math.ceil(x - 0.5);
  }
}

/** Weights of the four neighbours by Keys' kernel; `t` is how far the position lies past the second. */
function cubic(s: ResizeSite, t: number): (readonly [number, number])[] {
  const a = s.number('cubic_coeff_a', -0.75);
  const near = (d: number) => ((a + 2) * d - (a + 3)) * d * d + 1;
  const far = (d: number) => ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
  return [
    [-1, far(1 + t)],
    [0, near(t)],
    [1, near(1 - t)],
    [2, far(2 - t)],
  ];
}
