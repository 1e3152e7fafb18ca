import { forRanges } from '../../concurrency.js';
import { AssayError } from '../../errors.js';
import { decodeImage, imageHead, readImage } from '../images/image-file.js';
import { decodedNote, LANES, wishLike } from '../images/image-wish.js';
import type { ImageSource } from '../source.js';
import type { DatasetSpec } from '../spec.js';
import { listImages } from './folder-layouts.js';
import { listerOf } from './folder-names.js';

/** Opens a folder of images, a subfolder per class or none. Errors: `data-invalid`, `config-invalid`; those of images. */
export async function openFolder(spec: DatasetSpec): Promise<ImageSource> {
  const { files, labels, classes } = await listImages(
    spec.path,
    await listerOf(spec.path, spec.followLinks ?? false),
  );
  if (files.length === 0)
    throw new AssayError('data-invalid', 'the data set is empty', {
      file: spec.path,
      expected: 'PNG or JPEG images, in a subfolder per class',
      found: 'none',
      hint: 'check the path; for CIFAR fetch the binary version',
    });
  const first = files[0]!;
  const wish = wishLike({ file: first }, await imageHead({ file: first }, await readImage(first)), spec);
  const [channels, height, width] = wish.shape;
  const size = channels * height * width;
  let transparent = false;
  return {
    n: files.length,
    shape: wish.shape,
    ...(labels && spec.labels !== false && { labels, classes }),
    get note() {
      return decodedNote(spec, transparent);
    },
    async read(start, end, out) {
      await forRanges(end - start, { step: 1, lanes: LANES }, async (i) => {
        const part = out.subarray(i * size, (i + 1) * size);
        const file = files[start + i]!;
        if ((await decodeImage({ file }, await readImage(file), wish, part)).transparent) transparent = true;
      });
    },
    async close() {},
  };
}
