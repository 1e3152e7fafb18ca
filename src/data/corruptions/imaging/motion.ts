import { nearest } from './borders.js';
import { correlate, type Tap } from './correlate.js';
import type { Plane } from './planes.js';

/**
 * What a pixel sees that moves: itself and those behind it on a line, with weights of half a Gaussian. This is the kernel
 * of ImageMagick's MotionBlurImage (magick/effect.c, GetMotionBlurKernel): 2 * radius + 1 steps of one pixel, each to
 * the nearest pixel.
 * @param angle in degrees, from the x axis towards below
 */
export function motionTaps(radius: number, sigma: number, angle: number): Tap[] {
  const steps = 2 * Math.ceil(radius) + 1;
  const weights = Array.from({ length: steps }, (_, i) => Math.exp(-(i * i) / (2 * sigma * sigma)));
  const sum = weights.reduce((a, b) => a + b, 0);
  const turn = (angle * Math.PI) / 180;
  return weights.map((weight, i) => ({
    down: Math.ceil(i * Math.sin(turn) - 0.5),
    right: Math.ceil(i * Math.cos(turn) - 0.5),
    weight: weight / sum,
  }));
}

/**
 * A plane blurred by motion; pixels beyond the border are those of the border. ImageMagick holds 16 bits, and writes the 8
 * bits below them.
 */
export function motionBlurred(plane: Plane, taps: readonly Tap[]): Float64Array {
  const blurred = correlate(plane, taps, nearest);
  return blurred.map((value) => Math.floor(Math.round(65535 * value) / 257) / 255);
}
