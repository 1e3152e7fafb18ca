/** Operators of quantised networks as the ONNX specification defines them, in double precision, one number at a time. */

/** To the nearest integer, halves to even. */
function round(x: number): number {
  const below = Math.floor(x);
  if (x - below !== 0.5) return Math.round(x);
  return below % 2 === 0 ? below : below + 1;
}

/** Real = scale (level - zero); levels are uint8 or int8. */
export interface Levels {
  dims: number[];
  data: Uint8Array | Int8Array;
  /** One, or one for each channel of the first axis (of the last, for a matrix that is multiplied from the right). */
  scale: number[];
  zero: number[];
}

const at = (values: readonly number[], i: number) => values[values.length === 1 ? 0 : i]!;

/** saturate(round(value) + zero) */
function level(value: number, zero: number, signed: boolean): number {
  const [low, high] = signed ? [-128, 127] : [0, 255];
  return Math.min(high, Math.max(low, round(value) + zero));
}

/** QuantizeLinear, in float32 as onnxruntime divides. */
export function quantise(x: ArrayLike<number>, scale: number, zero: number, signed: boolean): number[] {
  return Array.from(x, (value) => level(Math.fround(value / Math.fround(scale)), zero, signed));
}

export interface Window {
  strides: [number, number];
  /** Top, left, bottom, right. */
  pads: [number, number, number, number];
  dilations: [number, number];
  group: number;
}

/** Sums of (x - zero)(w - zero) in exact integers: ConvInteger. x is (N, C, H, W), w (M, C / group, kH, kW). */
export function convolveLevels(x: Levels, w: Levels, window: Window, bias?: Int32Array) {
  const [n, , height, width] = x.dims as [number, number, number, number];
  const [outputs, channels, kh, kw] = w.dims as [number, number, number, number];
  const { strides, pads, dilations, group } = window;
  const oh = Math.floor((height + pads[0] + pads[2] - dilations[0] * (kh - 1) - 1) / strides[0]) + 1;
  const ow = Math.floor((width + pads[1] + pads[3] - dilations[1] * (kw - 1) - 1) / strides[1]) + 1;
  const data: number[] = [];
  for (let image = 0; image < n; image++)
    for (let m = 0; m < outputs; m++) {
      const first = Math.floor(m / (outputs / group)) * channels;
      for (let r = 0; r < oh; r++)
        for (let c = 0; c < ow; c++) {
          let sum = bias?.[m] ?? 0;
          for (let k = 0; k < channels; k++)
            for (let i = 0; i < kh; i++)
              for (let j = 0; j < kw; j++) {
                const row = r * strides[0] - pads[0] + i * dilations[0];
                const column = c * strides[1] - pads[1] + j * dilations[1];
                // Padding is a real zero.
                if (row < 0 || row >= height || column < 0 || column >= width) continue;
                const value = x.data[((image * x.dims[1]! + first + k) * height + row) * width + column]!;
                const weight = w.data[((m * channels + k) * kh + i) * kw + j]!;
                sum += (value - x.zero[0]!) * (weight - at(w.zero, m));
              }
          data.push(sum);
        }
    }
  return { dims: [n, outputs, oh, ow], data };
}

/** MatMulInteger of (n, k) and (k, m). */
export function multiplyLevels(a: Levels, b: Levels) {
  const [rows, inner] = a.dims as [number, number];
  const columns = b.dims[1]!;
  const data = Array.from({ length: rows * columns }, (_, i) => {
    const [r, c] = [Math.floor(i / columns), i % columns];
    let sum = 0;
    for (let k = 0; k < inner; k++)
      sum += (a.data[r * inner + k]! - a.zero[0]!) * (b.data[k * columns + c]! - at(b.zero, c));
    return sum;
  });
  return { dims: [rows, columns], data };
}

/** What QLinearConv and QLinearMatMul make of those sums. @param channelOf of an element of the sums */
export function requantise(
  sums: readonly number[],
  a: Levels,
  b: Levels,
  y: { scale: number; zero: number; signed: boolean },
  channelOf: (i: number) => number,
): number[] {
  return sums.map((sum, i) =>
    level((sum * a.scale[0]! * at(b.scale, channelOf(i))) / y.scale, y.zero, y.signed),
  );
}

/** DynamicQuantizeLinear: levels of uint8 over the range of x, which is made to hold zero. */
export function quantiseDynamically(x: ArrayLike<number>) {
  const values = Array.from(x);
  const [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
  const scale = Math.fround((high - low) / 255);
  const zero = Math.min(255, Math.max(0, round(-low / scale)));
  return { scale, zero, levels: quantise(values, scale, zero, false) };
}
