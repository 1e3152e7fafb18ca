import sharp from 'sharp';
import { readWhole } from '../bytes/regular-file.js';
import { AssayError } from '../errors.js';
import { malformed } from './byte-source.js';

/** What an image must be, or be made. */
export interface ImageWish {
  /** (C, H, W) */
  shape: [number, number, number];
  /** Scale to that height and width, or refuse others. */
  resize: boolean;
  /** Convert to that many channels, or refuse others. */
  convert: boolean;
}

/**
 * Decodes a PNG or JPEG as (C, H, W) in [0, 1]. Colour profiles and orientation tags are not applied, as training
 * code rarely does. Errors: `file-unreadable`, `file-malformed`, `data-invalid`; all name the image.
 */
export async function decodeImage(file: string, wish: ImageWish, out: Float32Array): Promise<void> {
  const bytes = await readWhole(file, 'image');
  const { data, channels } = await pixels(file, bytes, wish).catch((cause: Error) => {
    if (cause instanceof AssayError) throw cause;
    throw malformed({ file }, 'the image cannot be decoded', {
      found: cause.message.split('\n')[0],
      hint: 'replace it or leave it out',
      cause,
    });
  });
  const [wanted, height, width] = wish.shape;
  const area = height * width;
  for (let c = 0; c < wanted; c++)
    for (let p = 0; p < area; p++) out[c * area + p] = data[p * channels + c] / 255;
  for (let p = 0; channels > wanted && p < area; p++)
    if (data[p * channels + wanted] !== 255)
      throw new AssayError('data-invalid', 'the image is transparent', {
        file,
        expected: 'opaque pixels',
        hint: 'put it on a background',
      });
}

async function pixels(
  file: string,
  bytes: Buffer,
  { shape: [channels, height, width], resize, convert }: ImageWish,
): Promise<{ data: Buffer; channels: number }> {
  const image = sharp(bytes, { failOn: 'warning', ignoreIcc: true });
  const found = await image.metadata();
  const refuse = (message: string, expected: string, seen: string, hint: string) =>
    new AssayError('data-invalid', message, { file, expected, found: seen, hint });
  if (found.format !== 'png' && found.format !== 'jpeg')
    throw refuse('images of this kind are not read', 'PNG or JPEG', found.format, 'convert it to PNG');
  if (found.depth !== 'uchar')
    throw refuse('the image has more than 8 bits a channel', '8 bits', found.depth, 'save it with 8 bits');
  if (!resize && (found.height !== height || found.width !== width))
    throw refuse(
      'the image has another size than the first',
      `${height} x ${width} (height x width)`,
      `${found.height} x ${found.width}`,
      'scale all images with `resize: [height, width]`',
    );
  const own = found.channels - (found.hasAlpha ? 1 : 0) === 1 ? 1 : 3;
  if (!convert && own !== channels)
    throw refuse(
      'the image has other channels than the first',
      channels === 1 ? 'grey' : 'colour',
      own === 1 ? 'grey' : 'colour',
      'convert all images with `channels: 3` or `channels: 1`',
    );
  if (resize) image.resize({ width, height, fit: 'fill', kernel: 'cubic' });
  const { data, info } = await image
    .toColourspace(channels === 1 ? 'b-w' : 'srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { data, channels: info.channels };
}
