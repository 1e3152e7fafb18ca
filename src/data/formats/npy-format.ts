import { isNpy } from '../../bytes/magic.js';
import type { DataFormat } from '../source.js';

/** An array of images in one .npy file, labels in another. */
export const npy: DataFormat = {
  name: 'npy',
  title: 'NumPy array (.npy)',
  recognises: ({ start }) => isNpy(start),
  open: async (spec, directory) => (await import('./npy-images.js')).openNpyImages(spec, directory),
};
