import { isHdf5, isZip } from '../../bytes/magic.js';
import type { CheckpointFormat, FileHead } from '../checkpoint.js';

const isArchive = ({ start, extension }: FileHead) => isZip(start) && extension === '.keras';

/** Models of Keras: `.h5` of any version, and the archives `.keras`. */
export const keras: CheckpointFormat = {
  name: 'keras',
  title: 'Keras',
  extensions: ['.h5', '.hdf5', '.keras'],
  recognises: (head) => isHdf5(head.start) || isArchive(head),
  read: async (head) => (await import('./read.js')).readKeras(head),
};
