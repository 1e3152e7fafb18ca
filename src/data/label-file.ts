import { readdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { unreadable } from '../bytes/regular-file.js';
import { labelNames } from './names.js';
import type { DatasetSpec } from './spec.js';

/** In CIFAR-10-C and the like, one file of labels holds for every file of images, which are called after corruptions. */
const SHARED = ['labels.npy', 'targets.npy'];
const CORRUPTIONS = [
  'gaussian_noise',
  'shot_noise',
  'impulse_noise',
  'speckle_noise',
  'defocus_blur',
  'glass_blur',
  'motion_blur',
  'zoom_blur',
  'gaussian_blur',
  'snow',
  'frost',
  'fog',
  'brightness',
  'contrast',
  'elastic_transform',
  'pixelate',
  'jpeg_compression',
  'spatter',
  'saturate',
];

const isCorruption = (name: string): boolean =>
  CORRUPTIONS.some((one) => name.toLowerCase().replace(/\.npy$/, '') === one);

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
  if (name !== undefined) return join(folder, name);
  const shared = isCorruption(basename(path)) ? SHARED.find((one) => present.includes(one)) : undefined;
  return shared && join(folder, shared);
}
