/** A worker of a pool whose calls take a while, and some of which end the worker instead of being answered. */
import { serve } from '../../src/engines/serve.js';

/** How a call ends, by the name of the value that is fed; it holds the milliseconds that the call takes. */
const ends: Record<string, () => Promise<unknown> | undefined> = {
  answer: () => undefined,
  exit: () => process.exit(0),
  crash: () =>
    new Promise(() => {
      setImmediate(() => {
        throw new Error('on purpose');
      });
    }),
};

const nobody = new Int32Array(new SharedArrayBuffer(4));

serve({
  register: () => {},
  release: async () => {},
  answer: async (order): Promise<Record<string, never>> => {
    if (order.kind !== 'run') return {};
    const [how, { data }] = Object.entries(order.feeds)[0]!;
    // Blocks the thread, as a native call does.
    Atomics.wait(nobody, 0, 0, Number(data[0]));
    await ends[how]!();
    return {};
  },
});
