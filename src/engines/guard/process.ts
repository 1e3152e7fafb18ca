/**
 * A process with one worker of a pool in it, which it watches: when a call takes longer, or the process holds more,
 * than the limits allow, it says so and ends at once, in the middle of whatever native code is running. That the worker
 * has to load its library first is not counted: it is nothing of a network's.
 */
import { Worker } from 'node:worker_threads';
import type { Value } from '../engine.js';
import { isFile } from '../held-model.js';
import { type Hello, LOADED, type Order, type Reply } from '../protocol.js';
import { COPIES_OF_WEIGHTS, type Excess } from './limits.js';
import { forgetPeak, peakHeld } from './peak-held.js';
import type { Said, Start } from './protocol.js';

/** Memory is filled at a few GB/s: between two looks it grows by less than a tenth of the default limit. */
const LOOK_MS = 20;

const say = (said: Said, then: () => void = () => undefined) => process.send?.(said, then);
const end = () => process.kill(process.pid, 'SIGKILL');

/** Signals of the terminal are for the process that asked, which ends this one. */
for (const signal of ['SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGTERM'] as const) process.on(signal, () => undefined);
process.on('disconnect', end);

/** What came by a channel is a view of the whole message, and posting it on would copy that. */
const owned = <View extends Value['data'] | Uint8Array>(view: View): View =>
  view.byteLength === view.buffer.byteLength ? view : (view.slice() as View);

function shared(bytes: Uint8Array): SharedArrayBuffer {
  const memory = new SharedArrayBuffer(bytes.byteLength);
  new Uint8Array(memory).set(bytes);
  return memory;
}

/** An order as a worker takes it. */
function unpacked(order: Order): Order {
  if ('model' in order && !isFile(order.model))
    return { ...order, model: shared(order.model as unknown as Uint8Array) };
  if (order.kind !== 'run') return order;
  const feeds = Object.entries(order.feeds).map(([name, value]) => [
    name,
    { ...value, data: owned(value.data) },
  ]);
  return { ...order, feeds: Object.fromEntries(feeds) };
}

process.once('message', ({ file, options, limits }: Start) => {
  const worker = new Worker(file, { workerData: options });
  const sizes = new Map<number, number>();
  let loaded = false;
  let calls = 0;
  let since = 0;
  let passing = 0;
  /** Calls of which is asked what is held meanwhile. */
  const watched = new Set<number>();

  const exceeded = (): Excess | undefined => {
    if (!loaded || calls === 0) return undefined;
    if (performance.now() - since > limits.seconds * 1000) return 'time';
    const weights = [...sizes.values()].reduce((sum, size) => sum + size, passing);
    const allowed = limits.mebibytes * 2 ** 20 + COPIES_OF_WEIGHTS * weights;
    return process.memoryUsage.rss() > allowed ? 'memory' : undefined;
  };
  const watch = setInterval(() => {
    const over = exceeded();
    if (!over) return;
    clearInterval(watch);
    say({ over }, end);
  }, LOOK_MS);

  process.on('message', (packed: Order) => {
    const order = unpacked(packed);
    if (order.kind === 'register') sizes.set(order.program, order.model.byteLength);
    if (order.kind === 'release') sizes.delete(order.program);
    if (order.kind === 'simplify') passing = order.model.byteLength;
    if ('call' in order && calls++ === 0) since = performance.now();
    if (order.kind === 'run' && order.peak && forgetPeak()) watched.add(order.call);
    worker.postMessage(order);
  });
  worker.postMessage({ kind: 'hello' } satisfies Hello);
  worker.on('message', (reply: Reply | typeof LOADED) => {
    since = performance.now();
    if (reply === LOADED) {
      loaded = true;
      return;
    }
    calls--;
    passing = 0;
    const peak = watched.delete(reply.call) ? peakHeld() : undefined;
    say('outputs' in reply ? { ...reply, spent: [], ...(peak !== undefined && { peak }) } : reply);
  });
  worker.on('error', (error) => say({ crashed: error.message }, end));
});
