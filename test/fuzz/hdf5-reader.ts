import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Hdf5Order, Hdf5Reply } from '../../src/checkpoints/hdf5/protocol.js';
import { deadline, fileOf, orderFor } from '../../src/checkpoints/hdf5/read.js';
import type { Hdf5Reader } from '../../src/checkpoints/keras/read.js';

/** Files that one library reads. Damage done to it by one could hide in the next, so there are not too many. */
const USES = 100;
/** Of work: whole files of a few KiB take milliseconds, and those that take this long would take for ever. */
const SECONDS = 1;

const MODULE = new URL('../../dist/test/fuzz/hdf5-thread.js', import.meta.url);

/** A thread that reads one file after another. */
export class Hdf5Thread {
  uses = 0;

  private constructor(
    private readonly worker: Worker,
    private readonly ended: Promise<never>,
  ) {}

  /**
   * Starts a thread; it says a word when it has loaded the library.
   * Errors: whatever ends it. They are none of a file's, for no file has been seen to end the library.
   */
  static async start(module = MODULE): Promise<Hdf5Thread> {
    const resourceLimits = { maxOldGenerationSizeMb: 512 };
    const worker = new Worker(module, { stdout: true, stderr: true, resourceLimits, execArgv: [] });
    // What the library prints of damaged files would pile up.
    worker.stdout.resume();
    worker.stderr.resume();
    const ended = new Promise<never>((_, reject) => {
      worker.once('error', reject);
      worker.once('exit', (code) => reject(new Error(`the thread that reads HDF5 ended with ${code}`)));
    });
    // It also ends when it is closed, and nobody waits then.
    ended.catch(() => undefined);
    await Promise.race([once(worker, 'message'), ended]);
    return new Hdf5Thread(worker, ended);
  }

  /** The answer, or in words why there is none. Errors: whatever ends the thread, or has ended it before. */
  async ask(order: Hdf5Order): Promise<Hdf5Reply | string> {
    this.uses++;
    let clock: NodeJS.Timeout | undefined;
    const late = new Promise<string>((resolve) => {
      clock = deadline(SECONDS, () => resolve('a file that takes too long'));
    });
    const answer = once(this.worker, 'message').then(([reply]) => reply as Hdf5Reply);
    try {
      this.worker.postMessage(order, [order.bytes.buffer as ArrayBuffer]);
      return await Promise.race([answer, late, this.ended]);
    } finally {
      clearTimeout(clock);
    }
  }

  async close(): Promise<void> {
    await this.worker.terminate();
  }
}

let thread: Hdf5Thread | undefined;

/** Ends the thread. */
export async function closeHdf5(): Promise<void> {
  await thread?.close();
  thread = undefined;
}

/**
 * The reader of HDF5 files without what takes a third of a second: a thread, with a library, for each file. What reads
 * the file, and the bounds of its memory, are the same.
 */
export const reusedHdf5: Hdf5Reader = async (bytes, file, skip = []) => {
  if (thread && thread.uses >= USES) await closeHdf5();
  thread ??= await Hdf5Thread.start();
  const reply = await thread.ask(orderFor(bytes, skip));
  if (typeof reply === 'string') await closeHdf5();
  return fileOf(reply, file);
};
