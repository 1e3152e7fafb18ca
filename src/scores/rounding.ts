import { type Logits, logSoftmaxRows } from '../metrics/softmax.js';

/**
 * How far a float32 network's outputs are taken to be off, relative to the largest logit of the example: 64 units in
 * the last place. A wide ResNet of ten layers is off by up to 12 of them in onnxruntime and 23 in WebAssembly, by
 * instruction set, threads and batch size, and errors grow slowly with depth.
 */
export const LOGIT_ROUNDING = 64 * 2 ** -24;

/** Gradients go through every layer twice, and sums over pixels cancel. */
export const GRADIENT_ROUNDING = 16 * LOGIT_ROUNDING;

/** (n) For values that are themselves off by a share of their size. */
export function relativeRounding(values: ArrayLike<number>, share: number): Float64Array {
  return Float64Array.from(values, (value) => share * Math.abs(value));
}

/**
 * (n) How far a score of the logits may be off when each logit is off by `LOGIT_ROUNDING` of the largest, to first
 * order: `sensitivity` is the sum over classes of |d score / d f_k|, of log softmax(f) where it is not the same everywhere. A last place of the value is
 * added, which is where saturated scores meet.
 */
export function logitRounding(
  logits: Logits,
  values: Float64Array,
  sensitivity: number | ((logP: Float64Array) => number),
): Float64Array {
  const logP = logSoftmaxRows(logits);
  const rounding = new Float64Array(logits.n);
  for (let i = 0; i < rounding.length; i++) {
    const moved = typeof sensitivity === 'number' ? sensitivity : sensitivity(logP(i));
    rounding[i] = LOGIT_ROUNDING * largestLogitSize(logits, i) * moved + 2 ** -52 * Math.abs(values[i]!);
  }
  return rounding;
}

/** max_k |f_k| of row i. */
export function largestLogitSize({ classes, data }: Logits, i: number): number {
  let largest = 0;
  for (let k = i * classes; k < (i + 1) * classes; k++) largest = Math.max(largest, Math.abs(data[k]!));
  return largest;
}

/** Of the largest logit and of T logsumexp(f / T): together, the logits' weights are 1. */
export const ofOneLogit = 1;

/** Of the probability p: p (1 - p) for its own logit, as much for the others. */
export function ofProbability(p: number): number {
  return 2 * p * (1 - p);
}

/** Of sum_k p_k log p_k = -H: sum_k p_k |log p_k + H|. */
export function ofEntropy(logP: Float64Array): number {
  let entropy = 0;
  for (const l of logP) entropy -= Math.exp(l) * l;
  let sum = 0;
  for (const l of logP) sum += Math.exp(l) * Math.abs(l + entropy);
  return sum;
}
