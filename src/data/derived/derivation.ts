import type { Static, TObject } from '../../config/type.js';
import type { Stream } from '../../random/stream.js';
import type { DatasetInfo, ExampleReader, Examples } from '../dataset.js';

/** What every way to make images has. */
export interface DerivationRow<O extends TObject> {
  /** Its key in the run file; of generators, what `generate` names. */
  name: string;
  /** Raised when the same recipe makes other images. */
  version: number;
  title: string;
  source: string;
  options: O;
  /** For reports: `means of two images, noise 0.03`. @param shape (C, H, W) of the images */
  describe(options: Static<O>, shape: DatasetInfo['shape']): string;
}

/**
 * Where an image draws: a stream for every purpose, keyed by the run's seed and the image's source index, so that no
 * image depends on those beside it.
 */
export type Draws = (purpose: string, example: number) => Stream;

/** Makes images of nothing but noise. */
export interface Generator<O extends TObject = TObject> extends DerivationRow<O> {
  kind: 'generator';
  /** Errors: `config-invalid` for options that do not go together, with their path. */
  check?(options: Static<O>): void;
  /** Writes one image of a shape, (C, H, W) in [0, 1]. */
  fill(image: Float32Array, draws: Stream, options: Static<O>, shape: DatasetInfo['shape']): void;
}

/** A data set that images are made of. */
export interface Parent extends ExampleReader {
  size: number;
  /** (C, H, W) */
  shape: readonly [number, number, number];
}

/** Makes images of others when they are read: for what is cheap beside a pass through a network. */
export interface PixelTransform<O extends TObject = TObject> extends DerivationRow<O> {
  kind: 'transform';
  /** Whether an image is still one of its class. If not, the set has no labels, and `ood` is its role unless given. */
  keepsLabels: boolean;
  /** Whether an image is made of others than its own; how many there must be. */
  mixes?: { least: number };
  /** Errors: `data-invalid`, `config-invalid` when options and parent do not go together, with their path. */
  check?(options: Static<O>, parent: Pick<DatasetInfo, 'name' | 'shape'>): void;
  /** What decides the images beside options and parent: versions of what options name, choices left open. */
  identity?(options: Static<O>, shape: DatasetInfo['shape']): unknown;
  /**
   * @param examples of the parent, as many as there are to make
   * @param context `start` is the position of the first in the parent
   * Returns pixels (n, C, H, W) in [0, 1], and which could not be made.
   */
  apply(
    examples: Examples,
    options: Static<O>,
    context: { parent: Parent; start: number; draws: Draws },
  ): Promise<Pick<Examples, 'pixels' | 'failed'>>;
}
