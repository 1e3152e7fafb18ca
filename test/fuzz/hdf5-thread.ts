/** A thread that reads one HDF5 file after another with the same library: see `hdf5-reader.ts`. */
import { parentPort } from 'node:worker_threads';
import { boundMemory } from '../../src/checkpoints/hdf5/memory-bound.js';
import type { Hdf5Order } from '../../src/checkpoints/hdf5/protocol.js';
import { PATH, place, readWith } from '../../src/checkpoints/hdf5/walk.js';

const { default: h5wasm } = await import('h5wasm');
const module = await h5wasm.ready;

parentPort?.on('message', (order: Hdf5Order) => {
  place(module, order.bytes);
  boundMemory(order.growth);
  parentPort?.postMessage(readWith(h5wasm, module, order));
  // It stays open in the library, which would take the next file of that place for the same one.
  module.FS.unlink(PATH);
});
parentPort?.postMessage('loaded');
