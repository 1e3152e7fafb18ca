import { AssayError } from '../../errors.js';
import { type Classified, classify } from '../../metrics/classification.js';
import type { Logits } from '../../metrics/softmax.js';
import type { NdArray } from '../columns.js';
import type { Collected } from '../contract.js';

/** Rows among which logits are sought. */
type MayHaveLogits = { readonly logits?: NdArray };

/** The (n, classes) logits among the rows. Errors: `suite-failed` when there are none. */
export function logitsOf({ rows, request }: Collected<MayHaveLogits>): Logits {
  const { logits } = rows;
  if (logits?.shape.length !== 2) {
    throw new AssayError(
      'suite-failed',
      `"${request.measurement.name}" gave no logits for "${request.system}"`,
      {
        expected: 'a row of shape (n, classes)',
        found: logits ? `shape (${logits.shape.join(', ')})` : 'nothing',
      },
    );
  }
  return { n: logits.shape[0]!, classes: logits.shape[1]!, data: logits.data };
}

/** What was classified, by its logits: suites that look at the same rows share it. */
const classified = new WeakMap<object, Classified>();

/**
 * What classification did to each example: the same object for the same rows.
 * Errors: `data-invalid` without labels, with a label that is not a class, with a logit that is not finite; the
 * system, the data set and the example's source index are named.
 */
export function classifiedOf(collected: Collected<MayHaveLogits>): Classified {
  const { request, labels, indices } = collected;
  if (!labels) {
    throw new AssayError('data-invalid', `the data set "${request.dataset}" has no labels`, {
      hint: 'give it labels, or use it with `role: ood`',
    });
  }
  try {
    const logits = logitsOf(collected);
    const known = classified.get(logits.data);
    if (known?.labels === labels) return known;
    const made = classify(logits, labels);
    classified.set(logits.data, made);
    return made;
  } catch (error) {
    if (!(error instanceof AssayError)) throw error;
    const position = /^example (\d+)/.exec(error.details.path ?? '');
    const source = position ? `, source index ${indices[Number(position[1])]}` : '';
    throw new AssayError(error.code, `${error.message} ("${request.system}" on "${request.dataset}")`, {
      ...error.details,
      path: error.details.path && `${error.details.path}${source}`,
    });
  }
}
