import type { Results } from '../suites/results.js';

/** What tells where numbers are from, for formats that take names and values. */
export function provenance({ environment, key, digest, seed, created, status }: Results): [string, string][] {
  const all: [string, string | undefined][] = [
    ['assay', environment.assay],
    ['status', status],
    ['created', created],
    ['run', key],
    ['digest', digest],
    ['commit', environment.git],
    ['seed', String(seed)],
  ];
  return all.filter((entry): entry is [string, string] => entry[1] !== undefined);
}
