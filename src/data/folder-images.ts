import sharp from 'sharp';
import { limits } from '../bytes/limits.js';
import { forRanges } from '../concurrency.js';
import { AssayError } from '../errors.js';
import { listImages } from './folder-layouts.js';
import { listerOf } from './folder-names.js';
import { decodeImage, type ImageWish, imageHead, readImage } from './image-file.js';
import type { ImageSource } from './source.js';
import type { DatasetSpec } from './spec.js';

/** Images decoded at once. */
const LANES = 8;

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
  const wish = await wishOf(files[0], spec);
  const [channels, height, width] = wish.shape;
  const size = channels * height * width;
  let transparent = false;
  return {
    n: files.length,
    shape: wish.shape,
    ...(labels && spec.labels !== false && { labels, classes }),
    get note() {
      const scaled = spec.resize ? 'resized (cubic), ' : '';
      const alpha = transparent ? ', transparency left out (as torchvision does)' : '';
      return `${scaled}decoded by libvips ${sharp.versions.vips}${alpha}`;
    },
    async read(start, end, out) {
      await forRanges(end - start, { step: 1, lanes: LANES }, async (i) => {
        const part = out.subarray(i * size, (i + 1) * size);
        if ((await decodeImage(files[start + i], wish, part)).transparent) transparent = true;
      });
    },
    async close() {},
  };
}

/** What every image must be: as the first one is, unless the spec says otherwise. */
async function wishOf(first: string, { path, resize, channels }: DatasetSpec): Promise<ImageWish> {
  const found = await imageHead(first, await readImage(first));
  const [height, width] = resize ?? [found.height, found.width];
  const { value, of, instead } = limits.examplePixels;
  if (height * width > value)
    throw new AssayError(
      resize ? 'config-invalid' : 'data-invalid',
      resize ? 'images cannot be made so large' : 'the image is too large to be an example as it is',
      {
        file: resize ? path : first,
        path: resize && 'resize',
        expected: `at most ${value} ${of}`,
        found: `${height} x ${width}`,
        hint: instead,
      },
    );
  return {
    shape: [channels ?? (found.colours === 'grey' ? 1 : 3), height, width],
    resize: resize !== undefined,
    convert: channels !== undefined,
  };
}
