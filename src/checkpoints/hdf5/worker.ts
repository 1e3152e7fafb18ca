import { parentPort, workerData } from 'node:worker_threads';
import { boundMemory } from './memory-bound.js';
import type { Hdf5Order } from './protocol.js';
import { place, readWith } from './walk.js';

/*
 * Reads an HDF5 file with the HDF5 library itself, compiled to WebAssembly. The library is large and was not written
 * for hostile files, so it runs in a thread of its own, which is ended when it takes too long; its memory may only grow
 * so far; and its file system is in memory and holds one file: what names other files is refused, and leads nowhere.
 * (The build of h5wasm for browsers has such a file system; the one for Node sees the disk.)
 */

const order = workerData as Hdf5Order;

const { default: h5wasm } = await import('h5wasm');
const module = await h5wasm.ready;
place(module, order.bytes);
boundMemory(order.growth);
// The clock starts here, for what depends on the file.
parentPort?.postMessage('loaded');
const reply = readWith(h5wasm, module, order);
const owned = 'file' in reply ? [...reply.file.datasets.values()].map(({ data }) => data.buffer) : [];
parentPort?.postMessage(reply, owned);
