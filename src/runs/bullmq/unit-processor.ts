import type { SandboxedJob } from 'bullmq';
import { type Static, Type } from '../../config/type.js';
import { check } from '../../config/validate.js';
import { AssayError } from '../../errors.js';
import { tookTooLong } from '../measuring/attempt.js';
import { LiveUnit } from '../measuring/live-unit.js';
import { PassMeter } from '../measuring/pass-meter.js';
import { SharedClock } from '../measuring/shared-clock.js';
import { openPerformer, type Performer } from '../opening/performer.js';
import type { UnitStore } from '../units/store.js';
import type { UnitHead } from '../units/unit-file.js';
import { optionsHere } from './accept.js';
import { queueAddress } from './address.js';
import type { Announcement } from './announcements.js';
import { connectQueue } from './connection.js';
import { reportOf } from './live-report.js';
import { parcels } from './parcels.js';
import { openShared, type SharedPlace } from './shared-store.js';
import { failureText, TAKEN_BACK } from './worker-failure.js';

/*
 * The process in which BullMQ has units measured, so that the one that keeps their locks is never busy. It plans the run when
 * the first unit comes, and measures what it finds in that plan.
 */

/** What the process is told when it starts, as JSON in ASSAY_UNIT_PROCESSOR. */
export interface ProcessorOrder {
  /** Of the queue; the password is in the environment. */
  address: string;
  run: Announcement;
  /** The run file, here. */
  file: string;
  /** Where descriptions are kept. */
  out: string;
  /** The store that all share, where rows go through one. */
  shared?: SharedPlace;
  threads?: number;
  sessions?: number;
  /** That measure side by side. */
  processes: number;
}

/** What units are asked for with. */
const Message = Type.Object(
  { key: Type.String({ pattern: '^[0-9a-f]{64}$' }) },
  { additionalProperties: false },
);

/** How often a unit tells how far it is, in ms. */
const TICK = 1000;

/** What has been opened: a run is planned once. */
let opening: Promise<{ performer: Performer; store: UnitStore }> | undefined;
const measuring = new SharedClock();
const keeping = new SharedClock();
const meter = new PassMeter();
/** The unit that is measured now, and what ends it: BullMQ has one at a time measured in a process. */
let current: { job: SandboxedJob; signal: AbortSignal } | undefined;

// A worker that was killed cannot end its processes.
process.on('disconnect', () => process.exit(1));

/** Returns what is told of a unit that was measured and sent. */
export default async function measureUnit(
  job: SandboxedJob,
  token: string,
  signal: AbortSignal,
): Promise<{ seconds: number; n: number }> {
  current = { job, signal };
  try {
    const { key } = messageOf(job.data);
    opening ??= open().catch((error) => {
      // A server or a folder that was away may be back for the next unit.
      opening = undefined;
      throw error;
    });
    const { performer, store } = await opening;
    // One whose lock was lost while the server was away is given out again, and may have arrived since.
    const { seconds, n } = (await store.head(key)) ?? (await measured(key, performer, job, signal));
    return { seconds, n };
  } catch (error) {
    // What is in the queue no more cannot be put back.
    if (signal.aborted && signal.reason !== TAKEN_BACK) throw await givenBack(job, token);
    throw new Error(failureText(error));
  }
}

/** Measures a unit, and tells how far it is while that lasts. */
async function measured(
  key: string,
  performer: Performer,
  job: SandboxedJob,
  signal: AbortSignal,
): Promise<UnitHead> {
  const live = new LiveUnit(meter, measuring.start(), keeping.start());
  const ticking = setInterval(() => void job.updateProgress(reportOf(live)).catch(() => undefined), TICK);
  try {
    const { unitTimeout } = orderOf().run;
    if (unitTimeout === null) return await performer.perform(key, live, signal);
    const late = AbortSignal.timeout(1000 * unitTimeout);
    return await performer.perform(key, live, AbortSignal.any([signal, late])).catch((error: unknown) => {
      throw late.aborted && !signal.aborted ? tookTooLong(unitTimeout, 'it was ended') : error;
    });
  } finally {
    clearInterval(ticking);
    live.close();
  }
}

/** Puts a unit back for other workers, at once. Returns what tells BullMQ so. */
async function givenBack(job: SandboxedJob, token: string): Promise<Error> {
  await job.moveToWait(token);
  return Object.assign(new Error('given back'), { name: 'WaitingError' });
}

/** Errors: `queue-failed` for what is no key: whoever can write to the server can put anything there. */
function messageOf(data: unknown): Static<typeof Message> {
  try {
    return check(Message, data, { what: 'message' });
  } catch (cause) {
    throw new AssayError('queue-failed', 'a message in the queue is not the key of a unit', {
      expected: 'one key, and nothing else',
      hint: 'who can write to this server besides you?',
      cause,
    });
  }
}

const orderOf = (): ProcessorOrder => JSON.parse(process.env.ASSAY_UNIT_PROCESSOR ?? '');

/** Units in the server. When that is away, the worker tells it, and the unit waits until it is back. */
async function queueStore(address: string): Promise<UnitStore> {
  const { client } = await connectQueue(queueAddress(address), { signal: () => current?.signal });
  client.on('error', () => undefined);
  return parcels(client);
}

async function open(): Promise<{ performer: Performer; store: UnitStore }> {
  const { address, run, file, out, shared, threads, sessions, processes } = orderOf();
  // The worker prints what its processes tell.
  const tell = (line: string) => void current?.job.updateProgress({ line }).catch(() => undefined);
  const options = { signal: () => current?.signal, tell, patient: true };
  const store = shared ? await openShared(shared, options) : await queueStore(address);
  const performer = await openPerformer({
    file,
    options: optionsHere(run, { threads, sessions, processes }),
    out,
    store,
    sender: run.identity,
  });
  return { performer, store };
}
