import { Option } from 'commander';
import { AssayError } from '../../errors.js';
import type { QueueChoice } from '../../runs/bullmq/queue-choice.js';
import { isS3 } from '../../runs/s3/address.js';

/** `--queue`, of every command that works with one. */
export const queueOption = () =>
  new Option(
    '--queue <url>',
    'the Redis server of a queue: redis://HOST, rediss:// for TLS; its password in the address or in ASSAY_QUEUE_PASSWORD',
  );

/** `--store`, of those that measure, or have others measure. */
export const storeOption = () =>
  new Option(
    '--store <place>',
    'with --queue: a folder that all machines share, or s3://BUCKET/PREFIX; rows go there, not through the queue',
  );

/** `--endpoint`, of the same. */
export const endpointOption = () =>
  new Option(
    '--endpoint <url>',
    "with --store or --cache s3://...: the server, where it is not Amazon's (default: AWS_ENDPOINT_URL_S3)",
  );

export interface StoreFlags {
  store?: string;
  endpoint?: string;
}

/**
 * @param caches where units are looked for besides
 * Errors: `config-invalid` for a store without a queue, or a server without a store of its kind.
 */
export function queueChoice(
  url: string | undefined,
  { store, endpoint }: StoreFlags,
  caches: readonly string[] = [],
): QueueChoice | undefined {
  const ofCaches = caches.some(isS3);
  if (endpoint !== undefined && !ofCaches && (store === undefined || !isS3(store)))
    throw new AssayError('config-invalid', '--endpoint is for stores that speak S3', {
      expected: '--store s3://BUCKET/PREFIX beside it',
      found: store === undefined ? '--endpoint alone' : '--store with a folder',
      hint: 'add --store s3://... or --cache s3://..., or leave --endpoint out',
    });
  if (url !== undefined)
    return { url, ...(store !== undefined && { store, ...(endpoint !== undefined && { endpoint }) }) };
  if (store === undefined) return undefined;
  throw new AssayError('config-invalid', '--store is for runs with --queue', {
    expected: '--queue redis://HOST beside it',
    found: '--store alone',
    hint: 'the run folder, where units are kept, is --out',
  });
}
