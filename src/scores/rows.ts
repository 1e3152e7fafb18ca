import { type Logits, logSoftmaxRows } from '../metrics/softmax.js';
import { logitsOf, probedOf, type ScoreInputs } from './score.js';

/** (n) A number of each row of logits. `values` is the same array for all rows. */
export function perRow(
  inputs: Pick<ScoreInputs, 'logits'>,
  row: (values: Float64Array) => number,
): Float64Array {
  const { n, classes, data } = logitsOf(inputs);
  const values = new Float64Array(classes);
  const out = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < classes; k++) values[k] = data[i * classes + k]!;
    out[i] = row(values);
  }
  return out;
}

/** (n) A number of each row of log softmax(f). */
export function perProbabilityRow(
  inputs: Pick<ScoreInputs, 'logits'>,
  row: (logP: Float64Array) => number,
): Float64Array {
  const logits = logitsOf(inputs);
  const logP = logSoftmaxRows(logits);
  const out = new Float64Array(logits.n);
  for (let i = 0; i < out.length; i++) out[i] = row(logP(i));
  return out;
}

/** The logits that a probe found, by that name, finite throughout. */
export function probedLogits(inputs: ScoreInputs): Logits {
  const { logits: data } = probedOf(inputs, 'logits');
  const { n } = inputs;
  return logitsOf({ logits: { n, classes: n === 0 ? 1 : data.length / n, data } });
}

/** The largest two of at least one number; the second is -infinity when there is one only. */
export function topTwo(values: Float64Array): [number, number] {
  let [first, second] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (value > first) [first, second] = [value, first];
    else if (value > second) second = value;
  }
  return [first, second];
}
