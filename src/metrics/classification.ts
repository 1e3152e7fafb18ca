import { AssayError } from '../errors.js';
import { argmax, checkLogits, type Logits, logSoftmax } from './softmax.js';
import { unorderedSum } from './unordered-sum.js';

/** What classification does to each example. All arrays have one entry per example. */
export interface Classified {
  n: number;
  classes: number;
  labels: ArrayLike<number>;
  prediction: Int32Array;
  /** 1 where the prediction is the label. */
  correct: Uint8Array;
  /** max softmax(f). */
  confidence: Float64Array;
  /** -log softmax(f)[y], in nats. */
  nll: Float64Array;
  /** sum_k (p_k - [k = y])^2, between 0 and 2 (Brier 1950). */
  brier: Float64Array;
}

/**
 * Checks that labels are class numbers, one per example.
 * Errors: `shape-mismatch`, `data-invalid` with the first offending example.
 */
export function checkLabels(labels: ArrayLike<number>, n: number, classes: number): void {
  if (labels.length !== n) {
    throw new AssayError('shape-mismatch', 'there is not one label per example', {
      expected: `${n} labels`,
      found: `${labels.length}`,
    });
  }
  for (let i = 0; i < n; i++) {
    if (Number.isInteger(labels[i]) && labels[i]! >= 0 && labels[i]! < classes) continue;
    throw new AssayError('data-invalid', 'a label is not a class of the model', {
      path: `example ${i}`,
      expected: `0 to ${classes - 1}`,
      found: String(labels[i]),
    });
  }
}

/**
 * Per-example results from logits, all through a stable log-softmax. n = 0 gives empty arrays.
 * @param logP (n, classes) the log-softmax at the temperature, where it is known
 * Errors: as `checkLogits` and `checkLabels`.
 */
export function classify(
  logits: Logits,
  labels: ArrayLike<number>,
  temperature = 1,
  logP = logSoftmax(logits, temperature),
): Classified {
  checkLogits(logits);
  const { n, classes } = logits;
  checkLabels(labels, n, classes);
  const prediction = argmax(logits);
  const correct = new Uint8Array(n);
  const confidence = new Float64Array(n);
  const nll = new Float64Array(n);
  const brier = new Float64Array(n);
  const squares = new Float64Array(classes);
  for (let i = 0; i < n; i++) {
    const row = i * classes;
    correct[i] = prediction[i] === labels[i] ? 1 : 0;
    confidence[i] = Math.exp(logP[row + prediction[i]!]!);
    // -0 and rounding just below 0 are 0.
    nll[i] = Math.max(0, -logP[row + labels[i]!]!);
    for (let k = 0; k < classes; k++)
      squares[k] = (Math.exp(logP[row + k]!) - (k === labels[i] ? 1 : 0)) ** 2;
    brier[i] = unorderedSum(squares);
  }
  return { n, classes, labels, prediction, correct, confidence, nll, brier };
}

/** 1 where the label has fewer than k logits above it (ties go to the label with the smaller class number). (n) */
export function inTopK(logits: Logits, labels: ArrayLike<number>, k: number): Uint8Array {
  checkLabels(labels, logits.n, logits.classes);
  const { n, classes, data } = logits;
  return Uint8Array.from({ length: n }, (_, i) => {
    const row = i * classes;
    const own = data[row + labels[i]!]!;
    let ahead = 0;
    for (let c = 0; c < classes; c++) {
      if (data[row + c]! > own || (data[row + c] === own && c < labels[i]!)) ahead++;
    }
    return ahead < k ? 1 : 0;
  });
}

/** Correct answers and examples of every class. */
export function perClass({ n, classes, labels, correct }: Classified) {
  const hits = new Int32Array(classes);
  const total = new Int32Array(classes);
  for (let i = 0; i < n; i++) {
    total[labels[i]!]!++;
    hits[labels[i]!]! += correct[i]!;
  }
  return { hits, total };
}

export interface Confusion {
  label: number;
  prediction: number;
  count: number;
}

/** The mistakes made most often, most frequent first; equal counts in class order. */
export function commonConfusions({ n, classes, labels, prediction }: Classified, limit: number): Confusion[] {
  const counts = new Map<number, number>();
  for (let i = 0; i < n; i++) {
    if (prediction[i] === labels[i]) continue;
    const cell = labels[i]! * classes + prediction[i]!;
    counts.set(cell, (counts.get(cell) ?? 0) + 1);
  }
  return [...counts]
    .sort(([cellA, a], [cellB, b]) => b - a || cellA - cellB)
    .slice(0, limit)
    .map(([cell, count]) => ({ label: Math.floor(cell / classes), prediction: cell % classes, count }));
}
