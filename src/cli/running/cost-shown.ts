import { AssayError } from '../../errors.js';
import type { CostOptions, RunCost } from '../../runs/cost-of-run.js';
import { untilStopped } from '../terminal/stop-signals.js';
import { terminalProgress } from '../terminal/terminal-progress.js';

/** Examples of a probe: how many of them end early is then known within about six points. */
const PROBED = 64;

/** How many examples `--probe` or `--probe N` asks for. */
export const probeSize = (given: true | number | undefined): number | undefined =>
  given === true ? PROBED : given;

/** What a run would take, with progress while that is found out. Errors: those of `costOfRun`; `interrupted`. */
export async function costShown(file: string, options: CostOptions, quiet = false): Promise<RunCost> {
  const progress = terminalProgress(quiet);
  try {
    const { costOfRun } = await import('../../runs/cost-of-run.js');
    return await untilStopped(
      (signal) => costOfRun(file, { ...options, signal, notify: progress.listen }),
      (name) =>
        new AssayError('interrupted', `stopped by ${name}`, {
          hint: 'nothing is kept of an estimate: ask again, with fewer examples to measure (--probe 32) or without --probe',
        }),
    );
  } finally {
    progress.end();
  }
}
