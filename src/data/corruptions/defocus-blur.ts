import { type Corruption, PUBLISHED } from './corruption.js';
import { mirror } from './imaging/borders.js';
import { correlate, tapsOf } from './imaging/correlate.js';
import { gaussianKernel } from './imaging/gaussian.js';
import { eachChannel } from './imaging/planes.js';

interface Disc {
  radius: number;
  /** Standard deviation of the blur that smooths its edge. */
  smooth: number;
}

/** What a lens out of focus makes of a point: a disc, its edge smoothed. */
export const defocusBlur: Corruption<Disc> = {
  name: 'defocus-blur',
  title: 'Defocus blur',
  category: 'blur',
  source: PUBLISHED,
  version: 1,
  channels: 'any',
  severities: {
    cifar: [
      { radius: 0.3, smooth: 0.4 },
      { radius: 0.4, smooth: 0.5 },
      { radius: 0.5, smooth: 0.6 },
      { radius: 1, smooth: 0.2 },
      { radius: 1.5, smooth: 0.1 },
    ],
    imagenet: [
      { radius: 3, smooth: 0.1 },
      { radius: 4, smooth: 0.5 },
      { radius: 6, smooth: 0.5 },
      { radius: 8, smooth: 0.5 },
      { radius: 10, smooth: 0.5 },
    ],
  },
  apply(image, disc) {
    const taps = tapsOf(discKernel(disc));
    return eachChannel(image, (plane) => correlate(plane, taps, mirror));
  },
};

/** The disc on a square of pixels, summing to 1, then filtered by a Gaussian of 3x3 pixels, or 5x5 for large ones. */
function discKernel({ radius, smooth }: Disc): Float64Array {
  const reach = radius <= 8 ? 8 : radius;
  const side = 2 * reach + 1;
  const values = Float64Array.from({ length: side * side }, (_, k) => {
    const [y, x] = [Math.floor(k / side) - reach, (k % side) - reach];
    return x * x + y * y <= radius * radius ? 1 : 0;
  });
  const area = values.reduce((a, b) => a + b, 0);
  const line = gaussianKernel(smooth, radius <= 8 ? 1 : 2);
  const square = Float64Array.from({ length: line.length ** 2 }, (_, k) => {
    return line[Math.floor(k / line.length)]! * line[k % line.length]!;
  });
  const plane = { height: side, width: side, values: values.map((value) => value / area) };
  return correlate(plane, tapsOf(square), mirror);
}
