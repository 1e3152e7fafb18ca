import { isConfined } from '../bytes/confine.js';
import { DEFAULT_LIMITS, type Limits } from '../engines/guard/limits.js';
import { AssayError } from '../errors.js';
import type { ReadRun } from './run-file.js';

const FLAGS = { seconds: '--time-limit', mebibytes: '--memory-limit' } as const;

/**
 * The limits under which networks are tried: those given with the command, else those of the run file.
 * Errors: `config-invalid` for a run file that raises one under `--confine`, where it is not taken for the user's own.
 */
export function runLimits({ config, file }: ReadRun, given: Partial<Limits> = {}): Partial<Limits> {
  const limit = (key: keyof Limits) => given[key] ?? ofRunFile(key);
  const ofRunFile = (key: keyof Limits): number | undefined => {
    const value = config.limits?.[key];
    if (value === undefined || value <= DEFAULT_LIMITS[key] || !isConfined()) return value;
    throw new AssayError('config-invalid', 'a run file may not raise limits under --confine', {
      file,
      path: `limits.${key}`,
      expected: `at most ${DEFAULT_LIMITS[key]}`,
      found: String(value),
      hint: `if you trust the checkpoints, say it yourself: ${FLAGS[key]} ${value}`,
    });
  };
  return { seconds: limit('seconds'), mebibytes: limit('mebibytes') };
}
