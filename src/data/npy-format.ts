import type { DataFormat } from './source.js';

/** An array of images in one .npy file, labels in another. */
export const npy: DataFormat = {
  name: 'npy',
  title: 'NumPy array (.npy)',
  recognises: ({ start }) => Buffer.from(start).toString('latin1', 0, 6) === '\x93NUMPY',
  open: async (spec, directory) => (await import('./npy-images.js')).openNpyImages(spec, directory),
};
