import { readdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { noteAbsent } from '../../bytes/read-log.js';
import { unreadable } from '../../bytes/regular-file.js';
import type { DatasetSpec } from '../spec.js';
import { labelNames } from './names.js';

/** In CIFAR-10-C and the like, one file of labels holds for every file of images beside it, whatever its name. */
const SHARED = ['labels.npy', 'targets.npy'];

/**
 * The file with the labels of a file of images: the one that `labels` names, or the first of the usual names that
 * stands beside the images; undefined when there is none or `labels` is false.
 * @param spec with an absolute path
 * @param variants other spellings of a usual name
 */
export async function labelFile(
  { path, labels }: Pick<DatasetSpec, 'path' | 'labels'>,
  directory: string,
  variants: (name: string) => readonly string[] = (name) => [name],
): Promise<string | undefined> {
  if (labels === false) return undefined;
  if (labels !== undefined) return resolve(directory, labels);
  return firstBeside(path, labelNames(basename(path)).flatMap(variants));
}

/** The labels that lie beside images of any name; undefined for OOD sets, which need none, and where `labels` is said. */
export async function sharedLabelFile({ path, labels, role }: DatasetSpec): Promise<string | undefined> {
  if (labels !== undefined || role === 'ood') return undefined;
  return firstBeside(
    path,
    SHARED.filter((name) => name !== basename(path)),
  );
}

/** The first of several names that stands beside a file. Errors: `file-unreadable`. */
async function firstBeside(path: string, names: readonly string[]): Promise<string | undefined> {
  const folder = dirname(path);
  const present = await readdir(folder).catch((cause) => {
    throw unreadable(folder, cause);
  });
  for (const name of names) {
    if (present.includes(name)) return join(folder, name);
    noteAbsent(join(folder, name));
  }
  return undefined;
}
