import { AssayError } from '../../errors.js';
import type { DatasetSpec } from '../spec.js';
import type { ArraySource } from './array-source.js';
import { type Dtype, type NumberArray, shapeText } from './nd-array.js';

/** Channels that images commonly have: grey, RGB. Other counts need an explicit layout. */
const USUAL_CHANNELS = [1, 3];

export type Layout = 'NCHW' | 'NHWC';

/** Order of axes and (C, H, W) of an array of images. Errors: `data-invalid` where the shape does not tell. */
export function imageShape(
  array: Pick<ArraySource, 'shape' | 'source'>,
  layout?: Layout,
): { layout: Layout; shape: [number, number, number] } {
  const { shape, source } = array;
  const refuse = (message: string, details: { expected?: string; hint: string }) =>
    new AssayError('data-invalid', message, {
      ...source.place,
      found: `shape ${shapeText(shape)}`,
      ...details,
    });
  const [, a, b, c] = shape as readonly [number, number, number, number];
  if (shape.slice(1).some((size) => size === 0))
    throw refuse('the images have no pixels', { hint: 'write the array again' });
  if (shape.length === 3) return { layout: 'NCHW', shape: [1, a, b] };
  if (shape.length !== 4)
    throw refuse('this array does not hold images', {
      expected: '(n, H, W), (n, H, W, C) or (n, C, H, W)',
      hint: 'reshape it before saving, or name another array under `images`',
    });
  const first = USUAL_CHANNELS.includes(a);
  const last = USUAL_CHANNELS.includes(c);
  if (!layout && first === last)
    throw refuse(
      first ? 'both layouts fit the shape of the images' : 'no layout fits the shape of the images',
      {
        expected: '1 or 3 channels, on one side',
        hint: 'say `layout: NCHW` (channels first) or `layout: NHWC` (channels last)',
      },
    );
  const chosen = layout ?? (first ? 'NCHW' : 'NHWC');
  return { layout: chosen, shape: chosen === 'NCHW' ? [a, b, c] : [c, a, b] };
}

/** Black and white of element types whose meaning is plain; others need `range`. */
const RANGES: Partial<Record<Dtype, readonly [number, number]>> = {
  b1: [0, 1],
  u1: [0, 255],
  f2: [0, 1],
  f4: [0, 1],
  f8: [0, 1],
};

/** Reads images of an array as (C, H, W) in [0, 1]. */
export interface PixelReader {
  shape: [number, number, number];
  note: string;
  /** As `ImageSource.read`. */
  read(start: number, end: number, out: Float32Array): Promise<void>;
}

/**
 * How an array of images is decoded: see docs/data.md for layout and range.
 * Errors: `data-invalid` for shapes and element types that do not tell; when reading, for NaN and values outside
 * the range, naming the example.
 */
export function pixelReader(array: ArraySource, spec: Pick<DatasetSpec, 'layout' | 'range'>): PixelReader {
  const { layout, shape } = imageShape(array, spec.layout);
  const { place } = array.source;
  const range = spec.range ?? RANGES[array.dtype];
  if (!range)
    throw new AssayError('data-invalid', 'what these integers mean as pixels is not known', {
      ...place,
      expected: 'bytes or floats, or the key `range`',
      found: `elements of type ${array.dtype}`,
      hint: 'say which values are black and white: `range: [0, 65535]`',
    });
  if (!(range[0] < range[1]))
    throw new AssayError('config-invalid', 'the range of pixels is empty', {
      path: 'range',
      expected: '[black, white], black below white',
      found: `[${range.join(', ')}]`,
    });
  // A bound such as 2.64 is met exactly only by its nearest float32.
  const [low, high] = array.dtype === 'f4' ? range.map(Math.fround) : range;
  const [channels, height, width] = shape;
  const size = channels * height * width;
  const area = height * width;
  const stride = layout === 'NHWC' ? channels : 1;
  const channelStep = layout === 'NHWC' ? 1 : area;
  return {
    shape,
    note: `${array.dtype} in [${range.join(', ')}], ${array.shape.length === 3 ? 'grey' : layout}`,
    async read(start, end, out) {
      const values = numbers(await array.rows(start, end));
      let to = 0;
      for (let i = 0; i < end - start; i++)
        for (let c = 0; c < channels; c++) {
          let from = i * size + c * channelStep;
          for (let p = 0; p < area; p++, from += stride) {
            const value = values[from]!;
            if (!(value >= low && value <= high)) throw outside(start + i, value, values, range, array);
            out[to++] = (value - low) / (high - low);
          }
        }
    },
  };
}

/** 64-bit integers as numbers. */
export function numbers(data: NumberArray): Exclude<NumberArray, BigInt64Array | BigUint64Array> {
  return data instanceof BigInt64Array || data instanceof BigUint64Array
    ? Float64Array.from(data, Number)
    : data;
}

function outside(
  example: number,
  value: number,
  values: ArrayLike<number>,
  range: readonly number[],
  { source: { place } }: ArraySource,
): AssayError {
  const where = { file: place.file, path: [place.path, `example ${example}`].filter(Boolean).join(', ') };
  const expected = `values in [${range.join(', ')}]`;
  if (!Number.isFinite(value))
    return new AssayError('data-invalid', 'a pixel is not a finite number', {
      ...where,
      expected,
      found: String(value),
      hint: 'repair or leave out this example',
    });
  let low = value;
  let high = value;
  for (let i = 0; i < values.length; i++) {
    low = Math.min(low, values[i]!);
    high = Math.max(high, values[i]!);
  }
  const ranges = [
    [0, 1],
    [-1, 1],
    [0, 255],
  ] as const;
  const guess = ranges.find(([a, b]) => low >= a && high <= b);
  return new AssayError('data-invalid', 'a pixel lies outside the range', {
    ...where,
    expected,
    found: `${value} (values from ${low} to ${high} nearby)`,
    hint: guess
      ? `if these values are meant, say \`range: [${guess.join(', ')}]\``
      : 'save pixels before they are normalised by mean and std, or say `range: [black, white]`',
  });
}
