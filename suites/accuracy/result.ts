import { classifiedOf, logitsOf, type OutputRows } from '../../src/measurements.js';
import {
  type BootstrapOptions,
  type Classified,
  type Estimate,
  inTopK,
  jointBootstrap,
  meanOfDraws,
  ofUnits,
  perClass,
  type Units,
  wilson,
} from '../../src/metrics.js';
import type { Collected, DatasetInfo, SystemInfo } from '../../src/suite.js';

/** Accuracy and proper scores of one system on one data set. */
export interface AccuracyResult {
  system: SystemInfo;
  dataset: DatasetInfo;
  classified: Classified;
  /** (n) source indices. */
  indices: Int32Array;
  accuracy: Estimate;
  nll: Estimate;
  brier: Estimate;
  /** `inside` is 1 where the label is among the k largest logits, (n). */
  topK: readonly { k: number; inside: Uint8Array; estimate: Estimate }[];
  /** One entry per class of the model. */
  classes: readonly { name: string; estimate: Estimate }[];
}

const sum = (values: Uint8Array) => values.reduce((a, b) => a + b, 0);

/** Errors: as `classifiedOf`. */
export function accuracyResult(
  system: SystemInfo,
  dataset: DatasetInfo,
  collected: Collected<OutputRows>,
  { topK, ...bootstrap }: { topK: readonly number[]; resamples: number } & BootstrapOptions,
): AccuracyResult {
  const classified = classifiedOf(collected);
  const { n, correct, labels } = classified;
  const logits = logitsOf(collected);
  const means = (units?: Units) => {
    const [nll, brier] = [meanOfDraws(classified.nll, units), meanOfDraws(classified.brier, units)];
    return (times: Uint8Array) => ({ nll: nll(times), brier: brier(times) });
  };
  const proper = jointBootstrap(n, [ofUnits(means)], bootstrap);
  const each = perClass(classified);
  return {
    system,
    dataset,
    classified,
    indices: collected.indices,
    accuracy: wilson(sum(correct), n),
    ...proper,
    topK: topK.map((k) => {
      const inside = inTopK(logits, labels, k);
      return { k, inside, estimate: wilson(sum(inside), n) };
    }),
    classes: system.classes.map((name, k) => ({ name, estimate: wilson(each.hits[k]!, each.total[k]!) })),
  };
}
