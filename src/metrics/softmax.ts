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
 * For a row of logits: the largest, and log sum_k exp((f_k - max) / T), which lies between 0 and log(classes). Neither
 * depends on the order of the classes. `terms` has room for the classes.
 */
function logSumShifted(
  { classes, data }: Logits,
  row: number,
  temperature: number,
  terms: Float64Array,
): [number, number] {
  let max = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < classes; k++) max = Math.max(max, data[row + k]);
  for (let k = 0; k < classes; k++) terms[k] = Math.exp((data[row + k] - max) / temperature);
  return [max, Math.log(unorderedSum(terms))];
}

/** logsumexp(f / T) of every row, shifted by the row's maximum so that nothing overflows. (n) */
export function logSumExp(logits: Logits, temperature = 1): Float64Array {
  const terms = new Float64Array(logits.classes);
  return Float64Array.from({ length: logits.n }, (_, i) => {
    const [max, rest] = logSumShifted(logits, i * logits.classes, temperature, terms);
    return max / temperature + rest;
  });
}

/** The logits of some examples, as float32, which those of networks are. */
export function logitsAt({ classes, data }: Logits, positions: Int32Array): Logits & { data: Float32Array } {
  const rows = new Float32Array(positions.length * classes);
  positions.forEach((from, to) => {
    for (let k = 0; k < classes; k++) rows[to * classes + k] = data[from * classes + k];
  });
  return { n: positions.length, classes, data: rows };
}

/** logsumexp of one row. */
export const logSumExpRow = (logits: ArrayLike<number>): number =>
  logSumExp({ n: 1, classes: logits.length, data: logits })[0];

/** The largest logit of one row, of all classes but one; -infinity where there is no other. */
export function largestRow(logits: ArrayLike<number>, but = -1): number {
  let top = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < logits.length; k++) if (k !== but && logits[k] > top) top = logits[k];
  return top;
}

/**
 * log softmax(f / T) of every row. (n, classes) The maximum is taken off before the log-sum is: subtracting
 * logsumexp from a huge logit would lose the log-sum to rounding, and two equal logits of 1e20 would get
 * probability 1 each.
 */
export function logSoftmax(logits: Logits, temperature = 1): Float64Array {
  const { n, classes, data } = logits;
  const out = new Float64Array(n * classes);
  const terms = new Float64Array(classes);
  for (let i = 0; i < n; i++) {
    const [max, rest] = logSumShifted(logits, i * classes, temperature, terms);
    for (let k = i * classes; k < (i + 1) * classes; k++) out[k] = (data[k] - max) / temperature - rest;
  }
  return out;
}

/** softmax(f / T) of every row. (n, classes) */
export function softmax(logits: Logits, temperature = 1): Float64Array {
  return logSoftmax(logits, temperature).map(Math.exp);
}

/** The class with the largest logit, the first of equals, in the row of `classes` numbers that begins at `start`. */
export function argmaxOf(logits: ArrayLike<number>, start = 0, classes = logits.length): number {
  let best = 0;
  for (let k = 1; k < classes; k++) if (logits[start + k] > logits[start + best]) best = k;
  return best;
}

/** The class with the largest logit of every row, the first of equals. (n) */
export function argmax({ n, classes, data }: Logits): Int32Array {
  return Int32Array.from({ length: n }, (_, i) => argmaxOf(data, i * classes, classes));
}

/** The largest logit of every row. (n) */
export function largestLogits({ n, classes, data }: Logits): Float64Array {
  return Float64Array.from({ length: n }, (_, i) => {
    let largest = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < classes; k++) largest = Math.max(largest, data[i * classes + k]);
    return largest;
  });
}
