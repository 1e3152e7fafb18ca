import { memorySource, type Place } from '../../bytes/byte-source.js';
import { AssayError } from '../../errors.js';
import { elements, shapeText } from '../arrays/nd-array.js';
import { openNpy } from '../arrays/npy.js';
import { type PixelReader, pixelReader } from '../arrays/pixels.js';
import { decodeImage, imageHead } from '../images/image-file.js';
import { decodedNote, wishLike } from '../images/image-wish.js';
import { refuseMore } from '../refuse-more.js';
import type { DatasetSpec } from '../spec.js';

/** Makes pixels of what lies in members of shards. */
export interface MemberDecoder {
  /** (C, H, W), of every example. */
  shape: readonly [number, number, number];
  /** How pixels were decoded, for reports. */
  readonly note: string;
  /** Writes (C, H, W) in [0, 1]. Errors: `data-invalid`, `file-malformed`. */
  decode(place: Place, bytes: Uint8Array, out: Float32Array): Promise<void>;
}

/** PNG and JPEG, as in folders. @param bytes the first image, which the others are like */
export async function imageDecoder(
  place: Place,
  bytes: Uint8Array,
  spec: DatasetSpec,
): Promise<MemberDecoder> {
  const wish = wishLike(place, await imageHead(place, bytes), spec);
  let transparent = false;
  return {
    shape: wish.shape,
    get note() {
      return decodedNote(spec, transparent);
    },
    async decode(at, image, out) {
      if ((await decodeImage(at, image, wish, out)).transparent) transparent = true;
    },
  };
}

/** .npy, an image each: (H, W), (H, W, C) or (C, H, W). @param bytes the first image, which the others are like */
export async function arrayDecoder(
  place: Place,
  bytes: Uint8Array,
  spec: DatasetSpec,
): Promise<MemberDecoder> {
  const first = await readerOf(place, bytes, spec);
  refuseMore('example', elements(first.shape), place);
  return {
    shape: first.shape,
    note: first.note,
    async decode(at, array, out) {
      const reader = await readerOf(at, array, spec);
      if (reader.shape.join() !== first.shape.join())
        throw new AssayError('data-invalid', 'the image has another shape than the first', {
          ...at,
          expected: `${shapeText(first.shape)} (channels, height, width)`,
          found: shapeText(reader.shape),
          hint: 'save all images at the size that the network takes',
        });
      await reader.read(0, 1, out);
    },
  };
}

/** One image as an array of one. */
async function readerOf(place: Place, bytes: Uint8Array, spec: DatasetSpec): Promise<PixelReader> {
  const array = await openNpy(memorySource(bytes, place));
  return pixelReader({ ...array, shape: [1, ...array.shape], rows: () => array.all() }, spec);
}
