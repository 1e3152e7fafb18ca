import type { Stream } from '../../random/stream.js';

/** One image, as corruptions read it. */
export interface Raster {
  channels: number;
  height: number;
  width: number;
  /** (C, H, W) row-major, in [0, 1]. */
  pixels: Float64Array;
}

/** Whose parameters: those of CIFAR-10-C for images of 32x32, or those of ImageNet-C for images of 224x224. */
export const PARAMETER_SETS = ['cifar', 'imagenet'] as const;
export type ParameterSet = (typeof PARAMETER_SETS)[number];

/** 1 (weak) to 5. */
export const SEVERITIES = [1, 2, 3, 4, 5] as const;
export type Severity = (typeof SEVERITIES)[number];

/** The groups in which results are published; `extra` are the four that are held out for choosing hyper-parameters. */
export type CorruptionCategory = 'noise' | 'blur' | 'weather' | 'digital' | 'extra';

/** A way to damage an image, at five severities. */
export interface Corruption<P = unknown> {
  /** kebab-case: `gaussian-noise`. */
  name: string;
  title: string;
  category: CorruptionCategory;
  source: string;
  /** Raised when the same image, severity and draws give another image. */
  version: number;
  /** `rgb` where grey images would be left as they are. */
  channels: 'any' | 'rgb';
  /** What is not as in the published code, for users; absent where nothing is, but for draws and the last bit. */
  differs?: string;
  /** Weakest first. */
  severities: Readonly<Record<ParameterSet, readonly [P, P, P, P, P]>>;
  /**
   * Returns the pixels of another image of the same size; it may write to those it is given. What lies beyond [0, 1] is
   * cut off afterwards. Images may have any size from one pixel and one channel or three.
   * @param draws of this image alone
   */
  apply(image: Raster, parameters: P, draws: Stream): Float64Array;
}

/** A corruption as registries hold it. */
// biome-ignore lint/suspicious/noExplicitAny: parameters are of every corruption its own
export type AnyCorruption = Corruption<any>;

/** Where both data sets share their steps. */
export const PUBLISHED = 'Hendrycks & Dietterich 2019';
