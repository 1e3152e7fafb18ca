import type { Raster } from '../corruption.js';
import { eachChannel, type Plane } from './planes.js';

// biome-ignore format: tables read as tables
/** Annex K.1 of ITU-T T.81: steps of brightness, row by row. */
const LUMINANCE = [
  16, 11, 10, 16, 24, 40, 51, 61,
  12, 12, 14, 19, 26, 58, 60, 55,
  14, 13, 16, 24, 40, 57, 69, 56,
  14, 17, 22, 29, 51, 87, 80, 62,
  18, 22, 37, 56, 68, 109, 103, 77,
  24, 35, 55, 64, 81, 104, 113, 92,
  49, 64, 78, 87, 103, 121, 120, 101,
  72, 92, 95, 98, 112, 100, 103, 99,
];

// biome-ignore format: tables read as tables
/** Annex K.1: steps of colour. */
const CHROMINANCE = [
  17, 18, 24, 47, 99, 99, 99, 99,
  18, 21, 26, 66, 99, 99, 99, 99,
  24, 26, 56, 99, 99, 99, 99, 99,
  47, 66, 99, 99, 99, 99, 99, 99,
  99, 99, 99, 99, 99, 99, 99, 99,
  99, 99, 99, 99, 99, 99, 99, 99,
  99, 99, 99, 99, 99, 99, 99, 99,
  99, 99, 99, 99, 99, 99, 99, 99,
];

/** Steps of a quality from 1 to 100, as libjpeg scales them. */
export function quantisation(base: readonly number[], quality: number): number[] {
  const percent = quality < 50 ? Math.floor(5000 / quality) : 200 - 2 * quality;
  return base.map((step) => Math.min(255, Math.max(1, Math.floor((step * percent + 50) / 100))));
}

/**
 * An image as it comes back from a baseline JPEG file of that quality, from 1 to 100: the bytes of libjpeg-turbo, but for one in
 * ten thousand or fewer, which is a level off. The file is not written: packing its numbers loses nothing. Colour is kept at half
 * the resolution (4:2:0) and brought back by a triangle filter, as libjpeg does unless told otherwise.
 */
export function jpegRoundTrip(image: Raster, quality: number): Float64Array {
  const luminance = quantisation(LUMINANCE, quality);
  const bytes = { ...image, pixels: image.pixels.map((value) => Math.round(255 * value)) };
  if (image.channels === 1) return eachChannel(bytes, (plane) => coded(plane, luminance)).map((v) => v / 255);
  const chrominance = quantisation(CHROMINANCE, quality);
  const { height, width } = image;
  const [y, cb, cr] = toYcc(bytes.pixels);
  const colour = (values: Float64Array) => {
    const half = halved({ height, width, values });
    return doubled({ ...half, values: coded(half, chrominance) }, height, width);
  };
  return toRgb(coded({ height, width, values: y }, luminance), colour(cb), colour(cr)).map((v) => v / 255);
}

/** A real number in 16 bits after the point. */
const fixed = (value: number) => Math.round(65536 * value);

/** Bytes of red, green and blue to brightness and two of colour about 128 (JFIF 1.02), in integers. */
function toYcc(pixels: Float64Array): [Float64Array, Float64Array, Float64Array] {
  const size = pixels.length / 3;
  const weighed = (r: number, g: number, b: number, offset: number) => {
    const made = new Float64Array(size);
    for (let p = 0; p < size; p++) {
      const sum = r * pixels[p]! + g * pixels[p + size]! + b * pixels[p + 2 * size]!;
      made[p] = Math.floor((sum + offset) / 65536);
    }
    return made;
  };
  // Halves go down in colour and up in brightness.
  const centred = 128 * 65536 + 32767;
  return [
    weighed(fixed(0.299), fixed(0.587), fixed(0.114), 32768),
    weighed(-fixed(0.168735892), -fixed(0.331264108), fixed(0.5), centred),
    weighed(fixed(0.5), -fixed(0.418687589), -fixed(0.081312411), centred),
  ];
}

function toRgb(y: Float64Array, cb: Float64Array, cr: Float64Array): Float64Array {
  const size = y.length;
  const pixels = new Float64Array(3 * size);
  const part = (sum: number) => Math.floor((sum + 32768) / 65536);
  for (let p = 0; p < size; p++) {
    const [blue, red] = [cb[p]! - 128, cr[p]! - 128];
    pixels[p] = byte(y[p]! + part(fixed(1.402) * red));
    pixels[p + size] = byte(y[p]! + part(-fixed(0.344136286) * blue - fixed(0.714136286) * red));
    pixels[p + 2 * size] = byte(y[p]! + part(fixed(1.772) * blue));
  }
  return pixels;
}

const byte = (value: number) => Math.min(255, Math.max(0, value));

/**
 * Means of 2x2, halves rounded down and up in turn; beyond the right and lower edge pixels repeat, to the right until
 * blocks are full.
 */
function halved({ height, width, values }: Plane): Plane {
  const [h, w] = [Math.ceil(height / 2), 8 * Math.ceil(width / 16)];
  const made = new Float64Array(h * w);
  for (let v = 0, at = 0; v < h; v++) {
    const [top, bottom] = [2 * v * width, Math.min(height - 1, 2 * v + 1) * width];
    for (let u = 0; u < w; u++, at++) {
      const [left, right] = [Math.min(width - 1, 2 * u), Math.min(width - 1, 2 * u + 1)];
      const sum =
        values[top + left]! + values[top + right]! + values[bottom + left]! + values[bottom + right]!;
      made[at] = Math.floor((sum + 1 + (u % 2)) / 4);
    }
  }
  return { height: h, width: w, values: made };
}

/** Twice as large: three quarters of the nearer and a quarter of the farther, down and across; narrow planes are repeated. */
function doubled({ height: h, width: stride, values }: Plane, height: number, width: number): Float64Array {
  const made = new Float64Array(height * width);
  const w = Math.ceil(width / 2);
  const narrow = w <= 2;
  for (let y = 0, at = 0; y < height; y++) {
    const near = Math.floor(y / 2);
    const far = Math.min(h - 1, Math.max(0, near + (y % 2 === 0 ? -1 : 1)));
    const column = (u: number) => 3 * values[near * stride + u]! + values[far * stride + u]!;
    for (let x = 0; x < width; x++, at++) {
      const u = Math.floor(x / 2);
      const beside = Math.min(w - 1, Math.max(0, u + (x % 2 === 0 ? -1 : 1)));
      made[at] = narrow
        ? values[near * stride + u]!
        : Math.floor((3 * column(u) + column(beside) + (x % 2 === 0 ? 8 : 7)) / 16);
    }
  }
  return made;
}

// biome-ignore format: a matrix reads as a matrix
/**
 * sqrt(8) times the cosine transform of eight numbers, in 13 bits after the point: what the integer constants of the fast
 * algorithm (Loeffler, Ligtenberg & Moschytz 1989) in libjpeg's default transform come to, up to 1 off the nearest.
 */
const COSINES = Float64Array.of(
  8192, 8192, 8192, 8192, 8192, 8192, 8192, 8192,
  11363, 9633, 6437, 2260, -2260, -6437, -9633, -11363,
  10703, 4433, -4433, -10703, -10703, -4433, 4433, 10703,
  9633, -2259, -11362, -6436, 6436, 11362, 2259, -9633,
  8192, -8192, -8192, 8192, 8192, -8192, -8192, 8192,
  6437, -11362, 2261, 9633, -9633, -2261, 11362, -6437,
  4433, -10704, 10704, -4433, -4433, 10704, -10704, 4433,
  2260, -6436, 9633, -11363, 11363, -9633, 6436, -2260,
);

/** Places in the matrix from one output to the next, and from one input to the next. */
interface Direction {
  across: number;
  along: number;
}
const FORWARD: Direction = { across: 8, along: 1 };
const INVERSE: Direction = { across: 1, along: 8 };

/** What is left of a plane of bytes once the cosine transform of every block of 8x8 is rounded to steps. */
function coded({ height, width, values }: Plane, steps: readonly number[]): Float64Array {
  const made = new Float64Array(values.length);
  const block = new Float64Array(64);
  const between = new Float64Array(64);
  for (let top = 0; top < height; top += 8)
    for (let left = 0; left < width; left += 8) {
      for (let k = 0; k < 64; k++) {
        const y = Math.min(height - 1, top + (k >> 3));
        block[k] = values[y * width + Math.min(width - 1, left + (k & 7))]! - 128;
      }
      // Rows, then columns; two bits more are kept between. What comes out is eight times the transform.
      transformRows(block, between, FORWARD, 11);
      transformRows(between, block, FORWARD, 15);
      // Columns, then rows.
      for (let k = 0; k < 64; k++)
        between[(k & 7) * 8 + (k >> 3)] = steps[k]! * roundAway(block[k]!, 8 * steps[k]!);
      transformRows(between, block, INVERSE, 11);
      transformRows(block, between, INVERSE, 18);
      for (let y = top; y < Math.min(height, top + 8); y++)
        for (let x = left; x < Math.min(width, left + 8); x++)
          made[y * width + x] = byte(between[(x - left) * 8 + y - top]! + 128);
    }
  return made;
}

/** A whole number over another to the nearest, halves away from zero. */
function roundAway(value: number, step: number): number {
  const times = Math.floor((Math.abs(value) + step / 2) / step);
  return value < 0 ? -times : times;
}

/** Transforms every row of a block, and writes it as a column; `bits` after the point are rounded off. */
function transformRows(
  from: Float64Array,
  to: Float64Array,
  { across, along }: Direction,
  bits: number,
): void {
  const scale = 2 ** bits;
  for (let row = 0; row < 8; row++)
    for (let u = 0; u < 8; u++) {
      let sum = 0;
      for (let x = 0; x < 8; x++) sum += COSINES[u * across + x * along]! * from[row * 8 + x]!;
      to[u * 8 + row] = Math.floor(sum / scale + 0.5);
    }
}
