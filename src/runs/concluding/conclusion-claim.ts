import type { Claim, Claims } from '../../bytes/claims.js';
import { waitForClaim } from '../../bytes/wait-for-claim.js';
import type { Listener } from '../measuring/progress.js';

/**
 * Waits until no other process summarises and writes the report: of two at once, each would put some of its files between
 * those of the other.
 * Errors: `interrupted` where one does while everything is to end: it reports what there is.
 */
export const conclusionOf = (claims: Claims, signal: AbortSignal, notify: Listener): Promise<Claim> =>
  waitForClaim(claims, 'conclusion', {
    signal,
    waiting: () => notify({ kind: 'stage', text: 'waiting for another process, which writes the report' }),
  });
