import type { Limits } from '../../engines/guard/limits.js';

/** What decides which units a run file comes to, besides the file: plain data. */
export interface WorkOptions {
  /** Only the first so many examples of every data set. */
  limit?: number;
  /** Instead of the run file's. */
  seed?: number;
  /** Default: ort. */
  engine?: string;
  /** Threads of a session, and sessions side by side. */
  threads?: number;
  sessions?: number;
  /** Where the engine computes. Default: its best. */
  device?: string;
  /**
   * What a call may take while a network is tried, and in all calls of one whose sizes or loops depend on the pixels.
   * Default: what the run file says.
   */
  limits?: Partial<Limits>;
  /** Processes of this machine that measure side by side, this one among them: they share what batches may take. */
  processes?: number;
  /** Measures only what gates rest on, and only until they are decided. */
  untilDecided?: boolean;
}

/** Those of some options. */
const workOptions = ({
  limit,
  seed,
  engine,
  threads,
  sessions,
  device,
  limits,
  processes,
  untilDecided,
}: WorkOptions): WorkOptions =>
  withoutUndefined({ limit, seed, engine, threads, sessions, device, limits, processes, untilDecided });

const withoutUndefined = <T extends object>(given: T): T =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as T;

/** Those of one of several worker processes: it has one session, unless told otherwise. A device has one as it is. */
export const workerOptions = (options: WorkOptions, workers: number): WorkOptions => ({
  ...workOptions({ ...options, processes: workers }),
  sessions: options.sessions ?? 1,
});
