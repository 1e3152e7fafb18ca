import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Worker } from 'bullmq';
import { atMost, unlessInterrupted } from '../../concurrency.js';
import { AssayError, inOneLine } from '../../errors.js';
import { assayVersion } from '../folder/environment.js';
import type { Listener } from '../measuring/progress.js';
import { accept } from './accept.js';
import { PASSWORD_VARIABLE } from './address.js';
import {
  type Announcement,
  announcements,
  type Presence,
  presences,
  queueOf,
  renewing,
} from './announcements.js';
import { asking, outages, type QueueLink } from './connection.js';
import { refuseOtherStore, type SharedPlace, waysOf } from './shared-store.js';
import type { ProcessorOrder } from './unit-processor.js';
import { TAKEN_BACK } from './worker-failure.js';

export interface WorkerOptions {
  link: QueueLink;
  /** Run files in this folder are measured for, and no others. */
  folder: string;
  /** Where what was found out of models and data is kept. */
  cache: string;
  /** The store that all machines share for rows. Default: they go through the server. */
  shared?: SharedPlace | undefined;
  /** Units at once, each in a process of its own. */
  concurrency: number;
  name: string;
  threads?: number | undefined;
  sessions?: number | undefined;
  /** Seconds after which a unit goes to another worker when this one is silent. */
  lease: number;
  /** Seconds without work after which it ends. Default: it waits for ever. */
  idle?: number | undefined;
  signal: AbortSignal;
  /** A line for the user. */
  tell(line: string): void;
  /** Told of what is fetched and opened. */
  notify: Listener;
}

/** What an answer of the server comes to, which waits while that is away; `otherwise` when the signal is raised. */
const unlessAborted = <T>(asking: Promise<T>, signal: AbortSignal, otherwise: T): Promise<T> =>
  unlessInterrupted(asking, signal).catch(() => otherwise);

/** How often it looks for runs, in ms. */
const LOOK = 1000;

/** How long a worker waits, when it ends, for a server to take its notice down, in ms. */
const LAST_WORD = 5000;

/** A run that was not there for so long has ended, in ms: a server that forgot it is told again. */
const GONE = 15_000;

/**
 * Measures units of whatever runs are announced, one run after the other, until the signal is raised. Runs that would give
 * other numbers here are refused, and it says what differs. Returns whether nothing of it stays: where the server does not answer at the
 * end, BullMQ's connections and processes do, as long as this process.
 */
export async function serve(options: WorkerOptions): Promise<boolean> {
  const { link, signal, idle, tell } = options;
  const stopTelling = outages(link, tell);
  const notices = presences(link.client);
  const self: Presence = {
    id: randomUUID(),
    name: options.name,
    host: hostname(),
    pid: process.pid,
    concurrency: options.concurrency,
    assay: assayVersion(),
    run: null,
    units: [],
    done: 0,
    failed: 0,
    seconds: 0,
    refused: {},
  };
  const began = performance.now();
  const show = async () => {
    self.seconds = (performance.now() - began) / 1000;
    await notices.post(self.id, self);
  };
  await asking(link.address, show);
  const stopRenewing = renewing(show);
  let busy = performance.now();
  let leftNothing = true;
  try {
    while (!signal.aborted) {
      const run = await nextRun(options, self);
      if (run) {
        leftNothing = (await workFor(run, options, self)) && leftNothing;
        busy = performance.now();
      } else if (idle !== undefined && performance.now() - busy > 1000 * idle) {
        tell(`no work for ${idle} s: done`);
        break;
      } else await pause(signal);
    }
  } finally {
    stopRenewing();
    stopTelling();
    // A server that is silent does not keep a worker from ending: notices vanish by themselves.
    if (link.client.status === 'ready')
      await atMost(LAST_WORD, notices.remove(self.id)).catch(() => undefined);
    link.client.disconnect();
  }
  return leftNothing;
}

/** Waits until it is time to look again. */
const pause = (signal: AbortSignal) => sleep(LOOK, undefined, { signal }).catch(() => undefined);

interface Accepted {
  run: Announcement;
  /** The run file, here. */
  file: string;
  /** Where descriptions are kept. */
  out: string;
}

/** The oldest run that this machine can work for. What it cannot is refused once. */
async function nextRun(
  { link, folder, cache, shared, threads, sessions, signal, tell, notify }: WorkerOptions,
  self: Presence,
): Promise<Accepted | undefined> {
  const runs = await unlessAborted(announcements(link.client).list(), signal, []);
  for (const id of Object.keys(self.refused)) if (!runs.some((run) => run.id === id)) delete self.refused[id];
  for (const run of runs) {
    if (run.id in self.refused) continue;
    const out = join(cache, 'runs', run.id);
    try {
      const file = await accept(run, {
        folder,
        out,
        rows: waysOf(shared),
        threads,
        sessions,
        notify,
        signal,
      });
      await refuseOtherStore(run, shared, { signal: () => signal, tell });
      return { run, file, out };
    } catch (error) {
      if (signal.aborted) return undefined;
      if (!(error instanceof AssayError)) throw error;
      self.refused[run.id] = inOneLine(error).slice(0, 2000);
      tell(`not "${run.title}" of ${run.by}:\n${error.explain()}`);
    }
  }
  return undefined;
}

/**
 * Measures units of a run until it ends, or the signal is raised: then the units under way go back to the queue. Returns whether the
 * queue was left.
 */
async function workFor(
  { run, file, out }: Accepted,
  options: WorkerOptions,
  self: Presence,
): Promise<boolean> {
  const { link, shared, concurrency, name, threads, sessions, lease, signal, tell } = options;
  const { ErrorCode, Worker } = await import('bullmq');
  const { password, shown } = link.address;
  const order: ProcessorOrder = {
    address: shown,
    run,
    file,
    out,
    ...(shared && { shared }),
    threads,
    sessions,
    processes: concurrency,
  };
  const env = {
    ...process.env,
    ...(password !== undefined && { [PASSWORD_VARIABLE]: password }),
    ASSAY_UNIT_PROCESSOR: JSON.stringify(order),
  };
  const worker = new Worker(queueOf(run.id), processorFile(), {
    connection: link.options,
    skipVersionCheck: true,
    concurrency,
    name,
    lockDuration: 1000 * lease,
    stalledInterval: 1000 * lease,
    // Once elsewhere; then it fails.
    maxStalledCount: 1,
    workerForkOptions: { env },
  });
  tell(`working for "${run.title}" of ${run.by}`);
  self.run = run.id;
  const finished = (key: string | undefined) => {
    self.units = self.units.filter((one) => one !== key);
  };
  worker.on('error', () => undefined);
  worker.on('progress', (_, data) => {
    const { line } = Object(data) as { line?: unknown };
    if (typeof line === 'string') tell(line);
  });
  worker.on('active', (job) => {
    const { id = '' } = job;
    self.units.push(id);
    const update = job.updateProgress.bind(job);
    // BullMQ takes a unit for failed whose progress cannot be told, and its process for free, which goes on measuring.
    job.updateProgress = (data) =>
      update(data).catch((error: { code?: unknown }) => {
        if (error.code !== ErrorCode.JobNotExist) return;
        worker.cancelJob(id, TAKEN_BACK);
        finished(id);
      });
  });
  worker.on('completed', ({ id }, { n, seconds }: { n: number; seconds: number }) => {
    finished(id);
    self.done++;
    tell(`unit ${id?.slice(0, 12)}: ${n} example${n === 1 ? '' : 's'} in ${seconds.toFixed(1)} s`);
  });
  worker.on('failed', (job) => {
    finished(job?.id);
    self.failed++;
    tell(`unit ${job?.id?.slice(0, 12)} failed: ${wordsOf(job?.failedReason ?? '')}`);
  });
  await untilGone(run, link, signal);
  worker.cancelAllJobs('the worker ends');
  const left = await leaving(worker, link);
  // What a worker looks at, it writes down: nothing is left of a run that has ended.
  if (!signal.aborted) {
    const written = LEFT.map((key) => `bull:${queueOf(run.id)}:${key}`);
    await unlessAborted(link.client.unlink(...written), signal, 0);
  }
  self.run = null;
  self.units = [];
  if (!signal.aborted) tell(`"${run.title}" has ended`);
  else if (left) tell('stopped: units under way went back to the queue');
  else tell('stopped without an answer of the queue: others get the units under way when it is back');
  return left;
}

/** Gives units under way back and leaves a queue. Returns whether the server answered. */
async function leaving(worker: Worker, { client }: QueueLink): Promise<boolean> {
  let left = false;
  const closing = worker.close().then(() => {
    left = true;
  });
  await atMost(client.status === 'ready' ? FAREWELL.there : FAREWELL.away, closing);
  return left;
}

/** Keys of a queue that BullMQ's workers write. */
const LEFT = ['meta', 'stalled-check', 'events', 'marker'];

/** How long units under way may take to end after a batch, in ms: where they can go back to the queue, and where it is away. */
const FAREWELL = { there: 60_000, away: 5000 };

/** Resolves when the run is not announced any more. */
async function untilGone({ id }: Announcement, { client }: QueueLink, signal: AbortSignal): Promise<void> {
  const notices = announcements(client);
  let seen = performance.now();
  while (!signal.aborted && performance.now() - seen < GONE) {
    const found = await unlessAborted(notices.read(id), signal, undefined);
    // While the server is away nothing is known.
    if (found || client.status !== 'ready') seen = performance.now();
    await pause(signal);
  }
}

/** The message in a failure, as `failureText` puts it there. */
function wordsOf(reason: string): string {
  try {
    return String(JSON.parse(reason).message);
  } catch {
    return reason.slice(0, 500);
  }
}

/** BullMQ starts processes of this file, which are to be JavaScript: under vitest this module is the TypeScript source. */
function processorFile(): URL {
  const here = import.meta.url;
  const base = here.endsWith('.ts') ? new URL('../../../dist/src/runs/bullmq/', here) : here;
  const file = new URL('unit-processor.js', base);
  if (existsSync(fileURLToPath(file))) return file;
  throw new AssayError('queue-failed', 'what measures units is not built', {
    file: fileURLToPath(file),
    hint: 'run `npm run build`',
  });
}
