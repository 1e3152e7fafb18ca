import { AssayError } from '../../errors.js';
import type { Rows } from '../../suites/columns.js';
import type { Collected, CollectedRows, Measurement, Request } from '../../suites/contract.js';
import { canonicalJson } from '../folder/keys.js';
import { requestText } from '../units/request-text.js';

/**
 * The rows of what a suite has planned.
 * @param planned all its requests; undefined where a part of them is left out, so that any may be without rows
 */
export function collectedRows(
  collected: readonly Collected[],
  planned: readonly Request[] | undefined,
): CollectedRows {
  const byIdentity = new Map(collected.map((one) => [requestIdentity(one.request), one]));
  const known = planned && new Set(planned.map(requestIdentity));
  return {
    get<R extends Rows>(request: Request<R>) {
      const identity = requestIdentity(request);
      if (known?.has(identity) === false) throw unplanned(request, planned ?? []);
      // Equal requests are of the same measurement, and so have rows of the same type.
      return byIdentity.get(identity) as Collected<R> | undefined;
    },
    all<R extends Rows>({ name }: Measurement<never, R>) {
      const own = [...byIdentity.values()].filter(({ request }) => request.measurement.name === name);
      return own as readonly Collected[] as readonly Collected<R>[];
    },
  };
}

/** What tells two requests of one suite apart. */
export function requestIdentity({
  measurement,
  system,
  dataset,
  params,
  first,
  inputs = [],
  reference = [],
}: Request): string {
  const read = [inputs, reference].map((requests) => requests.map(requestIdentity));
  return canonicalJson([measurement.name, system, dataset, params, first ?? null, ...read]);
}

/** Requests told in full; more are counted. */
const TOLD = 5;

function unplanned(request: Request, planned: readonly Request[]): AssayError {
  const { name } = request.measurement;
  const alike = planned.filter((one) => one.measurement.name === name);
  const names = alike.slice(0, TOLD).map((one) => `${one.system} on ${one.dataset}`);
  const more = alike.length > TOLD ? [`${alike.length - TOLD} more`] : [];
  return new AssayError('suite-failed', 'the suite asks for rows that it did not plan', {
    path: requestText(request),
    expected: 'a request that `plan` returned: the same parameters, `first`, inputs and reference',
    found: `planned of ${name}: ${[...names, ...more].join(', ') || 'nothing'}`,
    hint: 'make the request in one function that `plan` and `summarise` share',
  });
}
