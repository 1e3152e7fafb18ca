import type { CheckpointFormat, FileHead } from '../checkpoint.js';

function recognises({ start }: FileHead): boolean {
  const text = Buffer.from(start).toString('utf8').trimStart();
  return text.startsWith('{') && /"(modelTopology|weightsManifest|layers-model|graph-model)"/.test(text);
}

/** Models of TensorFlow.js, of layers and of graphs: model.json, and the weights in shards beside it. */
export const tfjs: CheckpointFormat = {
  name: 'tfjs',
  title: 'TensorFlow.js',
  extensions: ['.json'],
  recognises,
  read: async (head) => (await import('./read.js')).read(head),
};
