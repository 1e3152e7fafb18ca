import type { CostOptions } from '../runs/cost-of-run.js';
import { costJson, costText } from './cost-text.js';
import { print } from './terminal.js';
import { terminalProgress } from './terminal-progress.js';

/** Prints what a run would take. Errors: those of `costOfRun`. */
export async function printPlan(
  file: string,
  options: CostOptions,
  { json = false, quiet = false }: { json?: boolean | undefined; quiet?: boolean | undefined },
): Promise<void> {
  const progress = terminalProgress(quiet);
  try {
    const { costOfRun } = await import('../runs/cost-of-run.js');
    const cost = await costOfRun(file, { ...options, notify: progress.listen });
    progress.end();
    print(json ? `${JSON.stringify(costJson(cost), null, 2)}\n` : costText(cost));
  } finally {
    progress.end();
  }
}
