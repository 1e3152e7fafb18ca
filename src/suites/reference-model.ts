import type { DatasetInfo } from '../data/dataset.js';
import { unknownName } from '../errors.js';
import type { SystemInfo } from '../models/system.js';

/**
 * Refuses an option `reference` of a suite that names no model of the run.
 * @param published names of what is no model, and has published numbers
 * Errors: `unknown-name`.
 */
export function checkReference(
  suite: string,
  reference: string | undefined,
  systems: readonly Pick<SystemInfo, 'name'>[],
  published: readonly string[] = [],
): void {
  const known = [...systems.map(({ name }) => name), ...published];
  if (reference === undefined || known.includes(reference)) return;
  throw unknownName('reference model', reference, known, { path: `suites: ${suite}.reference` });
}

/** What was found of a system on some images of a data set. */
interface Found {
  system: SystemInfo;
  dataset: DatasetInfo;
  /** Source indices. */
  indices: Int32Array;
}

/** What the numbers of a system are divided by: those of another on the same images; or why there are none. */
export function referenceAmong<T extends Found>(
  { system, dataset, indices }: T,
  all: readonly T[],
  name: string,
): T | { lacks: string } {
  const own = all.find((one) => one.system.name === name && one.dataset === dataset);
  if (!own) return { lacks: `"${name}" was not measured on "${dataset.name}"` };
  const same = own.indices.length === indices.length && own.indices.every((index, i) => index === indices[i]);
  return same ? own : { lacks: `some examples failed for "${name}" or for "${system.name}" alone` };
}
