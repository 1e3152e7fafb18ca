import type { Examples } from '../../data/dataset.js';
import { argmax } from '../../metrics/softmax.js';
import type { MeasureContext } from '../contract.js';
import { eachBatch } from './batches.js';
import { offered } from './clean.js';

/** (n) The class that a system takes each of these images for. @param purpose where a stochastic one draws */
export async function predictedClasses(
  { system, seed, signal }: Pick<MeasureContext, 'system' | 'seed' | 'signal'>,
  examples: Examples,
  purpose: string,
): Promise<Int32Array> {
  const { name, classes } = system.info;
  const all = new Int32Array(examples.n);
  await eachBatch({ system, seed, signal, examples }, purpose, async (batch, start) => {
    const { logits } = await system.forward(batch);
    const data = offered(logits, batch.n * classes.length, 'logits', name);
    all.set(argmax({ n: batch.n, classes: classes.length, data }), start);
  });
  return all;
}
