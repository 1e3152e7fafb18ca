import { int32, type RowsIn } from '../columns.js';
import { defineMeasurement } from '../contract.js';
import { predictedClasses } from './predicted-classes.js';

const columns = () => ({ class: int32() });

export type PredictedClassRows = RowsIn<ReturnType<typeof columns>>;

/** The class of each image and nothing else: `class` (n), where logits of very many images would be kept for no one. */
export const predictedClass = defineMeasurement({
  name: 'predicted-class',
  version: 1,
  needs: ['logits'],
  unitSize: 2048,
  passes: () => ({ forward: 1, gradient: 0 }),
  columns,
  measure: async (context) => ({
    class: await predictedClasses(context, context.examples, 'predicted-class'),
  }),
});
