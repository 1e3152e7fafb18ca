import { checkLabels } from '../classification.js';
import type { Minimum } from '../linear-algebra/newton-cg.js';
import { checkLogits, type Logits, logSoftmax } from '../softmax.js';

/** Numbers that were fitted: one, or one for each class. */
export interface Parameter {
  name: string;
  values: readonly number[];
  /** Of a single one, 95 %. */
  interval?: readonly [number, number] | null;
}

/** A map of predictions, before it is known what it does to those that it was fitted on. */
export interface PredictionMap {
  /** Log-probabilities of every class, (n, classes); none infinite. */
  apply(logits: Logits): Float64Array;
  parameters: readonly Parameter[];
  /** Steps of the solver; 0 for what is computed outright. */
  iterations: number;
  /** What a reader should know, such as classes that are separated. */
  notes?: readonly string[];
}

export interface FittedRecalibrator extends PredictionMap {
  fitted: true;
  /** Examples fitted on. */
  n: number;
  /** Mean NLL of the fitting examples. */
  nllBefore: number;
  nllAfter: number;
}

export interface RefusedRecalibrator {
  fitted: false;
  n: number;
  reason: string;
}

/** What turns the predictions of a model into better calibrated ones, fitted on labelled examples that are not reported. */
export interface Recalibrator {
  /** kebab-case: the name in run files and measures. */
  name: string;
  title: string;
  source: string;
  /** A map, or the reason why there is none. Logits and labels are checked, and there is an example and a second class. */
  map(logits: Logits, labels: ArrayLike<number>): PredictionMap | { reason: string };
}

/** Mean NLL of log-probabilities. */
function nllOf(logP: Float64Array, labels: ArrayLike<number>, classes: number): number {
  let sum = 0;
  for (let i = 0; i < labels.length; i++) sum -= logP[i * classes + labels[i]!]!;
  return sum / labels.length;
}

/**
 * Fits a recalibrator. Refused, with the reason: no examples, one class, what the recalibrator itself refuses (a solver that does not
 * converge), and a map that raises the NLL of the very examples that it was fitted on.
 * Errors: as `checkLogits` and `checkLabels`.
 */
export function fitRecalibrator(
  recalibrator: Recalibrator,
  logits: Logits,
  labels: ArrayLike<number>,
): FittedRecalibrator | RefusedRecalibrator {
  checkLogits(logits);
  const { n, classes } = logits;
  checkLabels(labels, n, classes);
  const refused = (reason: string): RefusedRecalibrator => ({ fitted: false, n, reason });
  if (n === 0) return refused('there is no example to fit on');
  if (classes === 1) return refused('with one class there is nothing to calibrate');
  const map = recalibrator.map(logits, labels);
  if ('reason' in map) return refused(map.reason);
  const nllBefore = nllOf(logSoftmax(logits), labels, classes);
  const nllAfter = nllOf(map.apply(logits), labels, classes);
  if (!(nllAfter <= nllBefore + 1e-9 * (1 + nllBefore)))
    return refused(
      `it raises the NLL of the fitting examples, from ${nllBefore.toPrecision(6)} to ${nllAfter.toPrecision(6)}`,
    );
  return { ...map, fitted: true, n, nllBefore, nllAfter };
}

/** An NLL that tells that every answer is right, by far. */
const VANISHED = 1e-8;

/** Why there is no fit, where the NLL of the fitting examples has no minimum or falls to nothing. */
export function withoutMinimum({ value, converged, iterations }: Minimum): { reason: string } | undefined {
  const infinite = 'the best parameters are infinite';
  if (value < VANISHED) return { reason: `every answer is right, or can be made so: ${infinite}` };
  if (converged) return undefined;
  return {
    reason: `the NLL of the fitting examples has no minimum that ${iterations} Newton steps reach: some classes are separated from the others, and ${infinite}`,
  };
}
