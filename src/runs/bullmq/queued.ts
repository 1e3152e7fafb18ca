import { setMaxListeners } from 'node:events';
import type { Queue, QueueEvents } from 'bullmq';
import { atMost, interruption, unlessInterrupted } from '../../concurrency.js';
import { AssayError } from '../../errors.js';
import type { Executor } from '../measuring/executor.js';
import type { Task } from '../measuring/queue.js';
import { type Job, readBy } from '../plan/plan.js';
import { unitNamed } from '../plan/read-units.js';
import { UnitLost } from '../rows/collect.js';
import { fitsUnit } from '../units/fits-columns.js';
import { requestText } from '../units/request-text.js';
import type { UnitStore } from '../units/store.js';
import { headOf, type UnitRecord } from '../units/unit-file.js';
import {
  type Announcement,
  announcements,
  presences,
  queueOf,
  type RunStatus,
  renewing,
} from './announcements.js';
import { Awaited } from './awaited.js';
import { asking, outages, type QueueLink } from './connection.js';
import { Lending } from './lending.js';
import { follow } from './live-report.js';
import { parcels, sharedStore } from './parcels.js';
import { priorities, readJobs } from './priorities.js';
import { readFailure } from './worker-failure.js';

/** Units in flight: enough that many machines find something to do, and that priorities have a choice. */
const LANES = 256;

/** How often a unit is submitted whose rows do not arrive, or lack rows that they read. */
const TRIES = 5;

/** How long it may take to leave a queue, in ms: where the server is away, and where it may just be slow. */
const FAREWELL = { away: 2000, there: 5000 };

export interface QueuedOptions {
  link: QueueLink;
  run: Omit<Announcement, 'status'>;
  jobs: readonly Job[];
  /** Of the run folder. */
  store: UnitStore;
  /** A store that workers share. Default: rows go through the server. */
  shared?: UnitStore | undefined;
  /** How far the run is. */
  status(): RunStatus;
  /** A line for the user. */
  tell(line: string): void;
}

/**
 * Has units measured by whoever works for a queue. A worker is told a key and plans the run again: it measures what it finds
 * under that key and nothing else. What comes back is checked as unit files are.
 * Errors: `queue-failed`.
 */
export async function queued(options: QueuedOptions): Promise<Executor> {
  const { link, run, jobs, store, shared, status, tell } = options;
  const { queue, events } = await asking(link.address, () => openQueue(link, run.id));
  const stopTelling = outages(link, tell);
  const awaited = new Awaited(queue, events);
  const exchange = shared ? sharedStore(shared) : parcels(link.client);
  const lending = new Lending(store, exchange);
  const notices = announcements(link.client);
  const hear = absences(link, run.id, tell);
  const announce = async () => {
    await notices.post(run.id, { ...run, status: status() });
    // Where all is stored nobody is needed.
    if (awaited.any) await hear();
  };
  await asking(link.address, announce);
  const stopRenewing = renewing(announce);
  const due = priorities(jobs);
  const needed = readJobs(jobs);
  const takeIn = async ({ job, unit }: Task, record: UnitRecord, signal: AbortSignal) => {
    if (!fitsUnit(headOf(record), unit, job.columns)) throw unfit(job);
    if (!(await store.head(unit.key))) await store.write(record);
    if (needed.has(job.key)) lending.keep(unit.key);
    else await unlessInterrupted(exchange.forget([unit.key]), signal);
    return headOf(record);
  };
  /** Makes up for rows that a worker did not find. Errors: `UnitLost` where nobody has them. */
  const makeUpFor = async (task: Task, key: string) => {
    const read = unitNamed(key, readBy(task.job));
    if (read && !(await lending.again(key))) throw new UnitLost(read.job, read.unit);
  };
  let submits = false;
  /** Where all is stored, nothing is said of workers. */
  const tellOnce = () => {
    if (!submits)
      tell(`units go to the workers at ${link.address.shown}: \`assay worker --queue ...\` on any machine`);
    submits = true;
  };
  const measure: Executor['measure'] = async (task, live, signal) => {
    const { job, unit } = task;
    const withdraw = () => awaited.withdraw(unit.key);
    // A server that is away answers when it is back.
    const answered = <T>(asking: Promise<T>) => unlessInterrupted(asking, signal);
    // One for every unit in flight.
    setMaxListeners(0, signal);
    signal.addEventListener('abort', withdraw, { once: true });
    try {
      for (let tries = 0; tries <= TRIES; tries++) {
        if (signal.aborted) throw interruption(signal);
        // The first time, too: an earlier process may have ended before what it asked for was there.
        const record = await answered(exchange.read(unit.key));
        if (record) {
          live.measured();
          return await takeIn(task, record, signal);
        }
        await answered(lending.prepare(task));
        // What is submitted after it was to be withdrawn would be waited for.
        if (signal.aborted) throw interruption(signal);
        tellOnce();
        const ending = await awaited.submit(unit.key, due.get(job.key) ?? 1, (data) => follow(live, data));
        if (ending.kind !== 'failed') continue;
        const failure = readFailure(ending.reason, requestText(job.request));
        if ('error' in failure) throw failure.error;
        await answered(makeUpFor(task, failure.lost));
      }
      throw neverArrived(job, link);
    } catch (error) {
      if (signal.aborted) throw interruption(signal);
      throw error;
    } finally {
      signal.removeEventListener('abort', withdraw);
    }
  };
  return {
    lanes: LANES,
    measure: (...given) => asking(link.address, () => measure(...given)),
    async close() {
      stopRenewing();
      stopTelling();
      const answered = awaited.close();
      const leave = () =>
        Promise.allSettled([notices.remove(run.id), lending.end(), queue.obliterate({ force: true })]);
      // A server that is away, or silent, does not keep a run from ending: what is left there vanishes by itself.
      if (link.client.status === 'ready') await atMost(FAREWELL.there, answered.then(leave));
      await atMost(FAREWELL.away, Promise.allSettled([events.close(), queue.close()]));
      link.client.disconnect();
    },
  };
}

/** BullMQ's own parts. What happens to their connections is told by ours, which has the same server. */
async function openQueue(
  { client, options }: QueueLink,
  id: string,
): Promise<{ queue: Queue; events: QueueEvents }> {
  const bullmq = await import('bullmq');
  const queue = new bullmq.Queue(queueOf(id), { connection: client, skipVersionCheck: true });
  const events = new bullmq.QueueEvents(queueOf(id), { connection: options, skipVersionCheck: true });
  queue.on('error', () => undefined);
  events.on('error', () => undefined);
  await events.waitUntilReady();
  return { queue, events };
}

/** Tells that no worker is there, and of workers that do not work for a run, each once. */
function absences(
  { client, address }: QueueLink,
  id: string,
  tell: (line: string) => void,
): () => Promise<void> {
  const told = new Set<string>();
  let alone = false;
  return async () => {
    const workers = await presences(client).list();
    if (workers.length === 0 && !alone)
      tell(
        `no worker is at ${address.shown}, and the run waits for one: \`assay worker --queue URL\` on any machine measures`,
      );
    alone = workers.length === 0;
    for (const { id: worker, name, host, refused } of workers) {
      if (!(id in refused) || told.has(worker)) continue;
      told.add(worker);
      tell(`worker ${name} on ${host} does not work for this run: ${refused[id]}`);
    }
  };
}

const unfit = (job: Job) =>
  new AssayError('queue-failed', 'a worker sent rows that do not fit what was asked for', {
    path: requestText(job.request),
    hint: 'is every worker that uses this queue one of your own, and of this version?',
  });

const neverArrived = (job: Job, { address }: QueueLink) =>
  new AssayError('queue-failed', 'the rows that workers measured do not arrive', {
    path: requestText(job.request),
    expected: `them in ${address.shown}, or in --store`,
    hint: 'does the server drop what it holds (maxmemory-policy)? Do the workers have the same --store?',
  });
