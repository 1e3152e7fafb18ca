import type { SystemInfo } from '../../models/system.js';
import { float32, type RowsIn } from '../columns.js';
import { defineMeasurement } from '../contract.js';
import { eachBatch } from './batches.js';

const columns = ({ featureWidth = 0 }: SystemInfo) => ({ features: float32(featureWidth) });

export type FeatureRows = RowsIn<ReturnType<typeof columns>>;

/** Penultimate features of each image, (n, width): the input of the last linear layer, or what the card names. */
export const features = defineMeasurement({
  name: 'features',
  version: 1,
  needs: ['features'],
  unitSize: 512,
  passes: () => ({ forward: 1, gradient: 0 }),
  columns,
  async measure(context) {
    const { system, examples } = context;
    const width = system.info.featureWidth ?? 0;
    const all = new Float32Array(examples.n * width);
    await eachBatch(context, 'clean', async (batch, start) => {
      const { values } = await system.evaluate(batch, ['features']);
      all.set(values.features ?? [], start * width);
    });
    return { features: all };
  },
});
