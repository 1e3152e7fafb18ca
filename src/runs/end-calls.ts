import { interruption } from '../concurrency.js';
import type { Engine } from '../engines/engine.js';
import { AssayError } from '../errors.js';

/** Time that calls in flight have, after an interruption, to end by themselves. Batches take less. */
const GRACE_MS = 3000;

/**
 * Does something with an engine and closes it. When `signal` is raised calls in flight may end by themselves for a few
 * seconds; then they are given up, so that no network keeps a run from stopping.
 * Errors: as `work`; whatever fails after the signal was raised is its `interrupted`.
 */
export async function endingCalls<T>(
  engine: Engine,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  let grace: NodeJS.Timeout | undefined;
  const giveUp = () => {
    grace = setTimeout(() => void engine.close(), GRACE_MS);
  };
  signal.addEventListener('abort', giveUp, { once: true });
  if (signal.aborted) giveUp();
  try {
    return await work();
  } catch (error) {
    const failed = error instanceof AssayError && error.code !== 'output-unwritable';
    throw signal.aborted && failed ? interruption(signal) : error;
  } finally {
    signal.removeEventListener('abort', giveUp);
    clearTimeout(grace);
    await engine.close();
  }
}
