import { setTimeout as sleep } from 'node:timers/promises';
import { interruption } from '../concurrency.js';
import type { Claim, Claims } from './claims.js';
import type { Listener } from './progress.js';

/** How often a process looks whether another is done with the report, in ms. */
const LOOK_MS = 100;

/**
 * Waits until no other process summarises and writes the report: of two at once, each would put some of its files between
 * those of the other.
 * Errors: `interrupted` where one does while everything is to end: it reports what there is.
 */
export async function conclusionOf(claims: Claims, signal: AbortSignal, notify: Listener): Promise<Claim> {
  for (let look = 0; ; look++) {
    const claim = await claims.take('conclusion');
    if (claim) return claim;
    if (signal.aborted) throw interruption(signal);
    if (look === 0) notify({ kind: 'stage', text: 'waiting for another process, which writes the report' });
    await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined);
  }
}
