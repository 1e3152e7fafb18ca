import { setTimeout as sleep } from 'node:timers/promises';
import { interruption } from '../../concurrency.js';
import { AssayError, type ErrorCode } from '../../errors.js';
import type { Job } from '../plan/plan.js';
import { requestText } from '../units/request-text.js';
import type { UnitHead } from '../units/unit-file.js';
import type { Executor } from './executor.js';
import type { LiveUnit } from './live-unit.js';
import type { Task } from './queue.js';

/** How often a unit is tried that fails. */
export const ATTEMPTS = 2;

/** Failures of the place or the moment. All others are those of the model, the data or the run file: they come again. */
const OF_THE_MOMENT: ReadonlySet<ErrorCode> = new Set(['engine-failed', 'file-unreadable', 'limit-exceeded']);

/** Whether it may go well at another time or in another process. What is no `AssayError`, nobody has looked into. */
export const mayPassElsewhere = (thrown: unknown): boolean =>
  !(thrown instanceof AssayError) || OF_THE_MOMENT.has(thrown.code);

/** What a unit has, once it is asked to end, to do so by itself, in ms: worker processes that do not are killed before. */
const GRACE_MS = 2000;

/** A unit, as users are told of it. */
export const placeOf = ({ job: { request }, unit }: Pick<Task, 'job' | 'unit'>): string =>
  `${requestText(request)}, examples ${unit.start} to ${unit.end - 1}`;

export interface InTime {
  signal: AbortSignal;
  /** Seconds that the unit may take. Absent: as long as it likes. */
  timeout?: number | undefined;
}

/**
 * Has a unit measured, within a time. After that its signal is raised; one that does not heed it is left behind: what it
 * stores later is as good as if it had been in time.
 * Errors: those of the executor; `limit-exceeded`.
 */
export async function measureInTime(
  executor: Executor,
  task: Task,
  live: LiveUnit,
  { signal, timeout }: InTime,
): Promise<UnitHead> {
  if (timeout === undefined) return executor.measure(task, live, signal);
  const late = new AbortController();
  const ended = new AbortController();
  const measuring = executor.measure(task, live, AbortSignal.any([signal, late.signal]));
  const watching = async (): Promise<never> => {
    await sleep(1000 * timeout, undefined, { signal: ended.signal });
    const error = (found: string) => tookTooLong(timeout, found, placeOf(task));
    late.abort(error('it was ended'));
    await sleep(GRACE_MS, undefined, { signal: ended.signal });
    throw error('it does not end when it is asked to, and was left behind: it may still compute');
  };
  try {
    return await Promise.race([measuring, watching()]);
  } finally {
    ended.abort();
  }
}

/** @param place of the unit, where it is known */
export const tookTooLong = (seconds: number, found: string, place?: string) =>
  new AssayError('limit-exceeded', `a unit took longer than ${seconds} s`, {
    ...(place !== undefined && { path: place }),
    found,
    hint: 'give units more time with --unit-timeout, or fewer passes, such as fewer steps of an attack; `assay run` again tries it again',
  });

/** Whatever a measurement throws, as an error that names what was being measured. */
export function asFailure(thrown: unknown, { request }: Job, signal: AbortSignal): AssayError {
  if (signal.aborted) return interruption(signal);
  if (thrown instanceof AssayError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new AssayError('suite-failed', `the measurement "${request.measurement.name}" failed: ${message}`, {
    path: requestText(request),
    hint: 'run again with --debug to see where; if it is a suite of your own, correct it there',
    cause: thrown,
  });
}
