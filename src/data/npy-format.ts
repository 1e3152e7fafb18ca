import { arrayImages, Closing } from './array-images.js';
import { openFile } from './byte-source.js';
import { labelFile } from './label-file.js';
import { openNpy } from './npy.js';
import type { FormatRow } from './source.js';

/** An array of images in one .npy file, labels in another. */
export const npy: FormatRow = {
  title: 'NumPy array (.npy)',
  recognises: ({ start }) => Buffer.from(start).toString('latin1', 0, 6) === '\x93NUMPY',
  async open(spec, directory) {
    const closing = new Closing();
    return closing.guard(async () => {
      const openArray = async (file: string) => openNpy(closing.add(await openFile(file)));
      const labels = await labelFile(spec, directory);
      return arrayImages(
        await openArray(spec.path),
        labels === undefined ? undefined : await openArray(labels),
        spec,
        closing.close,
      );
    });
  },
};
