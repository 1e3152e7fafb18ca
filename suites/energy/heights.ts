import type { OutputRows } from '../../src/measurements.js';
import { cleanRequest } from '../../src/measurements.js';
import {
  AssayError,
  type Collected,
  type CollectedRows,
  type DatasetInfo,
  type SuiteContext,
  type SystemInfo,
} from '../../src/suite.js';
import { ofOneOrigin, type Sets } from './sets.js';

/** log p(x) of every example of a data set by a system. */
export interface Heights {
  system: SystemInfo;
  dataset: DatasetInfo;
  /** (n) source indices. */
  indices: Int32Array;
  /** (n) */
  logPx: Float64Array;
  collected: Collected<OutputRows>;
}

/** A data set against the reference, by one system. */
export interface Contrast {
  own: Heights;
  reference: Heights;
  /**
   * (n) where the same image is in the reference, for a set that was made of it, or of the same images; undefined for
   * others, whose examples are taken as independent of those of the reference.
   */
  partners: Int32Array | undefined;
}

/** What a system says of a data set; undefined where it gave nothing. Errors: `data-invalid` for a NaN. */
export function heightsOf(
  system: SystemInfo,
  dataset: DatasetInfo,
  collected: CollectedRows,
): Heights | undefined {
  const rows = collected.get(cleanRequest(system, dataset));
  if (!rows?.rows.logPx) return undefined;
  const logPx = Float64Array.from(rows.rows.logPx.data);
  const nan = logPx.findIndex(Number.isNaN);
  if (nan >= 0)
    throw new AssayError('data-invalid', `log p(x) of "${system.name}" on "${dataset.name}" is NaN`, {
      path: `example ${nan}, source index ${rows.indices[nan]}`,
    });
  return { system, dataset, indices: rows.indices, logPx, collected: rows };
}

/** Every set against the reference, for one system, in the order of the run. */
export function contrasts(
  heights: readonly Heights[],
  { reference, others }: Sets,
  { datasets }: SuiteContext,
): Contrast[] {
  const of = heights.find(({ dataset }) => dataset === reference);
  if (!of) return [];
  return others.flatMap((dataset) => {
    const own = heights.find((one) => one.dataset === dataset);
    if (!own) return [];
    const partners = ofOneOrigin(dataset, reference, datasets) ? partnersIn(own, of) : undefined;
    return [{ own, reference: of, partners }];
  });
}

/** Undefined where an example has no partner: the sets are then taken as independent. */
function partnersIn(own: Heights, reference: Heights): Int32Array | undefined {
  const at = new Map(Array.from(reference.indices, (index, i) => [index, i]));
  const partners = Int32Array.from(own.indices, (index) => at.get(index) ?? -1);
  return partners.includes(-1) ? undefined : partners;
}

/** log p(x) of each example minus that of its partner. */
export const gapsOf = ({ own, reference }: Contrast, partners: Int32Array): Float64Array =>
  own.logPx.map((value, i) => value - reference.logPx[partners[i]!]!);
