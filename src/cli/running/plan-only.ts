import type { CostOptions } from '../../runs/cost-of-run.js';
import { costJson, costText } from '../terminal/cost-text.js';
import { print } from '../terminal/terminal.js';
import { costShown } from './cost-shown.js';

/** Prints what a run would take. Errors: those of `costOfRun`. */
export async function printPlan(
  file: string,
  options: CostOptions,
  { json = false, quiet = false }: { json?: boolean | undefined; quiet?: boolean | undefined },
): Promise<void> {
  const cost = await costShown(file, options, quiet);
  print(json ? `${JSON.stringify(costJson(cost), null, 2)}\n` : costText(cost));
}
