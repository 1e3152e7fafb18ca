import { hostname, userInfo } from 'node:os';
import { resolve } from 'node:path';
import { AssayError } from '../../errors.js';
import type { Suite } from '../../suites/contract.js';
import type { WorkOptions } from '../asked/work-options.js';
import { keyOf } from '../folder/keys.js';
import type { ExecutorFor } from '../measuring/executor.js';
import type { Listener } from '../measuring/progress.js';
import type { LoadedRun } from '../opening/open-run.js';
import { identityOf } from '../opening/run-identity.js';
import type { Job } from '../plan/plan.js';
import { queueAddress } from './address.js';
import { type Announcement, type RunStatus, renewing } from './announcements.js';
import { connectQueue } from './connection.js';
import type { QueueChoice } from './queue-choice.js';
import { queued } from './queued.js';
import { openShared, serverOfPlace, waysOf } from './shared-store.js';

/** How often a run leaves word in its store, in ms. */
const MARKED = 3_600_000;

export interface Submitted {
  loaded: LoadedRun;
  options: WorkOptions;
  /** The run folder. */
  out: string;
  /** Seconds that a unit may take, once a worker has it. */
  unitTimeout: number | undefined;
  /** Ends the run. */
  signal: AbortSignal;
  told: Listener;
}

/**
 * What a run needs to have its units measured by the workers of a queue: a listener that also tells them how far it is, and
 * who measures. Errors: `config-invalid`, `queue-failed`, `store-failed`, `output-unwritable`.
 */
export async function submission(
  { url, store, endpoint }: QueueChoice,
  { loaded, options, out, unitTimeout, signal, told }: Submitted,
) {
  const { read, given } = loaded;
  if (given.length > 0) throw onlyHere(given);
  const place = store === undefined ? undefined : { store, endpoint };
  const tell = (text: string) => told({ kind: 'note', text });
  // Before the queue is entered: what is wrong with it is told of at once.
  const shared = place && (await openShared(place, { signal: () => signal, tell }));
  const entering = async () => ({
    server: place && (await serverOfPlace(place)),
    link: await connectQueue(queueAddress(url)),
  });
  const { server, link } = await entering().catch((error: unknown) => {
    shared?.close?.();
    throw error;
  });
  let stopMarking: (() => void) | undefined;
  for (const line of link.warnings) tell(line);
  const status = new StatusKeeper();
  const notify: Listener = (event) => {
    status.listen(event);
    told(event);
  };
  const executorFor: ExecutorFor = async ({ store }, { jobs, run, engine }) => {
    const identity = identityOf(loaded, engine, run);
    const file = resolve(read.file);
    // The same after a restart, so that what came back meanwhile is found; another for another folder.
    const id = keyOf([identity, hostname(), resolve(out)]).slice(0, 16);
    const by = `${userInfo().username}@${hostname()}, process ${process.pid}`;
    if (server !== undefined) {
      const mark = async () => shared?.mark?.(id, server);
      await mark();
      // Buckets have rules by which things vanish.
      stopMarking = renewing(mark, MARKED);
    }
    status.expect(jobs);
    return queued({
      link,
      run: {
        id,
        // Longer ones would be no announcement to workers.
        title: read.title.slice(0, 1000),
        file,
        options: deciding(options),
        unitTimeout: unitTimeout ?? null,
        identity,
        rows: waysOf(place),
        ...(server !== undefined && { server }),
        by,
      },
      jobs,
      store,
      shared,
      status: () => status.now(),
      tell,
    });
  };
  const end = () => {
    stopMarking?.();
    link.client.disconnect();
    shared?.close?.();
  };
  return { notify, executorFor, end };
}

const onlyHere = (given: readonly Suite[]) =>
  new AssayError('config-invalid', 'workers of a queue do not have suites that are given as objects', {
    expected: 'suites that come with Assay or from `plugins` of the run file',
    found: given.map(({ name }) => name).join(', '),
    hint: 'put them into a module and name it under `plugins`, or leave `queue` out',
  });

/** The options that decide what units there are; how many sessions a worker has is its own business. */
function deciding({
  limit,
  seed,
  engine,
  device,
  limits,
  untilDecided,
}: WorkOptions): Announcement['options'] {
  const { seconds, mebibytes } = limits ?? {};
  return { limit, seed, engine, device, limits: { seconds, mebibytes }, untilDecided };
}

/** How far a run is, from what is told of it. */
export class StatusKeeper {
  private began: number | undefined;
  private status: Omit<RunStatus, 'seconds'> = {
    units: 0,
    done: 0,
    failed: 0,
    measured: 0,
    secondsLeft: null,
  };

  /** Before any of them is looked for. */
  expect(jobs: readonly Job[]): void {
    this.status.units = jobs.reduce((sum, { units }) => sum + units.length, 0);
  }

  readonly listen: Listener = (event) => {
    const { status } = this;
    if (event.kind === 'plan') {
      this.began ??= performance.now();
      Object.assign(status, { units: event.units, done: event.stored });
    }
    if (event.kind === 'job-failed') status.failed += event.job.units.length;
    if (event.kind === 'unit-finished') status.measured++;
    if ('status' in event) {
      const { done, units, secondsLeft } = event.status;
      Object.assign(status, { done, units, secondsLeft: secondsLeft ?? null });
    }
  };

  now(): RunStatus {
    const now = performance.now();
    return { ...this.status, seconds: (now - (this.began ?? now)) / 1000 };
  }
}
