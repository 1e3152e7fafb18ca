import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { AssayError } from '../../errors.js';
import type { Hdf5Fault, Hdf5File, Hdf5Order, Hdf5Reply } from './protocol.js';

/** The compiled worker. Under vitest this module is the TypeScript source, and a worker needs JavaScript. */
function workerFile(): string {
  const here = import.meta.url;
  const url = here.endsWith('.ts')
    ? new URL('../../../dist/src/checkpoints/hdf5/worker.js', here)
    : new URL('./worker.js', here);
  const file = fileURLToPath(url);
  if (existsSync(file)) return file;
  throw new AssayError('engine-failed', 'the HDF5 reader is not built', {
    file,
    hint: 'run `npm run build`',
  });
}

const MEBI = 2 ** 20;
/** Compressed weights become a little larger, zeros much: beyond this factor a shape is a claim. */
const EXPANSION = 4;

/**
 * Reads an HDF5 file, whole, in a thread of its own: see the worker for why. It takes at most 5 s, and a second more for
 * each 20 MiB.
 * @param bytes of the file; they are given away
 * @param file for messages
 * @param skip members of the root that are not read
 * Errors: `file-malformed`, naming the object inside the file.
 */
export async function readHdf5(
  bytes: Uint8Array<ArrayBuffer>,
  file: string,
  skip: readonly string[] = [],
): Promise<Hdf5File> {
  const seconds = 5 + bytes.byteLength / (20 * MEBI);
  return fileOf(await ask(orderFor(bytes, skip), seconds), file);
}

/** What a thread may do for a file. */
export function orderFor(bytes: Uint8Array<ArrayBuffer>, skip: readonly string[]): Hdf5Order {
  const size = bytes.byteLength;
  return { bytes, numbers: (EXPANSION * size) / 4 + 2 ** 16, growth: size + 64 * MEBI, skip };
}

/**
 * The file in a thread's answer.
 * @param reply the answer, or in words how the thread ended without one
 * Errors: `file-malformed`, naming the object inside the file.
 */
export function fileOf(reply: Hdf5Reply | string, file: string): Hdf5File {
  if (typeof reply === 'object' && 'file' in reply) return reply.file;
  const { fault, path, found } =
    typeof reply === 'object' ? reply.refused : { fault: 'damaged' as const, path: '', found: reply };
  const { message, expected, hint } = faults[fault];
  throw new AssayError('file-malformed', message, { file, path: path || undefined, expected, found, hint });
}

/** What users are told of each kind of fault. */
const faults: Readonly<Record<Hdf5Fault, { message: string; expected: string; hint: string }>> = {
  damaged: {
    message: 'the HDF5 file cannot be read',
    expected: 'a whole HDF5 file as Keras writes it',
    hint: 'check that the file was copied completely, or save the model again',
  },
  elsewhere: {
    message: 'the HDF5 file is not whole without other files, which are not read',
    expected: 'every number in the file itself',
    hint: 'merge them into one file, where the other files are: `h5repack --merge -l CONTI FILE.h5 WHOLE.h5` (hdf5-tools)',
  },
  packed: {
    message: 'the HDF5 file is packed in a way that is not read',
    expected: 'numbers as they are, or packed by gzip',
    hint: 'unpack it with h5py: docs/keras-and-tfjs.md has the lines; or load and save the model again',
  },
};

/** Until the library is there: nothing of the file has been looked at. */
const LOADING_SECONDS = 300;
/** However little of the processor the thread was given. */
const PATIENCE = 12;

/** The worker's answer, or in words how it ended without one. */
async function ask(order: Hdf5Order, seconds: number): Promise<Hdf5Reply | string> {
  const worker = new Worker(workerFile(), {
    workerData: order,
    transferList: [order.bytes.buffer as ArrayBuffer],
    execArgv: [],
    // The library prints its troubles; what matters of them comes as an error.
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: 512 },
  });
  const clocks: NodeJS.Timeout[] = [];
  try {
    return await new Promise<Hdf5Reply | string>((resolve) => {
      clocks.push(setTimeout(() => resolve('no HDF5 library: it does not load'), LOADING_SECONDS * 1000));
      worker.on('message', (message: 'loaded' | Hdf5Reply) => {
        if (message !== 'loaded') return resolve(message);
        for (const clock of clocks) clearTimeout(clock);
        clocks.push(deadline(seconds, () => resolve(`a file that takes more than ${Math.round(seconds)} s`)));
      });
      worker.on('error', (error) => resolve(`a file that the HDF5 library fails on: ${error.message}`));
      worker.on('exit', () => resolve('a file that ends the HDF5 library'));
    });
  } finally {
    for (const clock of clocks) clearTimeout(clock);
    await worker.terminate();
  }
}

/** Calls `late` after so many seconds of work: on a busy machine the clock goes on while the thread waits. */
export function deadline(seconds: number, late: () => void): NodeJS.Timeout {
  const [start, before] = [performance.now(), process.cpuUsage()];
  return setInterval(() => {
    const { user, system } = process.cpuUsage(before);
    const [wall, work] = [(performance.now() - start) / 1000, (user + system) / 1e6];
    if ((wall > seconds && work > seconds) || wall > PATIENCE * seconds) late();
  }, 100);
}
