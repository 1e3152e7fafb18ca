import { setTimeout as sleep } from 'node:timers/promises';
import { interruption } from '../concurrency.js';
import type { Claim, Claims } from './claims.js';

/** How often a process looks whether another is done, in ms: at first, and later. A file server is asked by all that wait. */
const LOOK = { first: 10, most: 1000 };

/**
 * Waits until no other process has what is claimed.
 * @param waiting is told once, where somebody has it
 * Errors: `interrupted` where somebody has it when the signal is raised.
 */
export async function waitForClaim(
  claims: Claims,
  name: string,
  { signal, waiting }: { signal: AbortSignal; waiting(): void },
): Promise<Claim> {
  for (let wait = LOOK.first; ; wait = Math.min(2 * wait, LOOK.most)) {
    const claim = await claims.take(name);
    if (claim) return claim;
    if (signal.aborted) throw interruption(signal);
    if (wait === LOOK.first) waiting();
    await sleep(wait, undefined, { signal }).catch(() => undefined);
  }
}
