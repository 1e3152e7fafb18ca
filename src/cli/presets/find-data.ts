import { readdir } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { checkConfined } from '../../bytes/confine.js';
import { unreadable } from '../../bytes/regular-file.js';
import { AssayError } from '../../errors.js';
import { safeParts } from '../../fetch/safe-path.js';
import { RECORD, readRecord } from '../../pull/record.js';
import type { FoundSet, WantedModel, WantedSet } from './preset.js';

/** Data sets of a folder, and model cards beside them, by what they are called. */
export interface FoundData {
  found: FoundSet[];
  missing: WantedSet[];
  models: { wanted: WantedModel; file: string }[];
  missingModels: WantedModel[];
  /** What lies there beside them. */
  others: string[];
}

/** Whatever is called so is an OOD set: `ood-textures.npz`. */
const OTHER_OOD = /^ood-(.+)$/;

const CARD = /\.model\.ya?ml$/i;

/**
 * Looks for data sets in a folder by their names; of several files that fit one set, the first in order is taken. What is
 * called `ood-NAME` is an OOD set as well.
 * @param place a path as the run file says it
 * Errors: `file-unreadable`; `data-invalid` without a set that is needed.
 */
export async function findData(
  folder: string,
  { data: sets, models: wantedModels }: { data: readonly WantedSet[]; models: readonly WantedModel[] },
  place: (path: string) => string,
): Promise<FoundData> {
  checkConfined(folder);
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause) => {
    throw unreadable(folder, cause);
  });
  const names = entries
    .filter(({ name }) => !name.startsWith('.'))
    .map((entry) => ({ file: entry.name, called: calledOf(entry.name, entry.isDirectory()) }))
    .sort((a, b) => (a.file < b.file ? -1 : 1));
  /** In the folder of a data set that was pulled, its test set. */
  const paths = new Map<string, string>();
  for (const entry of entries)
    if (entry.isDirectory())
      paths.set(entry.name, join(folder, entry.name, await testPath(join(folder, entry.name))));
  const pathOf = (file: string) => place(paths.get(file) ?? join(folder, file));
  const taken = new Set<string>();
  const matches = sets.flatMap(({ name, entry, called }): FoundSet[] => {
    const first = names.find((one) => called.test(one.called) && !taken.has(one.file));
    if (!first) return [];
    taken.add(first.file);
    return [{ name, entry: { path: pathOf(first.file), ...entry } }];
  });
  for (const { file, called } of names) {
    const [, name] = OTHER_OOD.exec(called) ?? [];
    if (name === undefined || taken.has(file) || matches.some((one) => one.name === name)) continue;
    taken.add(file);
    matches.push({ name, entry: { path: pathOf(file), role: 'ood' } });
  }
  const models = wantedModels.flatMap((model) => {
    const first = names.find(
      (one) => CARD.test(one.file) && model.called.test(one.called.replace(/\.model$/, '')),
    );
    if (!first) return [];
    taken.add(first.file);
    return [{ wanted: model, file: join(folder, first.file) }];
  });
  const missingModels = wantedModels.filter((model) => !models.some(({ wanted }) => wanted === model));
  const missing = sets.filter(({ name }) => !matches.some((one) => one.name === name));
  const others = names.filter(({ file }) => !taken.has(file)).map(({ file }) => file);
  const lacking = missing.find(({ needed }) => needed);
  if (!lacking) return { found: matches, missing, models, missingModels, others };
  throw new AssayError('data-invalid', `the folder has no data set "${lacking.name}"`, {
    file: folder,
    expected: lacking.told,
    found: others.slice(0, 8).join(', ') || 'nothing',
    hint: 'name the folder that holds the data sets, and rename the file so',
  });
}

/** Where in a folder the test set is, as `assay data pull` says; the folder itself where it says nothing. */
async function testPath(folder: string): Promise<string> {
  const record = await readRecord(folder);
  const path = record?.entries[0]?.path;
  return path === undefined ? '' : join(...safeParts(path, { file: join(folder, RECORD) }));
}

/** `CIFAR10_test.npz`: `cifar10-test`. */
const calledOf = (file: string, isFolder: boolean): string =>
  (isFolder ? file : file.slice(0, file.length - extname(file).length)).toLowerCase().replaceAll('_', '-');
