/**
 * A process that runs nothing but a network: the forked side of `bareSpeedUp`. Arguments: an ONNX file, images of a call, calls.
 * It says that it is ready, waits for a word, and says what the calls took.
 */

import * as ort from 'onnxruntime-node';
import { spentOn } from './spent.js';

const [file = '', batch, calls] = process.argv.slice(2);
const n = Number(batch);

/** The layout of a worker of one thread: see `src/engines/ort/worker.ts`. */
const session = await ort.InferenceSession.create(file, {
  graphOptimizationLevel: 'all',
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  extra: { session: { intra_op: { allow_spinning: '0' } } },
});
const feeds = {
  x: new ort.Tensor(
    'float32',
    Float32Array.from({ length: n * 3072 }, (_, i) => (i % 97) / 96),
    [n, 3, 32, 32],
  ),
  one_hot: new ort.Tensor(
    'float32',
    Float32Array.from({ length: n * 10 }, (_, i) => Number(i % 11 === 0)),
    [n, 10],
  ),
};
await session.run(feeds);

process.once('message', async () => {
  const said = await spentOn(async () => {
    for (let call = 0; call < Number(calls); call++)
      for (const tensor of Object.values(await session.run(feeds))) tensor.dispose();
  });
  process.send?.(said, () => process.disconnect());
});
process.send?.('ready');
