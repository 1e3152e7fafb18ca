import type { Examples } from '../../data/dataset.js';
import { AssayError } from '../../errors.js';
import type { Batch, System } from '../../models/system.js';
import type { StreamKey } from '../../random/stream.js';

export interface BatchOptions {
  /** Examples per batch; default: what the system finds efficient. */
  batchSize?: number;
  /** Batches in flight; default: what the system can overlap. */
  concurrency?: number;
  signal?: AbortSignal;
}

/** Why `signal` was raised, as an error with a code. */
export function interruption(signal: AbortSignal): AssayError {
  if (signal.reason instanceof AssayError) return signal.reason;
  return new AssayError('interrupted', 'the measurement was interrupted', { cause: signal.reason });
}

/**
 * Calls `work` for consecutive ranges [start, end) of 0..n-1, several at a time, until all are done. After the
 * first failure or an interruption no further range is started; those in flight are waited for, so that nothing
 * runs on behind the caller's back.
 * Errors: the first failure; `interrupted` when the signal is raised.
 */
export async function inBatches(
  n: number,
  { batchSize, concurrency, signal }: Required<Omit<BatchOptions, 'signal'>> & { signal?: AbortSignal },
  work: (start: number, end: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  let failed = false;
  let failure: unknown;
  const lane = async () => {
    while (next < n && !failed) {
      if (signal?.aborted) throw interruption(signal);
      const start = next;
      next = Math.min(n, start + Math.max(1, batchSize));
      await work(start, next);
    }
  };
  const guarded = async () => {
    try {
      await lane();
    } catch (error) {
      if (!failed) failure = error;
      failed = true;
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, concurrency) }, guarded));
  if (failed) throw failure;
}

/** Numbers per image. */
export const imageSize = (system: System): number => system.info.shape.reduce((a, b) => a * b, 1);

/**
 * Examples start to end as a batch. Stochastic systems get a stream per example, keyed by its source index and
 * `purpose`, so that what they draw depends neither on the batch nor on the order.
 */
export function batchOf(
  system: System,
  examples: Examples,
  start: number,
  end: number,
  { seed, purpose }: { seed: number; purpose: string },
): Batch {
  const size = imageSize(system);
  const keys: StreamKey[] | undefined = system.info.stochastic
    ? Array.from(examples.indices.subarray(start, end), (example) => ({ seed, purpose, example }))
    : undefined;
  return {
    n: end - start,
    pixels: examples.pixels.slice(start * size, end * size),
    ...(examples.labels && { labels: examples.labels.slice(start, end) }),
    ...(keys && { keys }),
  };
}

/** `inBatches` over examples: `work` is given each batch and where it starts. */
export function eachBatch(
  context: { system: System; examples: Examples; seed: number; signal?: AbortSignal },
  purpose: string,
  work: (batch: Batch, start: number) => Promise<void>,
  options: Omit<BatchOptions, 'signal'> = {},
): Promise<void> {
  const { system, examples, seed, signal } = context;
  const plan = {
    batchSize: options.batchSize ?? system.batchSize,
    concurrency: options.concurrency ?? system.concurrency,
    signal,
  };
  return inBatches(examples.n, plan, (start, end) =>
    work(batchOf(system, examples, start, end, { seed, purpose }), start),
  );
}
