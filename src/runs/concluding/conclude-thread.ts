import { Worker } from 'node:worker_threads';
import { isConfined } from '../../bytes/confine.js';
import { compiledFile } from '../../engines/compiled.js';

/** How long an idle thread stays, in ms: it holds some hundred megabytes. */
const STAYS_MS = 10_000;

let idle: { worker: Worker; leaves: NodeJS.Timeout } | undefined;

/**
 * A thread for `conclude`: the one that another run of this process is done with, where there is one, since what draws
 * and writes reports takes a second to load. Not under --confine: a thread keeps what it was admitted to at its start.
 */
export function takeThread(): Worker {
  const ready = isConfined() ? undefined : idle;
  if (ready) {
    forget(ready.worker);
    ready.worker.ref();
    return ready.worker;
  }
  const file = compiledFile('../runs/concluding/conclude-worker.js', 'the thread that summarises');
  // The flags of this process (--eval, --import, ...) are not meant for its threads.
  return new Worker(file, { execArgv: [] });
}

/**
 * Gives back a thread.
 * @param usable it has answered: it is kept for the next run, and keeps no process alive; otherwise it is ended
 */
export async function giveThread(worker: Worker, usable: boolean): Promise<void> {
  unheard(worker);
  if (!usable || idle || isConfined()) {
    await worker.terminate();
    return;
  }
  for (const end of ['error', 'exit']) worker.on(end, () => forget(worker));
  const leaves = setTimeout(() => {
    forget(worker);
    void worker.terminate();
  }, STAYS_MS);
  leaves.unref();
  worker.unref();
  idle = { worker, leaves };
}

/** It is idle no longer. */
function forget(worker: Worker): void {
  if (idle?.worker !== worker) return;
  clearTimeout(idle.leaves);
  idle = undefined;
  unheard(worker);
}

/** By name: without one, a worker's own listeners are gone too, and no message comes any more. */
function unheard(worker: Worker): void {
  for (const event of ['message', 'error', 'exit']) worker.removeAllListeners(event);
}
