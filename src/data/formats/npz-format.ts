import { isZip, startsWith } from '../../bytes/magic.js';
import type { DataFormat } from '../source.js';

/** An archive without members begins with its end. */
const EMPTY_ZIP = [0x50, 0x4b, 0x05, 0x06];

/** NumPy archives: images and labels found by name. */
export const npz: DataFormat = {
  name: 'npz',
  title: 'NumPy archive (.npz)',
  recognises: ({ start }) => isZip(start) || startsWith(start, EMPTY_ZIP),
  open: async (spec) => (await import('./npz-images.js')).openNpz(spec),
};
