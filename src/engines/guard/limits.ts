import { AssayError } from '../../errors.js';

/** What a call in a guarded process may take. */
export interface Limits {
  /** Of one call: making a session, folding, a batch. */
  seconds: number;
  /** That the process may hold, beyond what the weights need. */
  mebibytes: number;
}

/**
 * A network of a gigabyte folds in ten seconds on one busy core; batches that are fixed at 128 photographs take a
 * gigabyte. What needs more is told to by whoever trusts it.
 */
export const DEFAULT_LIMITS: Limits = { seconds: 60, mebibytes: 2048 };

/** Copies of the weights that are in memory while a session is made: file, graph, session, packed for the processor. */
export const COPIES_OF_WEIGHTS = 4;

/** Errors: `config-invalid` for limits that are no positive numbers. */
export function limitsOf(given: Partial<Limits> = {}): Limits {
  const limits = { ...DEFAULT_LIMITS };
  for (const key of ['seconds', 'mebibytes'] as const) {
    const value = given[key];
    if (value === undefined) continue;
    if (!(value > 0 && value <= 1e9))
      throw new AssayError('config-invalid', `the limit "${key}" of the engine is not usable`, {
        expected: 'a number above 0, at most 1e9',
        found: String(value),
      });
    limits[key] = value;
  }
  return limits;
}

/** A limit that a call went over. */
export type Excess = 'time' | 'memory';

/** Errors: `limit-exceeded`, which is made here, names the flag that raises the limit. */
export function beyondLimit(excess: Excess, { seconds, mebibytes }: Limits): AssayError {
  return excess === 'time'
    ? new AssayError('limit-exceeded', 'the network takes too long: a call did not end', {
        expected: `at most ${seconds} s a call`,
        hint: 'look for loops that never end; if you trust the checkpoint, raise the limit with `--time-limit SECONDS`',
      })
    : new AssayError('limit-exceeded', 'the network takes too much memory', {
        expected: `at most ${mebibytes} MiB beyond ${COPIES_OF_WEIGHTS} times its weights`,
        hint: 'look for tensors of giant sizes; if you trust the checkpoint, raise the limit with `--memory-limit MIB`',
      });
}
