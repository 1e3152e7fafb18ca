import { forRanges } from '../../concurrency.js';
import type { Examples } from '../../data/dataset.js';
import { imageSize } from '../../models/batching.js';
import type { Batch, System } from '../../models/system.js';
import type { StreamKey } from '../../random/stream.js';

export interface BatchOptions {
  /** Examples per batch; default: what the system finds efficient. */
  batchSize?: number;
  /** Batches in flight; default: what the system can overlap. */
  concurrency?: number;
  signal?: AbortSignal;
}

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
  const size = imageSize(system.info);
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

/** `forRanges` over examples: `work` is given each batch and where it starts. */
export function eachBatch(
  context: { system: System; examples: Examples; seed: number; signal?: AbortSignal },
  purpose: string,
  work: (batch: Batch, start: number) => Promise<void>,
  options: Omit<BatchOptions, 'signal'> = {},
): Promise<void> {
  const { system, examples, seed, signal } = context;
  const { batchSize = system.batchSize, concurrency = system.concurrency } = options;
  return forRanges(examples.n, { step: batchSize, lanes: concurrency, signal }, (start, end) =>
    work(batchOf(system, examples, start, end, { seed, purpose }), start),
  );
}
