/** The bytes of a decoded image, (height x width, channels), as libvips gives them. */
export interface RawPixels {
  bytes: Uint8Array;
  /** Bytes a pixel: grey or colour, and alpha where there is one. */
  channels: number;
}

/** Colours as they lie in the file. */
export type Colours = 'grey' | 'rgb' | 'cmyk';

/** ITU-R 601-2 luma in 16 bits, as Pillow's `convert('L')` has it (libImaging/Convert.c, L24). */
const luma = (r: number, g: number, b: number) => (19595 * r + 38470 * g + 7471 * b + 0x8000) >> 16;

/** Ink to light: what white paper lets through. Rounds as Pillow's cmyk2rgb (libImaging/Convert.c). */
const light = (ink: number, black: number) => Math.round(((255 - ink) * (255 - black)) / 255);

/** Red, green or blue of the pixel that starts at `at`. */
const component: Record<Colours, (bytes: Uint8Array, at: number, c: number) => number> = {
  grey: (bytes, at) => bytes[at]!,
  rgb: (bytes, at, c) => bytes[at + c]!,
  cmyk: (bytes, at, c) => light(bytes[at + c]!, bytes[at + 3]!),
};

/**
 * Grey (1) or RGB (3) bytes, (height x width, wanted), with the numbers that Pillow and so torchvision give for
 * `convert('RGB')`, or for `convert('RGB').convert('L')`: profiles are not applied, alpha is left out.
 */
export function toChannels({ bytes, channels }: RawPixels, from: Colours, target: 1 | 3): Uint8Array {
  if (channels === target && from !== 'cmyk') return bytes;
  const area = bytes.length / channels;
  const of = component[from];
  const out = new Uint8Array(area * target);
  for (let p = 0, at = 0; p < area; p++, at += channels) {
    if (target === 3) for (let c = 0; c < 3; c++) out[3 * p + c] = of(bytes, at, c);
    else out[p] = from === 'grey' ? bytes[at]! : luma(of(bytes, at, 0), of(bytes, at, 1), of(bytes, at, 2));
  }
  return out;
}

/** Whether a pixel lets something behind it through. */
export function isTransparent({ bytes, channels }: RawPixels): boolean {
  for (let at = channels - 1; at < bytes.length; at += channels) if (bytes[at] !== 255) return true;
  return false;
}
