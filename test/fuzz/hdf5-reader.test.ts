import { describe, expect, it } from 'vitest';
import { orderFor } from '../../src/checkpoints/hdf5/read.js';
import { Hdf5Thread } from './hdf5-reader.js';

const started = (program: string) =>
  Hdf5Thread.start(new URL(`data:text/javascript,${encodeURIComponent(program)}`));

const order = () => orderFor(new Uint8Array(8), []);

/** A thread that loads, and does so at the first file. */
const onFile = (program: string) =>
  `import { parentPort } from 'node:worker_threads';
   parentPort.on('message', () => { ${program} });
   parentPort.postMessage('loaded');`;

describe('a thread that ends is no refused file, or the fuzz test would count it as one', () => {
  it.each([
    ['before it has loaded', ''],
    ['by an error', 'throw new Error("ended with a fault")'],
  ])('%s', async (_, program) => {
    await expect(started(program)).rejects.toThrow(/ended with/);
  });

  it.each([
    ['while it reads', 'process.exit(3)'],
    ['while it reads, by an error', 'throw new Error("ended with a fault")'],
  ])('%s, and whatever is asked afterwards', async (_, program) => {
    const thread = await started(onFile(program));
    await expect(thread.ask(order())).rejects.toThrow(/ended with/);
    await expect(thread.ask(order())).rejects.toThrow(/ended with/);
  });
});
