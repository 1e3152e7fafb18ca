import sharp from 'sharp';
import type { Place } from '../../bytes/byte-source.js';
import { limits } from '../../bytes/limits.js';
import { AssayError } from '../../errors.js';
import type { DatasetSpec } from '../spec.js';
import { type ImageHead, type ImageWish, scaledSize } from './image-file.js';

/** Images decoded at once. */
export const LANES = 8;

/**
 * What every image of a data set must be: as the first one is, unless the spec says otherwise.
 * Errors: `data-invalid`, `config-invalid` for images that are too large to be examples.
 */
export function wishLike(first: Place, head: ImageHead, { path, resize, channels }: DatasetSpec): ImageWish {
  const [height, width] = scaledSize(head, resize);
  const { value, of, instead } = limits.examplePixels;
  if (height * width > value)
    throw new AssayError(
      resize ? 'config-invalid' : 'data-invalid',
      resize ? 'images cannot be made so large' : 'the image is too large to be an example as it is',
      {
        ...(resize ? { file: path, path: 'resize' } : first),
        expected: `at most ${value} ${of}`,
        found: `${height} x ${width}`,
        hint: instead,
      },
    );
  return {
    shape: [channels ?? (head.colours === 'grey' ? 1 : 3), height, width],
    ...(resize !== undefined && { resize }),
    convert: channels !== undefined,
  };
}

/** How the images of a data set were decoded, for reports. */
export function decodedNote({ resize }: DatasetSpec, transparent: boolean): string {
  const scaled = resize ? 'resized (cubic), ' : '';
  const alpha = transparent ? ', transparency left out (as torchvision does)' : '';
  return `${scaled}decoded by libvips ${sharp.versions.vips}${alpha}`;
}
