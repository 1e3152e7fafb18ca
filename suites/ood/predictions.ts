import { logitsOf, type OutputRows } from '../../src/measurements.js';
import { argmax } from '../../src/metrics.js';
import type { Collected } from '../../src/suite.js';

/** Which class a system takes every image of a data set for. */
export interface Predicted {
  prediction: Int32Array;
  /** Of labelled sets. */
  labels?: Int32Array;
  /** (n) 1 where the prediction is right. */
  correct?: Uint8Array;
}

/** Undefined of a system without classes. */
export function predictionsOf(outputs: Collected<OutputRows> | undefined): Predicted | undefined {
  if (!outputs?.rows.logits) return undefined;
  const { labels } = outputs;
  const prediction = argmax(logitsOf(outputs));
  if (!labels) return { prediction };
  return { prediction, labels, correct: Uint8Array.from(prediction, (p, i) => (p === labels[i] ? 1 : 0)) };
}
