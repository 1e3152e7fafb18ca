import { AssayError } from '../../errors.js';
import { type Classified, classify } from '../../metrics/classification.js';
import type { Logits } from '../../metrics/softmax.js';
import type { Collected, Measurement, Request } from '../contract.js';

/** The rows of a measurement on a system and a data set, if they were asked for. */
export function findCollected<P>(
  collected: readonly Collected[],
  measurement: Measurement<P>,
  system: string,
  dataset: string,
): Collected | undefined {
  return collected.find(
    ({ request }) =>
      request.measurement.name === measurement.name &&
      request.system === system &&
      request.dataset === dataset,
  );
}

/** What tells two requests of one suite apart. */
function identity({
  measurement,
  system,
  dataset,
  params,
  first,
  inputs = [],
  reference = [],
}: Request<never>): string {
  const read = [inputs, reference].map((requests) => requests.map((one) => identity(one)));
  return JSON.stringify([measurement.name, system, dataset, params, first, ...read]);
}

/** The rows of this very request: the same measurement, parameters, examples, and requests that it reads. */
export function findRequest(collected: readonly Collected[], wanted: Request<never>): Collected | undefined {
  const sought = identity(wanted);
  return collected.find(({ request }) => identity(request) === sought);
}

/** The (n, classes) logits among the rows. Errors: `suite-failed` when there are none. */
export function logitsOf({ rows, request }: Collected): Logits {
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
  return { n: logits.shape[0], classes: logits.shape[1], data: logits.data };
}

/**
 * What classification did to each example.
 * Errors: `data-invalid` without labels, with a label that is not a class, with a logit that is not finite; the
 * system, the data set and the example's source index are named.
 */
export function classifiedOf(collected: Collected): Classified {
  const { request, labels, indices } = collected;
  if (!labels) {
    throw new AssayError('data-invalid', `the data set "${request.dataset}" has no labels`, {
      hint: 'give it labels, or use it with `role: ood`',
    });
  }
  try {
    return classify(logitsOf(collected), labels);
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
