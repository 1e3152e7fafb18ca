import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Bytes outside of the heap from which on they are worth the collection, which takes some 20 ms. */
const WORTH = 2 ** 25;

/**
 * Gives back the arrays that this thread has dropped. V8 collects when a thread allocates: one that waits for another keeps
 * all that it ever dropped.
 */
export function collectGarbage(): void {
  if (process.memoryUsage().arrayBuffers < WORTH) return;
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  setFlagsFromString('--no-expose-gc');
}
