import type { Raster } from '../corruption.js';

/** One channel of an image, or a layer that is laid over it. */
export interface Plane {
  height: number;
  width: number;
  /** (H, W) row-major. */
  values: Float64Array;
}

/** Another image: every channel by itself. */
export function eachChannel(
  { channels, height, width, pixels }: Raster,
  change: (plane: Plane) => Float64Array,
): Float64Array {
  const made = new Float64Array(pixels.length);
  const size = height * width;
  for (let c = 0; c < channels; c++) {
    const values = pixels.subarray(c * size, (c + 1) * size);
    made.set(change({ height, width, values }), c * size);
  }
  return made;
}

/** The grey of an image, (H, W): 0.299 red + 0.587 green + 0.114 blue (ITU-R BT.601). */
export function luminance({ channels, pixels }: Pick<Raster, 'channels' | 'pixels'>): Float64Array {
  if (channels === 1) return pixels.slice();
  const size = pixels.length / channels;
  const grey = new Float64Array(size);
  for (let p = 0; p < size; p++)
    grey[p] = 0.299 * pixels[p]! + 0.587 * pixels[p + size]! + 0.114 * pixels[p + 2 * size]!;
  return grey;
}

/** The same of one colour. */
export const greyOf = (colour: readonly number[]): number =>
  0.299 * colour[0]! + 0.587 * colour[1]! + 0.114 * colour[2]!;

/** A colour for the channels that an image has. */
export const colourFor = (
  { channels }: Pick<Raster, 'channels'>,
  colour: readonly number[],
): readonly number[] => (channels === 1 ? [greyOf(colour)] : colour);

/** Cut down to 8 bits, as `numpy.uint8` does. */
export const truncated = (values: Float64Array): Float64Array =>
  values.map((value) => Math.floor(255 * Math.min(1, Math.max(0, value)) + 1e-9) / 255);
