import { setTimeout as sleep } from 'node:timers/promises';
import { AssayError } from './errors.js';

export interface RangeOptions {
  /** Numbers in a range; the last may be shorter. At least 1 is taken. */
  step: number;
  /** Ranges under way at once. At least 1 is taken. */
  lanes: number;
  signal?: AbortSignal;
}

/**
 * Calls `work` for consecutive ranges [start, end) of 0..n-1, several at a time, until all are done. After the
 * first failure or an interruption no further range is started; those under way are waited for, so that nothing
 * runs on behind the caller's back.
 * Errors: the first failure; `interrupted` when the signal is raised.
 */
export async function forRanges(
  n: number,
  { step, lanes, signal }: RangeOptions,
  work: (start: number, end: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  let failure: { reason: unknown } | undefined;
  const lane = async () => {
    while (next < n && !failure) {
      const start = next;
      next = Math.min(n, start + Math.max(1, step));
      try {
        if (signal?.aborted) throw interruption(signal);
        await work(start, next);
      } catch (reason) {
        failure ??= { reason };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, Math.min(lanes, n)) }, lane));
  if (failure) throw (failure as { reason: unknown }).reason;
}

/** Why `signal` was raised, as an error with a code. */
export function interruption({ reason }: AbortSignal): AssayError {
  if (reason instanceof AssayError) return reason;
  return new AssayError('interrupted', 'the work was interrupted', { cause: reason });
}

/**
 * What is waited for, unless the signal is raised first: it is left to itself then, so that whatever never answers keeps nobody from
 * ending.
 * Errors: as `work`; `interrupted`.
 */
export async function unlessInterrupted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const done = new AbortController();
  const raised = new Promise<never>((_, reject) => {
    const end = () => reject(interruption(signal));
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true, signal: done.signal });
  });
  try {
    return await Promise.race([work, raised]);
  } finally {
    done.abort();
  }
}

/** Waits for something, so many ms at the most. Errors: as `work`. */
export async function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  const done = new AbortController();
  try {
    await Promise.race([work, sleep(ms, undefined, { ref: false, signal: done.signal })]);
  } finally {
    done.abort();
  }
}

/**
 * Work goes on side by side as long as what it takes together is within bounds; what is beyond them goes on alone. Who comes first
 * goes first.
 */
export class Bounded {
  private taken = 0;
  private readonly waiting: { amount: number; go(): void }[] = [];

  /** @param bound of what is taken, in any unit */
  constructor(private readonly bound: number) {}

  /** @param amount what `work` takes, at least 0. Errors: as `work`. */
  async within<T>(amount: number, work: () => Promise<T>): Promise<T> {
    const own = Math.min(amount, this.bound);
    await new Promise<void>((go) => {
      this.waiting.push({ amount: own, go });
      this.next();
    });
    try {
      return await work();
    } finally {
      this.taken -= own;
      this.next();
    }
  }

  private next(): void {
    for (;;) {
      const [first] = this.waiting;
      if (!first || this.taken + first.amount > this.bound) return;
      this.waiting.shift();
      this.taken += first.amount;
      first.go();
    }
  }
}
