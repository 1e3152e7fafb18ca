import sharp, { type Metadata } from 'sharp';
import { malformed, type Place } from '../../bytes/byte-source.js';
import { limits } from '../../bytes/limits.js';
import { readWhole } from '../../bytes/regular-file.js';
import { AssayError } from '../../errors.js';
import type { DatasetSpec } from '../spec.js';
import { type Colours, isTransparent, type RawPixels, toChannels } from './image-colours.js';

/** What an image must be, or be made. */
export interface ImageWish {
  /** (C, H, W) */
  shape: readonly [channels: 1 | 3, height: number, width: number];
  /** Scale to that height and width, as the spec says; absent: refuse others. */
  resize?: DatasetSpec['resize'];
  /** Convert to that many channels, or refuse others. */
  convert: boolean;
}

/** What the header of an image says, checked. */
export interface ImageHead {
  height: number;
  width: number;
  colours: Colours;
  alpha: boolean;
}

/** Pixels are decoded as they lie in the file: no profile, no orientation tag. */
const AS_STORED = { failOn: 'warning', ignoreIcc: true, limitInputPixels: limits.imagePixels.value } as const;

/** Encoded images, at most as long as the limit. Errors: `file-unreadable`, `file-malformed`. */
export const readImage = (file: string): Promise<Buffer> => readWhole(file, 'image');

/** Reads the header alone. Errors: `file-malformed`, `data-invalid`; both name the image. */
export async function imageHead(place: Place, bytes: Uint8Array): Promise<ImageHead> {
  const metadata = await sharp(bytes, { ...AS_STORED, limitInputPixels: false })
    .metadata()
    .catch((cause: Error) => {
      throw undecodable(place, cause);
    });
  const { height, width, format, depth, space } = metadata;
  const refuse = (message: string, expected: string, seen: string, hint: string) =>
    new AssayError('data-invalid', message, { ...place, expected, found: seen, hint });
  if (format !== 'png' && format !== 'jpeg')
    throw refuse('images of this kind are not read', 'PNG or JPEG', format, 'convert it to PNG');
  const { value, of, instead } = limits.imagePixels;
  if (height * width > value)
    throw refuse('the image is too large', `at most ${value} ${of}`, `${height} x ${width}`, instead);
  if (depth !== 'uchar' && space === 'grey16')
    throw refuse(
      'the image has 16 bits of grey',
      '8 bits',
      '16 bits, of which Pillow and torchvision make white wherever a value is above 255',
      'save it with 8 bits, or as an array with `range: [0, 65535]`',
    );
  return { height, width, colours: coloursOf(metadata), alpha: metadata.hasAlpha };
}

function coloursOf({ space, channels, hasAlpha }: Metadata): Colours {
  if (space === 'cmyk') return 'cmyk';
  return channels - (hasAlpha ? 1 : 0) === 1 ? 'grey' : 'rgb';
}

/**
 * Decodes a PNG or JPEG as (C, H, W) in [0, 1], with the values of Pillow and torchvision (`convert('RGB')`): colour
 * profiles and orientation tags are not applied, alpha is left out, of 16 bits the upper 8 are taken.
 * @param place of the image, which errors name
 * @returns whether pixels were transparent
 * Errors: `file-malformed`, `data-invalid`.
 */
export async function decodeImage(
  place: Place,
  bytes: Uint8Array,
  wish: ImageWish,
  out: Float32Array,
): Promise<{ transparent: boolean }> {
  const head = await imageHead(place, bytes);
  refuseOther(place, head, wish);
  return inTurn(head.height * head.width, async () => {
    const raw = await rawPixels(bytes, head).catch((cause: Error) => {
      throw undecodable(place, cause);
    });
    const [channels, height, width] = wish.shape;
    const converted = toChannels(raw, head.colours, channels);
    const fits = head.height === height && head.width === width;
    const data = fits ? converted : await scaled(converted, head, wish);
    const area = height * width;
    for (let c = 0; c < channels; c++)
      for (let p = 0; p < area; p++) out[c * area + p] = data[p * channels + c]! / 255;
    return { transparent: head.alpha && isTransparent(raw) };
  });
}

/**
 * Height and width of an image that is scaled so: by its shorter side, the other is what is left of the proportion, rounded
 * down, as torchvision has it.
 */
export function scaledSize(
  { height, width }: Pick<ImageHead, 'height' | 'width'>,
  resize: DatasetSpec['resize'],
): readonly [height: number, width: number] {
  if (resize === undefined) return [height, width];
  if (typeof resize !== 'number') return [resize[0]!, resize[1]!];
  const longer = Math.floor((resize * Math.max(height, width)) / Math.min(height, width));
  return height > width ? [longer, resize] : [resize, longer];
}

function undecodable(place: Place, cause: Error): AssayError {
  if (cause instanceof AssayError) return cause;
  return malformed(place, 'the image cannot be decoded', {
    found: cause.message.split('\n')[0],
    hint: 'replace it or leave it out',
    cause,
  });
}

function refuseOther(
  place: Place,
  head: ImageHead,
  { shape: [channels, height, width], resize, convert }: ImageWish,
): void {
  const refuse = (message: string, expected: string, seen: string, hint: string) =>
    new AssayError('data-invalid', message, { ...place, expected, found: seen, hint });
  const [own, across] = scaledSize(head, resize);
  if (resize !== undefined && (own !== height || across !== width))
    throw refuse(
      'the image has other proportions than the first',
      `${height} x ${width} (height x width) with a shorter side of ${resize}`,
      `${own} x ${across}`,
      'scale all images to one size with `resize: [height, width]`',
    );
  if (own !== height || across !== width)
    throw refuse(
      'the image has another size than the first',
      `${height} x ${width} (height x width)`,
      `${head.height} x ${head.width}`,
      'scale all images with `resize: [height, width]`',
    );
  const colours = head.colours === 'grey' ? 1 : 3;
  if (!convert && colours !== channels)
    throw refuse(
      'the image has other channels than the first',
      channels === 1 ? 'grey' : 'colour',
      colours === 1 ? 'grey' : 'colour',
      'convert all images with `channels: 3` or `channels: 1`',
    );
}

async function rawPixels(bytes: Uint8Array, { colours, alpha }: ImageHead): Promise<RawPixels> {
  const image = sharp(bytes, AS_STORED);
  // Without the first, libvips makes RGB of inks by a colour profile of its own.
  if (colours === 'cmyk') image.pipelineColourspace('cmyk').toColourspace('cmyk');
  // To grey, sharp drops alpha, which is to be looked at.
  else image.toColourspace(colours === 'grey' && !alpha ? 'b-w' : 'srgb');
  const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
  return { bytes: data, channels: info.channels };
}

async function scaled(data: Uint8Array, from: ImageHead, { shape }: ImageWish): Promise<Uint8Array> {
  const [channels, height, width] = shape;
  return sharp(data, { raw: { height: from.height, width: from.width, channels } })
    .resize({ width, height, fit: 'fill', kernel: 'cubic' })
    .toColourspace(channels === 1 ? 'b-w' : 'srgb')
    .raw()
    .toBuffer();
}

/** Images up to this many pixels are decoded side by side, larger ones one after another: memory holds one of them. */
const SIDE_BY_SIDE = 2 ** 22;
let last: Promise<unknown> = Promise.resolve();

function inTurn<T>(pixels: number, work: () => Promise<T>): Promise<T> {
  if (pixels <= SIDE_BY_SIDE) return work();
  const turn = last.then(work);
  last = turn.catch(() => undefined);
  return turn;
}
