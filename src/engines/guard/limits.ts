import { limits } from '../../bytes/limits.js';
import { AssayError } from '../../errors.js';

/** What calls may take. */
export interface Limits {
  /** Of one call in a guarded process: making a session, folding, a batch. */
  seconds: number;
  /** MiB that the process may hold meanwhile, beyond what the weights need. */
  mebibytes: number;
  /** MiB that all calls which run at once may take together, weights aside, in any process. Batches are as large as fits. */
  batchMebibytes?: number | undefined;
}

export const DEFAULT_LIMITS: Limits = {
  seconds: limits.trialSeconds.value,
  mebibytes: limits.trialMemory.value,
};

/** Copies of the weights that are in memory while a session is made: file, graph, session, packed for the processor. */
export const COPIES_OF_WEIGHTS = 4;

/** Errors: `config-invalid` for limits that are no positive numbers. */
export function limitsOf(given: Partial<Limits> = {}): Limits {
  const checked: Limits = { ...DEFAULT_LIMITS };
  for (const key of ['seconds', 'mebibytes', 'batchMebibytes'] as const) {
    const value = given[key];
    if (value === undefined) continue;
    if (!(value > 0 && value <= 1e9))
      throw new AssayError('config-invalid', `the limit "${key}" of the engine is not usable`, {
        expected: 'a number above 0, at most 1e9',
        found: String(value),
      });
    checked[key] = value;
  }
  return checked;
}

/** A limit that a call went over. */
export type Excess = 'time' | 'memory';

/** Errors: `limit-exceeded`, which is made here, names the flag that raises the limit. */
export function beyondLimit(excess: Excess, { seconds, mebibytes }: Limits): AssayError {
  return excess === 'time'
    ? new AssayError('limit-exceeded', 'the network takes too long: a call did not end', {
        expected: `at most ${seconds} s a call`,
        hint: `look for loops that never end; ${limits.trialSeconds.instead}`,
      })
    : new AssayError('limit-exceeded', 'the network takes too much memory', {
        expected: `at most ${mebibytes} MiB beyond ${COPIES_OF_WEIGHTS} times its weights`,
        hint: `look for tensors of giant sizes; ${limits.trialMemory.instead}`,
      });
}
