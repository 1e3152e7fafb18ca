import { Worker } from 'node:worker_threads';
import { interruption } from '../concurrency.js';
import { compiledFile } from '../engines/compiled.js';
import { symmetricEigen } from '../metrics/linear-algebra/symmetric-eigen.js';
import { whiten } from '../metrics/linear-algebra/whitening.js';

/** Factorisations of a matrix (size, size), by name. */
export const factorisations = { eigen: symmetricEigen, whitening: whiten };

type Factorisations = typeof factorisations;

/** What a thread is asked. */
export interface Asked {
  kind: keyof Factorisations;
  matrix: Float64Array;
  size: number;
}

/** Up to this size it is done within a tenth of a second. */
const AT_ONCE = 256;

/**
 * Factorises a matrix, a large one in a thread: for the features of a ResNet-50 (2048) it takes a minute, in which progress is
 * shown and signals and heartbeats are heard. The numbers are the same.
 * Errors: `interrupted`, at once, when the signal is raised meanwhile.
 */
export async function factorised<K extends keyof Factorisations>(
  kind: K,
  matrix: Float64Array,
  size: number,
  signal?: AbortSignal,
): Promise<ReturnType<Factorisations[K]>> {
  // A union of functions of one signature gives the union of what they give: here that of `kind`.
  if (size <= AT_ONCE) return factorisations[kind](matrix, size) as ReturnType<Factorisations[K]>;
  const file = compiledFile('../scores/factorise-thread.js', 'the thread that factorises matrices');
  if (signal?.aborted) throw interruption(signal);
  const worker = new Worker(file, { workerData: { kind, matrix, size } satisfies Asked, execArgv: [] });
  const stop = () => void worker.terminate();
  signal?.addEventListener('abort', stop, { once: true });
  const found = new Promise<ReturnType<Factorisations[K]>>((resolve, reject) => {
    worker.on('message', resolve);
    worker.on('error', reject);
    worker.on('exit', (code) =>
      reject(
        signal?.aborted
          ? interruption(signal)
          : new Error(`the thread that factorises matrices ended with ${code}`),
      ),
    );
  });
  return found.finally(() => signal?.removeEventListener('abort', stop));
}
