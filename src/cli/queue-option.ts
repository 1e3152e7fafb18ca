import { Option } from 'commander';
import { AssayError } from '../errors.js';

/** `--queue`, of every command that works with one. */
export const queueOption = () =>
  new Option(
    '--queue <url>',
    'the Redis server of a queue: redis://HOST, rediss:// for TLS; its password in the address or in ASSAY_QUEUE_PASSWORD',
  );

/** Errors: `config-invalid` for a folder of rows without a queue. */
export function queueChoice(url?: string, store?: string): { url: string; store?: string } | undefined {
  if (url !== undefined) return { url, ...(store !== undefined && { store }) };
  if (store === undefined) return undefined;
  throw new AssayError('config-invalid', '--store is for runs with --queue', {
    expected: '--queue redis://HOST beside it',
    found: '--store alone',
    hint: 'the run folder, where units are kept, is --out',
  });
}
