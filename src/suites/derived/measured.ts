import type { Static, TObject } from '../../config/type.js';
import type { DatasetInfo } from '../../data/dataset.js';
import type { DerivationRow } from '../../data/derived/derivation.js';
import type { SystemInfo } from '../../models/system.js';
import type { NdArray } from '../columns.js';
import type { Request } from '../contract.js';

/** Rows that hold images, (n, C, H, W) in [0, 1]. */
export type ImageRows = { readonly pixels: NdArray<Float32Array> };

/** Has a measurement make images: for what takes passes through a system. They are stored as its rows are. */
export interface MeasuredDerivation<O extends TObject = TObject> extends DerivationRow<O> {
  kind: 'measurement';
  /** The option that names the system. */
  system: string;
  /**
   * Images may be made of nothing: without a parent, the option `n` says how many, they have the system's shape, and the
   * measurement is requested of the data set itself, whose examples then have a number and no pixels.
   */
  alone?: true;
  /** The data sets that options name, beside the parent, by the path of the option. */
  reads?(options: Static<O>): Readonly<Record<string, string>>;
  /**
   * Where labels come from: those of the parent's images (the default), none, or the column `conditioned` of the rows, of
   * which this is the highest, and the first example that has it.
   */
  labels?(
    options: Static<O>,
    system: SystemInfo,
    size: number,
  ): 'parent' | 'none' | { label: number; example: number };
  /**
   * Errors: `config-invalid`, `data-invalid` when options, system and parent do not go together, with the option's
   * path. @param parent undefined where there is none
   */
  check?(options: Static<O>, system: SystemInfo, parent: DatasetInfo | undefined): void;
  /**
   * The measurement of the parent's images whose column `pixels` holds the new ones. Its parameters name no system.
   * @param named finds the data sets that `reads` names
   */
  request(
    options: Static<O>,
    system: SystemInfo,
    parent: string,
    named: (dataset: string) => DatasetInfo,
  ): Request<ImageRows>;
}
