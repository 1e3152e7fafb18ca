import { weightsFormat } from './weights-format.js';

/** Weights by name, as Hugging Face's library writes them. */
export const safetensors = weightsFormat({
  name: 'safetensors',
  title: 'safetensors',
  extensions: ['.safetensors'],
  recognises: ({ start, size }) =>
    start.length > 9 &&
    start[8] === 0x7b &&
    new DataView(start.buffer, start.byteOffset).getBigUint64(0, true) <= BigInt(size - 8),
  readWeights: async (head) => (await import('./read-safetensors.js')).readWeights(head),
});
