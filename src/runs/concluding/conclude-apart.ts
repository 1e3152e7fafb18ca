import { interruption } from '../../concurrency.js';
import { elements } from '../../data/arrays/nd-array.js';
import { AssayError, type ErrorRecord, restoreError } from '../../errors.js';
import type { Results } from '../../suites/results.js';
import type { PluginSources } from '../asked/plugin-modules.js';
import type { Listener, ProgressEvent } from '../measuring/progress.js';
import type { Plan } from '../plan/plan.js';
import { unitNamed } from '../plan/read-units.js';
import { UnitLost } from '../rows/collect.js';
import type { JobColumns } from '../units/fits-columns.js';
import { type Conclusion, conclude } from './conclude.js';
import { assayError, orderOf } from './conclude-order.js';
import { giveThread, takeThread } from './conclude-thread.js';
import type { ResultsInput } from './results.js';

/** What the thread tells: any number of events, and one of the others at its end. */
export type ConcludeReply =
  | { kind: 'event'; event: ProgressEvent }
  | { kind: 'concluded'; results: Results; failures: readonly ErrorRecord[] }
  /** The key of a unit that is not whole. */
  | { kind: 'lost'; unit: string }
  | { kind: 'failed'; error: ErrorRecord };

interface Apart {
  out: string;
  /** Ends the thread when it is raised from now on; raised before, it has stopped the measuring already. */
  signal: AbortSignal;
  notify: Listener;
  /** Where the suites can be loaded from again. Without, they are at hand in this thread only, which does the work. */
  sources?: PluginSources | undefined;
}

/**
 * Numbers in the rows of a run times resamples, up to which summaries take less than a thread takes to load what makes them.
 * Signals are heard at the end of it.
 */
const SHORT = 1e7;
/** Resamples of a suite that has no option for them. */
const RESAMPLES = 1000;

/**
 * `conclude` in a thread, so that progress is shown and signals are heard while it computes; in this one where that is over
 * sooner. The numbers are the same.
 * Errors: as `conclude`; `interrupted`; `suite-failed` when the thread dies, of too little memory for instance.
 */
export async function concludeApart(input: ResultsInput, apart: Apart): Promise<Conclusion> {
  const { out, sources, signal, notify } = apart;
  if (!sources || isShort(input.plan, sources)) return conclude(input, out, notify);
  const order = orderOf(input, sources, out);
  const worker = takeThread();
  let answered = false;
  let stop = () => {};
  try {
    return await new Promise((resolve, reject) => {
      stop = () => reject(interruption(signal));
      signal.addEventListener('abort', stop);
      worker.on('message', (reply: ConcludeReply) => {
        answered = reply.kind !== 'event';
        if (reply.kind === 'event') notify(reply.event);
        else if (reply.kind === 'failed') reject(restoreError(reply.error));
        else if (reply.kind === 'lost') reject(lostUnit(input.plan, reply.unit));
        else resolve({ results: reply.results, failures: reply.failures.map(assayError) });
      });
      worker.on('error', (error) => reject(threadDied(error.message, error)));
      worker.on('exit', (code) => reject(threadDied(`it ended with code ${code}`)));
      worker.postMessage(order);
    });
  } finally {
    signal.removeEventListener('abort', stop);
    await giveThread(worker, answered);
  }
}

/**
 * What suites from elsewhere take, only they know; and a Frechet distance takes the cube of the width of features: of 512, more
 * than a second a resample.
 */
function isShort({ suites }: Plan, { plugins }: PluginSources): boolean {
  const wanted = suites.flatMap(({ entry, wanted }) => {
    const { resamples = RESAMPLES } = entry.options as { resamples?: number };
    return wanted.map(({ job: { columns }, size }) => ({
      columns,
      numbers: resamples * size * widthOf(columns),
    }));
  });
  if (plugins.length > 0 || wanted.some(({ columns }) => columns.has('features'))) return false;
  return wanted.reduce((sum, { numbers }) => sum + numbers, 0) <= SHORT;
}

/** Numbers that are summarised of a row: images are only shown. */
function widthOf(columns: JobColumns): number {
  const shapes = [...columns.values()].map(({ shape }) => shape).filter(({ length }) => length < 3);
  return shapes.reduce((sum, shape) => sum + elements(shape), 0);
}

function lostUnit({ jobs }: Plan, key: string): Error {
  const found = unitNamed(key, jobs);
  return found ? new UnitLost(found.job, found.unit) : new Error(`no unit has the key ${key}`);
}

const threadDied = (found: string, cause?: unknown) =>
  new AssayError('suite-failed', 'the thread that summarises and writes the report died', {
    found,
    hint: 'everything measured is kept: run the same command again, with more memory (NODE_OPTIONS=--max-old-space-size=8192) or fewer examples',
    cause,
  });
