import path from 'node:path';
import type { Results } from '../suites/results.js';
import { writeAtomically } from './output.js';
import { renderers } from './renderers.js';

/**
 * Renders results into a run folder: `report.html`, `measures.csv`, `tables/*.tex`. Reads nothing but the
 * results and the images they name, so a report can be made again at any time.
 * @param begun called before each figure is drawn and each format is written, `reportPieces` times in all
 * Errors: `output-unwritable`; `file-unreadable` when the installed templates are missing.
 */
export async function writeReport(
  directory: string,
  results: Results,
  begun: () => void = () => undefined,
): Promise<void> {
  for (const render of Object.values(renderers)) {
    begun();
    for (const file of await render(results, directory, begun)) {
      await writeAtomically(path.join(directory, file.path), file.content);
    }
  }
}

/** In how many pieces `writeReport` does its work: figures take the time. */
export function reportPieces({ suites }: Results): number {
  return Object.keys(renderers).length + suites.reduce((sum, { figures }) => sum + figures.length, 0);
}
