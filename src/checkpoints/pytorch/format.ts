import { isZip } from '../../bytes/magic.js';
import type { CheckpointFormat, FileHead } from '../checkpoint.js';
import { weightsFormat } from '../weights-format.js';

/** Opcode PROTO and a protocol number. */
const isPickle = ({ start }: FileHead) => start[0] === 0x80 && start[1]! >= 2 && start[1]! <= 5;

const readWeights: CheckpointFormat['readWeights'] = async (head, stateDict) =>
  (await import('./read-weights.js')).readWeights(head, stateDict);

/** Zip archives and pickles, as torch.save writes them. */
export const pytorch = weightsFormat({
  name: 'pytorch',
  title: 'PyTorch',
  extensions: ['.pt', '.pth', '.ckpt', '.bin'],
  recognises: (head) => (isZip(head.start) && head.extension !== '.keras') || isPickle(head),
  readWeights,
});

/** The same files, held to the layout of the public JEM code. */
export const jem = weightsFormat({
  name: 'jem',
  title: 'PyTorch, in the layout of the JEM code',
  extensions: [],
  recognises: () => false,
  readWeights,
  architecture: 'jem',
});
