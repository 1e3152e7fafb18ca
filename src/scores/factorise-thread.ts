/** The thread of `factorised`. */
import { parentPort, workerData } from 'node:worker_threads';
import { type Asked, factorisations } from './factorised.js';

const { kind, matrix, size } = workerData as Asked;
const found = factorisations[kind](matrix, size);
const moved = Object.values(found).flatMap((part) => (part instanceof Float64Array ? [part.buffer] : []));
parentPort?.postMessage(found, moved as ArrayBuffer[]);
