import { AssayError } from '../../errors.js';
import type { StreamKey } from '../../random/stream.js';
import type { Batch } from '../system.js';

/** Where each example of a batch draws. Errors: `suite-failed` when a stochastic system was not told. */
export function keysOf({ n, keys }: Batch, name: string): readonly StreamKey[] {
  if (keys?.length === n) return keys;
  throw new AssayError('suite-failed', `"${name}" is stochastic and was not told where to draw`, {
    expected: `${n} keys`,
    found: keys ? String(keys.length) : 'none',
    hint: 'give `keys` with every batch of a system whose info says `stochastic`',
  });
}
