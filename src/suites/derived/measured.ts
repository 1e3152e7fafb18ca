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
   * Errors: `config-invalid`, `data-invalid` when options, system and parent do not go together, with the option's
   * path.
   */
  check?(options: Static<O>, system: SystemInfo, parent: DatasetInfo): void;
  /**
   * The measurement of the parent's images whose column `pixels` holds the new ones. Its parameters name no system.
   */
  request(options: Static<O>, system: SystemInfo, parent: string): Request<ImageRows>;
}
