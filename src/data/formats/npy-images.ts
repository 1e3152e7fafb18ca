import { basename } from 'node:path';
import { openFile } from '../../bytes/byte-source.js';
import { Closing } from '../../bytes/closing.js';
import { AssayError } from '../../errors.js';
import { arrayImages } from '../arrays/array-images.js';
import type { ArraySource } from '../arrays/array-source.js';
import { labelFile, sharedLabelFile } from '../arrays/label-file.js';
import { readLabels } from '../arrays/labels.js';
import { openNpy } from '../arrays/npy.js';
import { SEVERITIES } from '../corruptions/corruption.js';
import type { ImageSource } from '../source.js';
import type { DatasetSpec } from '../spec.js';

/** An array of images in one .npy file, labels in another. Errors: `file-malformed`, `data-invalid`. */
export async function openNpyImages(spec: DatasetSpec, directory: string): Promise<ImageSource> {
  const closing = new Closing();
  return closing.guard(async () => {
    const openArray = async (file: string) => openNpy(closing.add(await openFile(file)));
    const images = await openArray(spec.path);
    const own = await labelFile(spec, directory);
    if (own !== undefined) return arrayImages(images, await openArray(own), spec, closing.close);
    const source = await arrayImages(images, undefined, spec, closing.close);
    const shared = await sharedLabelFile(spec);
    return shared === undefined ? source : withShared(source, await openArray(shared), spec.path);
  });
}

/**
 * Labels of a file beside, one for each image; or of a fifth as many, repeated: CIFAR-10-C holds the same images at five
 * severities. Errors: `data-invalid` for another count.
 */
async function withShared(images: ImageSource, array: ArraySource, path: string): Promise<ImageSource> {
  const [count = 0] = array.shape;
  const { file } = array.source.place;
  const times = images.n / count;
  if (times !== 1 && times !== SEVERITIES.length)
    throw new AssayError('data-invalid', 'the labels beside the images are not theirs', {
      file: path,
      expected: `${images.n} labels, one per image, or a fifth of them for five severities`,
      found: `${count} in ${basename(file)}`,
      hint: 'name the right ones with `labels: FILE`, or say `labels: false`',
    });
  const once = await readLabels(array, count);
  const labels = new Int32Array(images.n);
  for (let at = 0; at < images.n; at += count) labels.set(once, at);
  const repeated = times === 1 ? '' : ', repeated for each of five severities';
  return { ...images, labels, note: `${images.note}; labels of ${basename(file)}${repeated}` };
}
