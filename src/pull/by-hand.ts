import { AssayError } from '../errors.js';

/**
 * Data sets that are read, and that have a place, but no SHA-256 that anybody else publishes: what came could not be told from
 * what should have come.
 */
const BY_HAND: Readonly<Record<string, string>> = {
  'cifar10-p':
    'fetch CIFAR-10-P.tar from https://zenodo.org/records/2535967, compare its MD5 with the one on that page, unpack it, and name the folder: `datasets: { frames: { path: ./CIFAR-10-P } }` and the suite `consistency` (`assay init --data ./CIFAR-10-P` writes both)',
};

/** Errors: `download-failed` for a data set that is fetched by hand, with how. */
export function refuseByHand(name: string): void {
  const known = Object.keys(BY_HAND).find(
    (one) => one.replace('-', '') === name.toLowerCase().replaceAll('-', ''),
  );
  if (known === undefined) return;
  throw new AssayError('download-failed', `"${known}" is not pulled: nobody publishes its SHA-256`, {
    path: 'data pull',
    hint: BY_HAND[known],
  });
}
