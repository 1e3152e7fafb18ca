import { interruption } from '../../concurrency.js';
import { AssayError, restoreError } from '../../errors.js';
import type { LiveUnit } from '../measuring/live-unit.js';
import type { Task } from '../measuring/queue.js';
import type { Job } from '../plan/plan.js';
import { unitNamed, withAllRead } from '../plan/read-units.js';
import { UnitLost } from '../rows/collect.js';
import type { UnitHead } from '../units/unit-file.js';
import type { Ending, WorkerFork } from './worker-fork.js';
import type { WorkerStart, WorkerWord } from './worker-protocol.js';

/** What a worker has, once it is told to stop or to close, to do so by itself, in ms: nothing is lost that it has stored. */
const GRACE_MS = 1500;

interface Call {
  task: Task;
  live: LiveUnit;
  /** What a second of the worker is of the run's, at the moment. */
  share: () => number;
  resolve(head: UnitHead): void;
  reject(error: unknown): void;
}

/** A worker process, as the process sees it that started it. */
export class WorkerChild {
  private readonly calls = new Map<number, Call>();
  private readonly ended: Promise<void>;
  private count = 0;
  /** Why it takes no more units. */
  gone: Error | undefined;
  /** Why no worker of this run would. */
  refused: Error | undefined;
  /** Resolves when it has planned the run. Errors: what keeps it from measuring anything. */
  readonly ready: Promise<void>;

  constructor(
    private readonly fork: WorkerFork,
    start: WorkerStart,
  ) {
    this.ended = fork.ended.then((ending) => this.leave(workerDied(ending)));
    this.ready = new Promise((resolve, reject) => {
      fork.child.on('message', (word: WorkerWord) => {
        if (word.kind === 'ready') resolve();
        else this.hear(word);
      });
      void this.ended.then(() => reject(this.gone));
    });
    // Whoever has a unit measured is told.
    this.ready.catch(() => undefined);
    fork.tell(start);
  }

  get busy(): number {
    return this.calls.size;
  }

  /** Errors: as `Executor.measure`; `engine-failed` when the process dies. */
  measure(task: Task, live: LiveUnit, signal: AbortSignal, share: () => number): Promise<UnitHead> {
    const call = this.count++;
    let kill: NodeJS.Timeout | undefined;
    const stop = () => {
      this.fork.tell({ kind: 'stop', call });
      kill = setTimeout(() => {
        this.leave(interruption(signal));
        this.fork.child.kill('SIGKILL');
      }, GRACE_MS);
    };
    return new Promise<UnitHead>((resolve, reject) => {
      if (signal.aborted) return reject(interruption(signal));
      if (this.gone) return reject(this.gone);
      this.calls.set(call, { task, live, share, resolve, reject });
      signal.addEventListener('abort', stop, { once: true });
      this.fork.tell({ kind: 'perform', call, key: task.unit.key });
    }).finally(() => {
      clearTimeout(kill);
      signal.removeEventListener('abort', stop);
    });
  }

  async close(): Promise<void> {
    if (this.gone) {
      this.fork.child.kill('SIGKILL');
      return this.ended;
    }
    this.fork.tell({ kind: 'close' });
    const kill = setTimeout(() => this.fork.child.kill('SIGKILL'), GRACE_MS);
    await this.ended;
    clearTimeout(kill);
  }

  private hear(word: Exclude<WorkerWord, { kind: 'ready' }>): void {
    if (word.kind === 'refused') {
      this.refused = restoreError(word.error);
      this.leave(this.refused);
      this.fork.child.kill('SIGKILL');
      return;
    }
    const call = this.calls.get(word.call);
    if (!call) return;
    if (word.kind !== 'failed') call.live.hear(word.report, call.share());
    if (word.kind === 'report') return;
    this.calls.delete(word.call);
    if (word.kind === 'stored') call.resolve(word.head);
    else call.reject(lostUnit(call.task.job, word.lost) ?? restoreError(word.error));
  }

  private leave(error: Error): void {
    this.gone ??= error;
    for (const { reject } of this.calls.values()) reject(this.gone);
    this.calls.clear();
  }
}

/** A unit whose rows are read for a job, by its key. */
function lostUnit(job: Job, key: string | undefined): UnitLost | undefined {
  const found = key === undefined ? undefined : unitNamed(key, withAllRead([job]));
  return found && new UnitLost(found.job, found.unit);
}

const workerDied = ({ found, cause }: Ending) =>
  new AssayError('engine-failed', 'the worker process that measured this died', {
    found,
    hint: 'if it ran out of memory (SIGKILL), run again with fewer --workers; what is measured is kept',
    cause,
  });
