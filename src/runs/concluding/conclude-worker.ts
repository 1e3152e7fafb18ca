import { parentPort } from 'node:worker_threads';
import { recordError } from '../../errors.js';
import type { Listener } from '../measuring/progress.js';
import { UnitLost } from '../rows/collect.js';
import { conclude } from './conclude.js';
import type { ConcludeReply } from './conclude-apart.js';
import { type ConcludeOrder, resultsInput } from './conclude-order.js';

/** The thread of `concludeApart`: it answers one order after the other. */
const tell = (reply: ConcludeReply) => parentPort?.postMessage(reply);

parentPort?.on('message', async (order: ConcludeOrder) => {
  try {
    const notify: Listener = (event) => tell({ kind: 'event', event });
    const input = await resultsInput(order, (text) => notify({ kind: 'note', text }));
    const { results, failures } = await conclude(input, order.out, notify);
    tell({ kind: 'concluded', results, failures: failures.map(recordError) });
  } catch (error) {
    if (error instanceof UnitLost) tell({ kind: 'lost', unit: error.unit.key });
    else tell({ kind: 'failed', error: recordError(error) });
  }
});
