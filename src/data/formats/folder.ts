import type { DataFormat } from '../source.js';

/** A folder of PNG and JPEG images, a subfolder per class; without subfolders, images without labels. */
export const folder: DataFormat = {
  name: 'folder',
  title: 'folder of images',
  recognises: ({ entries }) => entries !== undefined && entries.length > 0,
  // What decodes images is a large library, and most runs have none to decode.
  open: async (spec) => (await import('./folder-images.js')).openFolder(spec),
};
