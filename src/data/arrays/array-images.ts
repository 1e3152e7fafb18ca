import { refuseMore } from '../refuse-more.js';
import type { ImageSource } from '../source.js';
import type { DatasetSpec } from '../spec.js';
import type { ArraySource } from './array-source.js';
import { readLabels } from './labels.js';
import { elements } from './nd-array.js';
import { pixelReader } from './pixels.js';

/**
 * A data set made of an array of images and, perhaps, one of labels. Labels are read now, images by ranges.
 * @param close called when nothing more is read
 */
export async function arrayImages(
  images: ArraySource,
  labels: ArraySource | undefined,
  spec: DatasetSpec,
  close: () => Promise<void>,
): Promise<ImageSource> {
  const n = images.shape[0] ?? 0;
  const { shape, note, read } = pixelReader(images, spec);
  refuseMore('examples', n, images.source.place);
  refuseMore('example', elements(shape), images.source.place);
  return { n, shape, labels: labels && (await readLabels(labels, n)), plain: true, note, read, close };
}
