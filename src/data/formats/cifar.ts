import { basename } from 'node:path';
import type { DataFormat } from '../source.js';
import { cifar10Variant, cifar100Variant, type Variant } from './cifar-variants.js';

export const cifar10 = row(cifar10Variant);
export const cifar100 = row(cifar100Variant);

function row(variant: Variant): DataFormat {
  const files = Object.values(variant.parts).flat();
  return {
    name: variant.name,
    title: variant.title,
    recognises: ({ path, entries = [basename(path)] }) => entries.some((name) => files.includes(name)),
    open: async (spec) => (await import('./cifar-images.js')).openCifar(variant, spec),
  };
}
