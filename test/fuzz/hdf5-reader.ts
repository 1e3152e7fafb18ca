import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { Hdf5Reply } from '../../src/checkpoints/hdf5/protocol.js';
import { deadline, fileOf, orderFor } from '../../src/checkpoints/hdf5/read.js';
import type { Hdf5Reader } from '../../src/checkpoints/keras/read.js';

/** Files that one library reads. Damage done to it by one could hide in the next, so there are not too many. */
const USES = 100;
/** Of work: whole files of a few KiB take milliseconds, and those that take this long would take for ever. */
const SECONDS = 1;

interface Thread {
  worker: Worker;
  uses: number;
}

async function started(): Promise<Thread> {
  const file = fileURLToPath(new URL('../../dist/test/fuzz/hdf5-thread.js', import.meta.url));
  const resourceLimits = { maxOldGenerationSizeMb: 512 };
  const worker = new Worker(file, { stdout: true, stderr: true, resourceLimits, execArgv: [] });
  // What the library prints of damaged files would pile up.
  worker.stdout.resume();
  worker.stderr.resume();
  await once(worker, 'message');
  return { worker, uses: 0 };
}

let thread: Thread | undefined;

/** Ends the thread. */
export async function closeHdf5(): Promise<void> {
  await thread?.worker.terminate();
  thread = undefined;
}

/** The answer, or in words how the thread ended without one. */
async function ask(worker: Worker, order: ReturnType<typeof orderFor>): Promise<Hdf5Reply | string> {
  let clock: NodeJS.Timeout | undefined;
  try {
    return await new Promise((resolve) => {
      worker.on('message', resolve);
      worker.on('error', (error) => resolve(`a file that the HDF5 library fails on: ${error.message}`));
      worker.on('exit', () => resolve('a file that ends the HDF5 library'));
      clock = deadline(SECONDS, () => resolve('a file that takes too long'));
      worker.postMessage(order, [order.bytes.buffer as ArrayBuffer]);
    });
  } finally {
    clearTimeout(clock);
    for (const event of ['message', 'error', 'exit']) worker.removeAllListeners(event);
  }
}

/**
 * The reader of HDF5 files without what takes a third of a second: a thread, with a library, for each file. What reads
 * the file, and the bounds of its memory, are the same.
 */
export const reusedHdf5: Hdf5Reader = async (bytes, file, skip = []) => {
  if (thread && thread.uses >= USES) await closeHdf5();
  thread ??= await started();
  thread.uses++;
  const reply = await ask(thread.worker, orderFor(bytes, skip));
  if (typeof reply === 'string') await closeHdf5();
  return fileOf(reply, file);
};
