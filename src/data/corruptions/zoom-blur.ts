import { type Corruption, PUBLISHED } from './corruption.js';
import { clippedZoom } from './imaging/clipped-zoom.js';
import { eachChannel } from './imaging/planes.js';

/** Factors from 1 in equal steps, up to but without `end`; what `numpy.arange` makes of it, with its rounding. */
interface Zoom {
  end: number;
  step: number;
}

/** The camera moves towards its subject: the mean of the image and of all magnified ones. */
export const zoomBlur: Corruption<Zoom> = {
  name: 'zoom-blur',
  title: 'Zoom blur',
  category: 'blur',
  source: PUBLISHED,
  version: 1,
  channels: 'any',
  severities: {
    cifar: [
      { end: 1.06, step: 0.01 },
      { end: 1.11, step: 0.01 },
      { end: 1.16, step: 0.01 },
      { end: 1.21, step: 0.01 },
      { end: 1.26, step: 0.01 },
    ],
    imagenet: [
      { end: 1.11, step: 0.01 },
      { end: 1.16, step: 0.01 },
      { end: 1.21, step: 0.02 },
      { end: 1.26, step: 0.02 },
      { end: 1.31, step: 0.03 },
    ],
  },
  apply(image, { end, step }) {
    const factors = Array.from({ length: Math.ceil((end - 1) / step) }, (_, i) => 1 + i * (1 + step - 1));
    return eachChannel(image, (plane) => {
      const sum = plane.values.slice();
      for (const factor of factors) {
        const near = clippedZoom(plane, factor);
        for (let p = 0; p < sum.length; p++) sum[p]! += near[p]!;
      }
      return sum.map((value) => value / (factors.length + 1));
    });
  },
};
