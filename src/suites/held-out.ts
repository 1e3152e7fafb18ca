import type { DatasetInfo } from '../data/dataset.js';
import { AssayError, unknownName } from '../errors.js';
import { stream } from '../random/stream.js';
import type { Rows } from './columns.js';
import type { Collected } from './contract.js';

/** The rows of a data set. */
export interface Measured<R extends Rows = Rows> {
  dataset: DatasetInfo;
  collected: Collected<R>;
}

/** Which examples something is fitted on, and which are reported: never the same. */
export interface HeldOut<R extends Rows = Rows> {
  /** In words: `"validation"`, or `50 of the 100 examples of "test", drawn by seed`. */
  on: string;
  /** True when the test set was split, so that `reported` is a part of it. */
  split: boolean;
  /** Positions in the test set. */
  reported: Int32Array;
  /** Examples of the validation set left out because they are in the test set too. */
  shared: number;
  /** What is fitted on: rows of the validation set, or of the test set itself, and positions in them. */
  from: Collected<R>;
  fitted: Int32Array;
}

/** For what the validation set is: `where` is a path in the run file, `what` such as `a temperature`. */
interface Purpose {
  where: string;
  what: string;
}

/**
 * The validation set to fit on: the one that `fitOn` names, else the first labelled one; undefined when the run
 * has none. Errors: `unknown-name`, `config-invalid` for one that is not a labelled validation set.
 */
export function validationSet(
  datasets: readonly DatasetInfo[],
  fitOn: string | undefined,
  { where: path, what }: Purpose,
): DatasetInfo | undefined {
  const usable = datasets.filter(({ role, labelled }) => role === 'validation' && labelled);
  if (fitOn === undefined) return usable[0];
  const named = datasets.find(({ name }) => name === fitOn);
  if (!named)
    throw unknownName(
      'data set',
      fitOn,
      usable.map(({ name }) => name),
      { path },
    );
  if (usable.includes(named)) return named;
  throw new AssayError('config-invalid', `${what} cannot be fitted on "${fitOn}"`, {
    path,
    expected: 'a labelled data set with `role: validation`',
    found: `role: ${named.role}, ${named.labelled ? 'labelled' : 'without labels'}`,
    hint: `what ${what} is fitted on must not be reported, nor be what the model was trained on`,
  });
}

export const everywhere = (n: number): Int32Array => Int32Array.from({ length: n }, (_, i) => i);

/** Whether the example with this source index is fitted on. The same for every system, whatever else is read. */
const isFitted = (seed: number, index: number, share: number): boolean =>
  stream({ seed, purpose: 'calibration/split', example: index }).uniform() < share;

/** Whether a source index names the same image in both. */
const sameSource = (a: DatasetInfo, b: DatasetInfo): boolean =>
  (a.path === b.path && a.part === b.part) || a.fingerprint === b.fingerprint;

/** Fits on the validation set, all of it but what the test set holds too; reports on the whole test set. */
export function fitOnValidation<R extends Rows>(test: Measured<R>, validation: Measured<R>): HeldOut<R> {
  const { indices } = validation.collected;
  const tested = new Set(sameSource(test.dataset, validation.dataset) ? test.collected.indices : []);
  const fitted = everywhere(indices.length).filter((i) => !tested.has(indices[i]!));
  return {
    on: `"${validation.dataset.name}"`,
    split: false,
    reported: everywhere(test.collected.indices.length),
    shared: indices.length - fitted.length,
    from: validation.collected,
    fitted,
  };
}

/** Fits on a part of the test set that is drawn by source index, reports on the rest. */
export function fitOnSplit<R extends Rows>(
  { dataset, collected }: Measured<R>,
  { share, seed }: { share: number; seed: number },
): HeldOut<R> {
  const { indices } = collected;
  const all = everywhere(indices.length);
  const fitted = all.filter((i) => isFitted(seed, indices[i]!, share));
  return {
    on: `${fitted.length} of the ${indices.length} examples of "${dataset.name}", drawn by seed`,
    split: true,
    reported: all.filter((i) => !isFitted(seed, indices[i]!, share)),
    shared: 0,
    from: collected,
    fitted,
  };
}
