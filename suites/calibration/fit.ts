import { classifiedOf, logitsOf, type OutputRows } from '../../src/measurements.js';
import {
  type FittedTemperature,
  fitTemperature,
  type Logits,
  type RefusedTemperature,
} from '../../src/metrics.js';
import { AssayError, type Collected, type DatasetInfo, stream, unknownName } from '../../src/suite.js';

/** Examples picked by position. */
export interface Picked {
  logits: Logits;
  labels: Int32Array;
}

/** A temperature and the examples it was and was not fitted on. */
export interface Fit {
  temperature: FittedTemperature | RefusedTemperature;
  /** In words: `"validation"`, or `a seeded half of "test"`. */
  on: string;
  /** True when the test set was split, so that `reported` is a part of it. */
  split: boolean;
  /** Positions in the test set that the temperature is reported on. */
  reported: Int32Array;
  /** Examples of the validation set left out because they are in the test set too. */
  shared: number;
  /** The rows of the validation set, when there is one, and the positions in it that were fitted on. */
  validation?: Collected<OutputRows>;
  fitted?: Int32Array;
}

/**
 * The validation set to fit on: the one that `fitOn` names, else the first labelled one; undefined when the run
 * has none. Errors: `unknown-name`, `config-invalid` for one that is not a labelled validation set.
 */
export function validationSet(datasets: readonly DatasetInfo[], fitOn?: string): DatasetInfo | undefined {
  const usable = datasets.filter(({ role, labelled }) => role === 'validation' && labelled);
  if (fitOn === undefined) return usable[0];
  const path = 'suites: calibration.fitOn';
  const named = datasets.find(({ name }) => name === fitOn);
  if (!named)
    throw unknownName(
      'data set',
      fitOn,
      usable.map(({ name }) => name),
      { path },
    );
  if (usable.includes(named)) return named;
  throw new AssayError('config-invalid', `a temperature cannot be fitted on "${fitOn}"`, {
    path,
    expected: 'a labelled data set with `role: validation`',
    found: `role: ${named.role}, ${named.labelled ? 'labelled' : 'without labels'}`,
    hint: 'what a temperature is fitted on must not be reported',
  });
}

/** The examples at these positions. */
export function pick(collected: Collected<OutputRows>, positions: Int32Array): Picked {
  const { classes, data } = logitsOf(collected);
  const rows = new Float32Array(positions.length * classes);
  positions.forEach((from, to) => {
    for (let k = 0; k < classes; k++) rows[to * classes + k] = data[from * classes + k];
  });
  const labels = collected.labels ?? new Int32Array(0);
  return {
    logits: { n: positions.length, classes, data: rows },
    labels: positions.map((position) => labels[position]),
  };
}

const everywhere = (n: number): Int32Array => Int32Array.from({ length: n }, (_, i) => i);

/** Whether the example with this source index is fitted on. The same for every system, whatever else is read. */
export function isFitted(seed: number, index: number, share: number): boolean {
  return stream({ seed, purpose: 'calibration/split', example: index }).uniform() < share;
}

/** Fits on the validation set, all of it but what the test set holds too; reports on the whole test set. */
export function fitOnValidation(
  test: { dataset: DatasetInfo; collected: Collected<OutputRows> },
  validation: { dataset: DatasetInfo; collected: Collected<OutputRows> },
): Fit {
  // Also checks labels and logits.
  const { n } = classifiedOf(validation.collected);
  const [a, b] = [test.dataset, validation.dataset];
  const sameSource = (a.path === b.path && a.part === b.part) || a.fingerprint === b.fingerprint;
  const tested = new Set(sameSource ? test.collected.indices : []);
  const fitted = everywhere(n).filter((i) => !tested.has(validation.collected.indices[i]));
  const { logits, labels } = pick(validation.collected, fitted);
  return {
    temperature: fitTemperature(logits, labels),
    on: `"${validation.dataset.name}"`,
    split: false,
    reported: everywhere(test.collected.indices.length),
    shared: n - fitted.length,
    validation: validation.collected,
    fitted,
  };
}

/** Fits on a part of the test set that is drawn by source index, reports on the rest. */
export function fitOnSplit(
  test: { dataset: DatasetInfo; collected: Collected<OutputRows> },
  { share, seed }: { share: number; seed: number },
): Fit {
  const { indices } = test.collected;
  const all = everywhere(indices.length);
  const fitted = all.filter((i) => isFitted(seed, indices[i], share));
  const { logits, labels } = pick(test.collected, fitted);
  return {
    temperature: fitTemperature(logits, labels),
    on: `${fitted.length} of the ${indices.length} examples of "${test.dataset.name}", drawn by seed`,
    split: true,
    reported: all.filter((i) => !isFitted(seed, indices[i], share)),
    shared: 0,
  };
}
