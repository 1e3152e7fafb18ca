import { classifiedOf, logitsOf, type OutputRows } from '../../src/measurements.js';
import {
  type FittedTemperature,
  fitTemperature,
  type Logits,
  logitsAt,
  type RefusedTemperature,
} from '../../src/metrics.js';
import {
  type Collected,
  type DatasetInfo,
  fitOnSplit,
  fitOnValidation,
  type HeldOut,
} from '../../src/suite.js';

/** Examples picked by position. */
export interface Picked {
  logits: Logits;
  labels: Int32Array;
}

/** A temperature and the examples it was and was not fitted on. */
export interface Fit extends HeldOut<OutputRows> {
  temperature: FittedTemperature | RefusedTemperature;
}

/** The examples at these positions. */
export function pick(collected: Collected<OutputRows>, positions: Int32Array): Picked {
  const labels = collected.labels ?? new Int32Array(0);
  return {
    logits: logitsAt(logitsOf(collected), positions),
    labels: positions.map((position) => labels[position]!),
  };
}

/** Fits on the validation set where there is one, else on a part of the test set, which is then not reported. */
export function fitOf(
  test: { dataset: DatasetInfo; collected: Collected<OutputRows> },
  validation: { dataset: DatasetInfo; collected: Collected<OutputRows> } | undefined,
  split: { share: number; seed: number },
): Fit {
  // Checks labels and logits.
  if (validation) classifiedOf(validation.collected);
  const held = validation ? fitOnValidation(test, validation) : fitOnSplit(test, split);
  const { logits, labels } = pick(held.from, held.fitted);
  return { ...held, temperature: fitTemperature(logits, labels) };
}
