import { corruptions } from '../corruptions/registry.js';
import type { DataFormat, PathHead } from '../source.js';
import { PublishedOptions } from './published-spec.js';

/** Published names have underscores. */
const PUBLISHED_NAMES: readonly string[] = corruptions.names.map((name) => name.replaceAll('-', '_'));

/** Those that no class of photographs would be called. */
const TELLING = PUBLISHED_NAMES.filter((name) => !['snow', 'frost', 'fog'].includes(name));

/** A file with all images for every corruption: CIFAR-10-C, CIFAR-100-C. */
export const cifarC: DataFormat = {
  name: 'cifar-c',
  title: 'CIFAR-C (a .npy file for every corruption)',
  options: PublishedOptions,
  recognises: ({ entries = [] }: PathHead) => PUBLISHED_NAMES.some((name) => entries.includes(`${name}.npy`)),
  open: async (spec) => (await import('./cifar-c-images.js')).openCifarC(spec),
};

/** A folder for every corruption, severity and class: ImageNet-C, Tiny ImageNet-C. */
export const imagenetC: DataFormat = {
  name: 'imagenet-c',
  title: 'ImageNet-C (a folder for every corruption and severity)',
  options: PublishedOptions,
  recognises: ({ entries = [] }: PathHead) => TELLING.some((name) => entries.includes(name)),
  open: async (spec) => (await import('./imagenet-c-images.js')).openImagenetC(spec),
};
