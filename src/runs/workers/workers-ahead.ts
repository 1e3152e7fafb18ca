import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type WorkOptions, workerOptions } from '../asked/work-options.js';
import { UNITS } from '../folder/run-folder.js';
import { WorkerFork } from './worker-fork.js';

/** What tells whether workers will be wanted. */
interface Asked extends WorkOptions {
  workers?: number | 'auto' | undefined;
  suites?: readonly unknown[];
  cache?: readonly string[];
  queue?: unknown;
}

/**
 * Worker processes that are started before it is known what they are to measure: they load beside this process, which
 * opens models meanwhile on one core.
 */
export class WorkersAhead {
  /** @param spare in the order in which they are taken */
  private constructor(private readonly spare: WorkerFork[]) {}

  /**
   * As many as are asked for, and no more than there are cores; none where it is not sure that all of them will have
   * something to do: a run folder that has units already may want few or none.
   * @param file the run file
   * @param out the run folder
   */
  static of(
    file: string,
    out: string,
    { workers, suites = [], cache = [], queue, ...options }: Asked,
  ): WorkersAhead {
    const { device = 'cpu' } = options;
    const wanted =
      typeof workers === 'number' &&
      workers >= 1 &&
      suites.length + cache.length === 0 &&
      queue === undefined;
    // Where there are several GPUs, each process is given one when its place is known.
    if (!wanted || device !== 'cpu' || existsSync(join(out, UNITS))) return new WorkersAhead([]);
    const count = Math.min(workers, availableParallelism());
    const load = { kind: 'load', file, options: workerOptions(options, workers) } as const;
    return new WorkersAhead(Array.from({ length: count }, () => new WorkerFork(load)));
  }

  /** One that lives; undefined where none is left. */
  take(): WorkerFork | undefined {
    for (;;) {
      const fork = this.spare.shift();
      if (!fork?.gone) return fork;
    }
  }

  /** More than so many will not be taken: each that waits holds a hundred megabytes. */
  keep(count: number): void {
    for (const { child } of this.spare.splice(count)) child.kill('SIGKILL');
  }

  /** None will be taken any more. */
  close(): void {
    this.keep(0);
  }
}
