import { isConfined } from '../../bytes/confine.js';
import { DEFAULT_LIMITS, type Limits } from '../../engines/guard/limits.js';
import { usualBatchMebibytes } from '../../engines/room.js';
import { AssayError } from '../../errors.js';
import type { ReadRun } from './run-file.js';

const FLAGS = {
  seconds: '--time-limit',
  mebibytes: '--memory-limit',
  batchMebibytes: '--batch-memory',
} as const;

/** Without a word of anyone. */
const usual = (key: keyof Limits): number =>
  key === 'batchMebibytes' ? usualBatchMebibytes() : DEFAULT_LIMITS[key];

/**
 * The limits of networks: those given with the command, else those of the run file.
 * Errors: `config-invalid` for a run file that raises one under `--confine`, where it is not taken for the user's own.
 */
export function runLimits({ config, file }: ReadRun, given: Partial<Limits> = {}): Partial<Limits> {
  const limit = (key: keyof Limits) => given[key] ?? ofRunFile(key);
  const ofRunFile = (key: keyof Limits): number | undefined => {
    const value = config.limits?.[key];
    if (value === undefined || value <= usual(key) || !isConfined()) return value;
    throw new AssayError('config-invalid', 'a run file may not raise limits under --confine', {
      file,
      path: `limits.${key}`,
      expected: `at most ${usual(key)}`,
      found: String(value),
      hint: `if you trust the checkpoints, say it yourself: ${FLAGS[key]} ${value}`,
    });
  };
  return {
    seconds: limit('seconds'),
    mebibytes: limit('mebibytes'),
    batchMebibytes: limit('batchMebibytes'),
  };
}
