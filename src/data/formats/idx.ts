import { isGzip } from '../../bytes/magic.js';
import type { DataFormat } from '../source.js';
import { TYPES } from './idx-types.js';

/** The format of MNIST, EMNIST, Fashion-MNIST and others, also gzipped. */
export const idx: DataFormat = {
  name: 'idx',
  title: 'IDX (MNIST)',
  recognises: ({ start }) =>
    isGzip(start) ||
    (start[0] === 0 && start[1] === 0 && start[2]! in TYPES && start[3]! >= 3 && start[3]! <= 4),
  open: async (spec, directory) => (await import('./idx-images.js')).openIdx(spec, directory),
};
