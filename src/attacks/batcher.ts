import { interruption } from '../concurrency.js';
import { AssayError } from '../errors.js';
import { NotFinite } from '../models/finite.js';
import type { LossName, System } from '../models/system.js';
import type { StreamKey } from '../random/stream.js';

/** One pass of one example. */
export interface Row {
  kind: 'forward' | 'gradient';
  /** (C, H, W) */
  pixels: Float32Array;
  /** What a gradient pass differentiates. */
  loss: LossName;
  label: number;
  /** -1 when there is none. */
  target: number;
  threshold: number;
  /** Where a stochastic system draws its noise. */
  key?: StreamKey;
}

/** What came of it; views into the batch's outputs. */
export interface RowAnswer {
  logits: Float32Array;
  logPx: number;
  /** Empty after a forward pass. */
  gradient: Float32Array;
}

export interface BatcherOptions {
  batchSize?: number;
  concurrency?: number;
  signal?: AbortSignal;
}

interface Waiting {
  row: Row;
  /** Batches sent when it was asked for. */
  since: number;
  resolve(answer: RowAnswer): void;
  reject(reason: unknown): void;
}

/**
 * Puts single rows that many examples ask for at the same time into full batches, and keeps several batches in
 * flight. A batch goes out when it is full; when fewer rows are under way than would fill every lane, they are
 * shared out evenly. The longest queue goes first, and none waits for long. After a failure or an interruption nothing more is sent and everyone waiting is told.
 */
export class Batcher {
  readonly batchSize: number;
  /** Batches under way at most. */
  readonly lanes: number;
  /** One for forward passes and one for every loss: rows of a batch go through one program. */
  private readonly queues = new Map<string, Waiting[]>();
  private inFlight = 0;
  private rowsInFlight = 0;
  private scheduled = false;
  private failure: { reason: unknown } | undefined;
  private idle: (() => void)[] = [];
  /** Pixels of batches that have been answered: a full batch each. */
  private readonly spare: Float32Array[] = [];
  /** Batches sent and rows in them: how full they were. */
  readonly sent = { batches: 0, rows: 0 };

  constructor(
    private readonly system: System,
    private readonly options: BatcherOptions,
  ) {
    this.batchSize = Math.max(1, options.batchSize ?? system.batchSize);
    const sessions = Math.max(1, options.concurrency ?? system.concurrency);
    // Where several compute side by side one batch more waits: a session goes on while the answers to its last are
    // worked on. One session alone is better off with whole batches.
    this.lanes = sessions > 1 ? sessions + 1 : 1;
  }

  /** Errors: what the system throws; `interrupted` when the signal is raised. */
  ask(row: Row): Promise<RowAnswer> {
    if (this.failure) return Promise.reject(this.failure.reason);
    return new Promise((resolve, reject) => {
      this.queueOf(row).push({ row, since: this.sent.batches, resolve, reject });
      if (this.scheduled) return;
      this.scheduled = true;
      // After everyone who was just answered has had the chance to ask again.
      setImmediate(() => {
        this.scheduled = false;
        this.pump();
      });
    });
  }

  private queueOf({ kind, loss }: Row): Waiting[] {
    const name = kind === 'forward' ? kind : loss;
    let queue = this.queues.get(name);
    if (!queue) this.queues.set(name, (queue = []));
    return queue;
  }

  /** Resolves when nothing is in flight. */
  settled(): Promise<void> {
    return this.inFlight === 0 ? Promise.resolve() : new Promise((resolve) => this.idle.push(resolve));
  }

  private pump(): void {
    const { signal } = this.options;
    if (signal?.aborted && !this.failure) this.fail(interruption(signal));
    while (this.inFlight < this.lanes) {
      const queues = [...this.queues.values()].filter(({ length }) => length > 0);
      if (queues.length === 0) return;
      const overdue = this.overdue(queues);
      const queue = overdue ?? queues.reduce((a, b) => (b.length > a.length ? b : a));
      const underWay = queues.reduce((sum, { length }) => sum + length, this.rowsInFlight);
      const share = Math.min(this.batchSize, Math.ceil(underWay / this.lanes));
      // Half a share is worth sending: a lane that waits for the rest stands idle for a whole batch.
      if (!overdue && queue.length < share / 2 && this.inFlight > 0) return;
      void this.send(queue.splice(0, share));
    }
  }

  /**
   * The queue that has waited longest, when it waits twice as long as full batches do. An example that is a step
   * behind the others at the end of a stage would otherwise wait until they are done with all of the next, and then
   * go through that alone, a row a batch.
   */
  private overdue(queues: readonly Waiting[][]): Waiting[] | undefined {
    const oldest = queues.reduce((a, b) => (b[0]!.since < a[0]!.since ? b : a));
    return this.sent.batches - oldest[0]!.since >= 2 * (this.lanes + 2) ? oldest : undefined;
  }

  private async send(batch: Waiting[]): Promise<void> {
    this.inFlight++;
    this.rowsInFlight += batch.length;
    this.sent.batches++;
    this.sent.rows += batch.length;
    try {
      await this.deliver(batch);
    } catch (reason) {
      for (const { reject } of batch) reject(reason);
      this.fail(reason);
    }
    this.inFlight--;
    this.rowsInFlight -= batch.length;
    if (this.inFlight === 0) for (const resolve of this.idle.splice(0)) resolve();
    setImmediate(() => this.pump());
  }

  /** A row for which the system gives no numbers is told so alone: halves of the batch are asked again. */
  private async deliver(batch: Waiting[]): Promise<void> {
    try {
      const answers = await this.answer(batch.map(({ row }) => row));
      batch.forEach(({ resolve }, i) => {
        resolve(answers[i]!);
      });
    } catch (reason) {
      if (!(reason instanceof NotFinite)) throw reason;
      if (batch.length === 1) {
        batch[0]!.reject(reason);
        return;
      }
      const half = Math.ceil(batch.length / 2);
      await this.deliver(batch.slice(0, half));
      await this.deliver(batch.slice(half));
    }
  }

  private fail(reason: unknown): void {
    this.failure ??= { reason };
    for (const queue of this.queues.values()) {
      for (const { reject } of queue.splice(0)) reject(this.failure.reason);
    }
  }

  private async answer(rows: Row[]): Promise<RowAnswer[]> {
    const { system } = this;
    const n = rows.length;
    const size = rows[0]!.pixels.length;
    const memory = this.spare.pop() ?? new Float32Array(this.batchSize * size);
    const pixels = memory.subarray(0, n * size);
    rows.forEach((row, i) => {
      pixels.set(row.pixels, i * size);
    });
    const batch = {
      n,
      pixels,
      labels: Int32Array.from(rows, ({ label }) => label),
      targets: Int32Array.from(rows, ({ target }) => target),
      threshold: rows[0]!.threshold,
      keys: rows.flatMap(({ key }) => key ?? []),
    };
    const { kind, loss: differentiated } = rows[0]!;
    const outputs =
      kind === 'gradient'
        ? await system.gradient(batch, differentiated)
        : { ...(await system.forward(batch)), gradient: undefined };
    this.spare.push(memory);
    const { logits, logPx, gradient } = outputs;
    const classes = system.info.classes.length;
    if (logits?.length !== n * classes) {
      throw new AssayError('shape-mismatch', `"${system.info.name}" did not return the logits it offers`, {
        expected: `${n} x ${classes} numbers`,
        found: logits ? String(logits.length) : 'nothing',
      });
    }
    return rows.map((_, i) => ({
      logits: logits.subarray(i * classes, (i + 1) * classes),
      logPx: logPx?.[i] ?? Number.NaN,
      gradient: gradient?.subarray(i * size, (i + 1) * size) ?? new Float32Array(0),
    }));
  }
}
