import { join } from 'node:path';
import { AssayError } from '../../errors.js';
import type { Results } from '../../suites/results.js';
import { keyOf } from '../folder/keys.js';
import type { Job } from './plan.js';

/** What JSON makes of a value: undefined entries are gone, and what is not plain is. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/**
 * What a run is: the run file as resolved, but for its gates, and all that decides the rows of its units (weights,
 * data, parameters, seed, engine). In hex; the same for the same run wherever its folder lies.
 */
export function runKey(config: unknown, jobs: readonly Job[]): string {
  return keyOf({ config: plain({ ...(config as object), gates: undefined }), jobs: jobs.map(workOf) });
}

const workOf = ({ key, size }: Job) => [key, size];

/** Results with a digest over everything in them but their times. */
export function sealed(results: Results): Results {
  return { ...results, digest: digestOfResults(plain(results) as Results) };
}

/** Whether nothing in results, as they were read, was changed since they were written. */
export const sealHolds = (results: Results): boolean => results.digest === digestOfResults(results);

/** Errors: `results-edited` where the results of a run folder were changed. */
export function refuseEdited(directory: string, results: Results, hint: string): void {
  if (sealHolds(results)) return;
  throw new AssayError('results-edited', 'the results are not as a run wrote them', {
    file: join(directory, 'results.json'),
    path: 'digest',
    expected: 'the digest of what the file holds',
    found: results.digest === undefined ? 'none' : 'that of something else',
    hint,
  });
}

function digestOfResults(results: Results): string {
  const { $schema: _, created: __, seconds: ___, digest: ____, ...rest } = results;
  const costs = rest.costs.map(({ seconds: _, ...cost }) => cost);
  return keyOf({ ...rest, costs });
}
