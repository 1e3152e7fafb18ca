import { parentPort } from 'node:worker_threads';
import { AssayError } from '../errors.js';
import type { Value } from './engine.js';
import { type Failure, type Hello, LOADED, type Order, type Reply } from './protocol.js';

/** What a library does with the orders of a pool. It keeps no feeds, and its outputs share no memory with them. */
export interface Library {
  register(order: Extract<Order, { kind: 'register' }>): void;
  answer(order: Extract<Order, { call: number }>): Promise<Record<string, Value>>;
  release(program: number): Promise<void>;
}

function failureOf(error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof AssayError)) return { message };
  const { cause: _, ...details } = error.details;
  return { message, code: error.code, details };
}

/** What values lie in: each in memory of its own. */
const memoryOf = (values: Record<string, Value>) =>
  Object.values(values).map(({ data }) => data.buffer as ArrayBuffer);

/** Obeys the pool that started this thread, one order after the other, until it says to close. */
export function serve(library: Library): void {
  const port = parentPort;
  if (!port) throw new Error('a worker must be started by a pool');
  let closing = false;

  async function obey(order: Exclude<Order, { kind: 'close' }>) {
    // Nobody waits for an answer any more.
    if (closing) return;
    if (order.kind === 'register') library.register(order);
    else if (order.kind === 'release') await library.release(order.program);
    else {
      let reply: Reply;
      try {
        const outputs = await library.answer(order);
        reply = { call: order.call, outputs, spent: order.kind === 'run' ? memoryOf(order.feeds) : [] };
      } catch (error) {
        reply = { call: order.call, error: failureOf(error) };
      }
      port?.postMessage(reply, 'outputs' in reply ? [...memoryOf(reply.outputs), ...reply.spent] : []);
    }
  }

  // One order after the other: a release never overtakes a run that was ordered before it.
  let last: Promise<void> = Promise.resolve();
  port.on('message', (order: Order | Hello) => {
    if (order.kind === 'hello') port.postMessage(LOADED);
    else if (order.kind === 'close') {
      closing = true;
      // Without its port nothing keeps the thread.
      last = last.then(() => port.close());
    } else last = last.then(() => obey(order));
  });
}
