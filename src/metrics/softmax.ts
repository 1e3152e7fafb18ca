import { AssayError } from '../errors.js';
import { unorderedSum } from './unordered-sum.js';

/** Logits of some examples: (n, classes), row-major. */
export interface Logits {
  n: number;
  classes: number;
  data: ArrayLike<number>;
}

/**
 * Checks the shape and that every logit is finite.
 * Errors: `shape-mismatch`, `data-invalid` with the first offending example.
 */
export function checkLogits({ n, classes, data }: Logits): void {
  if (data.length !== n * classes || classes < 1) {
    throw new AssayError('shape-mismatch', 'the logits do not have one row per example', {
      expected: `${n} x ${classes} numbers, at least one class`,
      found: `${data.length}`,
    });
  }
  for (let i = 0; i < data.length; i++) {
    if (Number.isFinite(data[i])) continue;
    throw new AssayError('data-invalid', 'a logit is not finite', {
      path: `example ${Math.floor(i / classes)}, class ${i % classes}`,
      found: String(data[i]),
      hint: 'check the input range and the weights of the model',
    });
  }
}

/**
 * Log-sums of rows of logits. `next(i)` looks at row i; then `max` is its largest logit, `shifted` (classes) the others less
 * that, over T, and `rest` = log sum_k exp(shifted_k), which lies between 0 and log(classes). Neither depends on the order of
 * the classes. The row is copied once: logits come in arrays of several types, which the engine is slow to read.
 */
function logSums({ classes, data }: Logits, temperature: number) {
  const [shifted, terms] = [new Float64Array(classes), new Float64Array(classes)];
  const site = { max: 0, rest: 0, shifted, next };
  function next(i: number): void {
    const start = i * classes;
    let max = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < classes; k++) {
      const logit = data[start + k]!;
      shifted[k] = logit;
      if (logit > max) max = logit;
    }
    for (let k = 0; k < classes; k++) {
      shifted[k] = (shifted[k]! - max) / temperature;
      terms[k] = Math.exp(shifted[k]!);
    }
    site.max = max;
    site.rest = Math.log(unorderedSum(terms));
  }
  return site;
}

/** logsumexp(f / T) of every row, shifted by the row's maximum so that nothing overflows. (n) */
export function logSumExp(logits: Logits, temperature = 1): Float64Array {
  const out = new Float64Array(logits.n);
  const sums = logSums(logits, temperature);
  for (let i = 0; i < out.length; i++) {
    sums.next(i);
    out[i] = sums.max / temperature + sums.rest;
  }
  return out;
}

/** The logits of some examples, as float32, which those of networks are. */
export function logitsAt({ classes, data }: Logits, positions: Int32Array): Logits & { data: Float32Array } {
  const rows = new Float32Array(positions.length * classes);
  positions.forEach((from, to) => {
    for (let k = 0; k < classes; k++) rows[to * classes + k] = data[from * classes + k]!;
  });
  return { n: positions.length, classes, data: rows };
}

/** logsumexp of one row. */
export const logSumExpRow = (logits: ArrayLike<number>): number =>
  logSumExp({ n: 1, classes: logits.length, data: logits })[0]!;

/** The largest logit of one row, of all classes but one; -infinity where there is no other. */
export function largestRow(logits: ArrayLike<number>, but = -1): number {
  let top = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < logits.length; k++) if (k !== but && logits[k]! > top) top = logits[k]!;
  return top;
}

/**
 * log softmax(f / T) of every row. (n, classes) The maximum is taken off before the log-sum is: subtracting
 * logsumexp from a huge logit would lose the log-sum to rounding, and two equal logits of 1e20 would get
 * probability 1 each.
 */
export function logSoftmax(logits: Logits, temperature = 1): Float64Array {
  const { n, classes } = logits;
  const out = new Float64Array(n * classes);
  const row = logSoftmaxRows(logits, temperature);
  for (let i = 0; i < n; i++) out.set(row(i), i * classes);
  return out;
}

/** log softmax(f / T) row by row: (classes), an array that the next call uses again. */
export function logSoftmaxRows(logits: Logits, temperature = 1): (i: number) => Float64Array {
  const sums = logSums(logits, temperature);
  const row = new Float64Array(logits.classes);
  return (i) => {
    sums.next(i);
    const { rest, shifted } = sums;
    for (let k = 0; k < row.length; k++) row[k] = shifted[k]! - rest;
    return row;
  };
}

/** softmax(f / T) of every row. (n, classes) */
export function softmax(logits: Logits, temperature = 1): Float64Array {
  return exponentials(logSoftmax(logits, temperature));
}

/** e to the power of each number, in their place. */
export function exponentials(values: Float64Array): Float64Array {
  for (let i = 0; i < values.length; i++) values[i] = Math.exp(values[i]!);
  return values;
}

/** The class with the largest logit, the first of equals, in the row of `classes` numbers that begins at `start`. */
export function argmaxOf(logits: ArrayLike<number>, start = 0, classes = logits.length): number {
  let best = 0;
  for (let k = 1; k < classes; k++) if (logits[start + k]! > logits[start + best]!) best = k;
  return best;
}

/** The class with the largest logit of every row, the first of equals. (n) */
export function argmax({ n, classes, data }: Logits): Int32Array {
  const best = new Int32Array(n);
  for (let i = 0; i < n; i++) best[i] = argmaxOf(data, i * classes, classes);
  return best;
}

/** The largest logit of every row. (n) */
export function largestLogits({ n, classes, data }: Logits): Float64Array {
  return Float64Array.from({ length: n }, (_, i) => {
    let largest = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < classes; k++) largest = Math.max(largest, data[i * classes + k]!);
    return largest;
  });
}
