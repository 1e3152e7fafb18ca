import path from 'node:path';
import type { Results } from '../suites/results.js';
import { writeAtomically } from './output.js';
import { renderers } from './renderers.js';

/**
 * Renders results into a run folder: `report.html`, `measures.csv`, `tables/*.tex`. Reads nothing but the
 * results and the images they name, so a report can be made again at any time.
 * Errors: `output-unwritable`; `file-unreadable` when the installed templates are missing.
 */
export async function writeReport(directory: string, results: Results): Promise<void> {
  for (const render of Object.values(renderers)) {
    for (const file of await render(results, directory)) {
      await writeAtomically(path.join(directory, file.path), file.content);
    }
  }
}
