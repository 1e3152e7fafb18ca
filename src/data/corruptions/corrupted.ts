import { AssayError } from '../../errors.js';
import type { Stream } from '../../random/stream.js';
import type { AnyCorruption, ParameterSet, Raster, Severity } from './corruption.js';

/** How an image is corrupted. */
export interface CorruptionSetting {
  severity: Severity;
  /** Default: by the size of images, `usualParameters`. */
  parameters?: ParameterSet | undefined;
  /** Whether pixels are cut down to 8 bits, as `numpy.uint8` does where the published sets are written. Default: true. */
  quantise?: boolean | undefined;
}

type Shape = readonly [channels: number, height: number, width: number];

/** The longest side for which the parameters of CIFAR-10-C are used unless others are asked for. */
export const LARGEST_SMALL = 64;

/** The parameters of images of that shape (C, H, W) where nothing else is said. */
export const usualParameters = ([, height, width]: Shape): ParameterSet =>
  Math.max(height, width) <= LARGEST_SMALL ? 'cifar' : 'imagenet';

/** What images are like that are made here, and are not: those of the published data sets. */
export const LIKE: Readonly<Record<ParameterSet, string>> = {
  cifar: 'CIFAR-C-like',
  imagenet: 'ImageNet-C-like',
};

/** Why images of a shape (C, H, W) cannot be corrupted in that way; undefined where they can. */
export function whyNot({ channels: needed, title }: AnyCorruption, [channels]: Shape): string | undefined {
  if (channels === 0) return 'there are no images, only what models predicted of them';
  if (channels !== 1 && channels !== 3) return `images have ${channels} channels, neither grey nor RGB`;
  if (needed === 'rgb' && channels === 1) return `${title.toLowerCase()} leaves grey images as they are`;
  return undefined;
}

/** What the draws of an image are for: a stream of its own for every corruption and severity. */
export const drawsFor = ({ name }: AnyCorruption, { severity }: CorruptionSetting): string =>
  `${name}/${severity}`;

/**
 * A corrupted image, (C, H, W) in [0, 1].
 * @param pixels (C, H, W) in [0, 1]
 * @param draws of that image, keyed by `drawsFor`
 * Errors: `plugin-invalid` where a corruption gives something else than an image of this size.
 */
export function corrupted(
  corruption: AnyCorruption,
  pixels: Float32Array,
  shape: Shape,
  { severity, parameters = usualParameters(shape), quantise = true }: CorruptionSetting,
  draws: Stream,
): Float32Array {
  const [channels, height, width] = shape;
  const image: Raster = { channels, height, width, pixels: bytesRestored(pixels) };
  const made = corruption.apply(image, corruption.severities[parameters][severity - 1], draws);
  if (made.length !== pixels.length) throw broken(corruption, `${made.length} numbers for ${pixels.length}`);
  const result = new Float32Array(made.length);
  for (let p = 0; p < made.length; p++) {
    const value = Math.min(1, Math.max(0, made[p]!));
    if (Number.isNaN(value)) throw broken(corruption, 'NaN');
    result[p] = quantise ? Math.floor(255 * value + ROUNDING) / 255 : value;
  }
  return result;
}

/** Far below what an 8-bit image can tell, and far above the rounding of double precision: white stays white. */
const ROUNDING = 1e-6;

/** Bytes that were stored in single precision as the doubles they were. */
function bytesRestored(pixels: Float32Array): Float64Array {
  const restored = new Float64Array(pixels.length);
  for (let p = 0; p < pixels.length; p++) {
    const scaled = 255 * pixels[p]!;
    const byte = Math.round(scaled);
    restored[p] = Math.abs(scaled - byte) < 1e-4 ? byte / 255 : pixels[p]!;
  }
  return restored;
}

const broken = ({ name }: AnyCorruption, found: string) =>
  new AssayError('plugin-invalid', `the corruption "${name}" did not make an image`, {
    expected: 'as many numbers as it was given, none of them NaN',
    found,
    hint: 'correct `apply` and raise its version',
  });
