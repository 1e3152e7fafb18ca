import { readdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { unreadable } from '../bytes/regular-file.js';
import { labelNames } from './names.js';
import type { DatasetSpec } from './spec.js';

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
  const folder = dirname(path);
  const present = await readdir(folder).catch((cause) => {
    throw unreadable(folder, cause);
  });
  const name = labelNames(basename(path))
    .flatMap(variants)
    .find((one) => present.includes(one));
  return name === undefined ? undefined : join(folder, name);
}
