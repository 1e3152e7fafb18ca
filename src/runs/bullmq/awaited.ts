import type { Queue, QueueEvents } from 'bullmq';

/** How the work on a unit ended; `gone`: the queue knows nothing of it any more. */
export type Ending = { kind: 'completed' } | { kind: 'gone' } | { kind: 'failed'; reason: string };

interface Waiting {
  end(ending: Ending): void;
  progress(data: unknown): void;
  /** Sweeps that found it since it was submitted. */
  seen: number;
}

/** How often units are asked after whose end may have been missed, in ms. */
const SWEEP = 5000;

/**
 * Units that are with a queue. Their ends are heard of as events; where events were missed, as when the server was away or
 * forgot what it had, they are asked after.
 */
export class Awaited {
  private readonly waiting = new Map<string, Waiting>();
  /** What the server was told and has not answered yet. */
  private readonly unanswered = new Set<Promise<unknown>>();
  private readonly timer: NodeJS.Timeout;
  private sweeping = false;

  constructor(
    private readonly queue: Queue,
    events: QueueEvents,
  ) {
    events.on('completed', ({ jobId }) => this.end(jobId, { kind: 'completed' }));
    events.on('failed', ({ jobId, failedReason }) =>
      this.end(jobId, { kind: 'failed', reason: failedReason }),
    );
    events.on('progress', ({ jobId, data }) => this.waiting.get(jobId)?.progress(data));
    this.timer = setInterval(() => void this.sweep(), SWEEP);
    this.timer.unref();
  }

  /** Whether a unit is with the queue. */
  get any(): boolean {
    return this.waiting.size > 0;
  }

  /** Submits a unit and waits for what becomes of it; in the queue it is under its key, so that it is there once. */
  submit(key: string, priority: number, progress: (data: unknown) => void): Promise<Ending> {
    return new Promise((end, reject) => {
      this.waiting.set(key, { end, progress, seen: 0 });
      const adding = this.queue.add(
        'unit',
        { key },
        { jobId: key, priority, removeOnComplete: true, removeOnFail: true, stackTraceLimit: 0 },
      );
      this.told(adding).catch(reject);
    });
  }

  /** Takes a unit back where nobody measures it yet, and does not wait for it any more. */
  withdraw(key: string): void {
    this.end(key, { kind: 'gone' });
    this.told(this.queue.remove(key)).catch(() => undefined);
  }

  /** Waits for nothing any more. Resolves when the server has answered. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    for (const key of [...this.waiting.keys()]) this.end(key, { kind: 'gone' });
    await Promise.allSettled(this.unanswered);
  }

  private told<T>(asking: Promise<T>): Promise<T> {
    this.unanswered.add(asking);
    return asking.finally(() => this.unanswered.delete(asking));
  }

  private end(key: string, ending: Ending): void {
    const waiting = this.waiting.get(key);
    this.waiting.delete(key);
    waiting?.end(ending);
  }

  /** What the queue does not know has ended without our hearing of it, twice in a row: an event may be on its way. */
  private async sweep(): Promise<void> {
    if (this.sweeping) return;
    this.sweeping = true;
    try {
      for (const [key, waiting] of this.waiting) {
        const state = await this.queue.getJobState(key);
        if (state !== 'unknown') waiting.seen = 0;
        else if (waiting.seen++ > 0 && this.waiting.get(key) === waiting) this.end(key, { kind: 'gone' });
      }
    } catch {
      // The next one asks again.
    } finally {
      this.sweeping = false;
    }
  }
}
