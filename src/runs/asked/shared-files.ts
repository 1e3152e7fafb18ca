import { AssayError } from '../../errors.js';
import { exampleFile } from '../../report/example-file.js';

/** What lies beside the images for a system, in files of its own: `attack-TEST-clean.npy`, `attack-TEST-labels.npy`. */
const KEPT = ['clean', 'labels'];

/**
 * Names of systems and data sets become names of files, in which other signs than letters, digits, dashes and underscores are dashes,
 * and which some file systems take for equal whatever their case. Errors: `config-invalid` for two that would be written to one file.
 */
export function refuseSharedFiles(
  systems: readonly string[],
  datasets: readonly string[],
  file: string,
): void {
  const taken = new Map<string, string>();
  for (const dataset of datasets)
    for (const [of, isSystem] of [
      ...KEPT.map((name) => [name, false] as const),
      ...systems.map((name) => [name, true] as const),
    ]) {
      const key = exampleFile(`${dataset}-${of}`).toLowerCase();
      const what = isSystem ? `system "${of}" on "${dataset}"` : `what is kept as "${of}" of "${dataset}"`;
      const other = taken.get(key);
      if (other !== undefined)
        throw new AssayError('config-invalid', `${other} and ${what} would be written to the same files`, {
          file,
          expected: 'names that differ in letters and digits, not in case or other signs alone',
          found: `examples/*-${key}.npy for both`,
          hint: 'give one of them another `name` (systems), or another key under `datasets`',
        });
      taken.set(key, what);
    }
}
