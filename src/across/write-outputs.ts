import { join } from 'node:path';
import { writeAtomically } from '../report/output.js';
import { renderPage, withVisibleText } from '../report/render-page.js';
import { comparisonView, type FlipSource, shownFlips } from './comparison-view.js';
import { comparisonCsv, flipsCsv } from './csv.js';
import type { History } from './history.js';
import { historyCsv } from './history-text.js';
import { historyView } from './history-view.js';
import { examplePictures } from './pictures.js';
import type { RunComparison } from './run-comparison.js';
import type { RunFolder } from './run-folder.js';

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;

/**
 * Writes the page of a comparison, and its numbers as CSV and JSON.
 * @param runs those that were compared, for pictures
 * @returns where the page lies
 * Errors: `output-unwritable`.
 */
export async function writeComparison(
  out: string,
  comparison: RunComparison,
  runs: readonly RunFolder[],
): Promise<string> {
  const view = comparisonView(withVisibleText(comparison), await flipSources(comparison, runs));
  const page = await renderPage('comparison', view);
  return writeAll(out, {
    'comparison.html': page,
    'comparison.csv': comparisonCsv(comparison),
    'flips.csv': flipsCsv(comparison),
    'comparison.json': json(comparison),
  });
}

/** Writes the page of a history, and its numbers as CSV and JSON. As `writeComparison`. */
export async function writeHistory(out: string, history: History): Promise<string> {
  return writeAll(out, {
    'history.html': await renderPage('history', await historyView(withVisibleText(history))),
    'history.csv': historyCsv(history),
    'history.json': json(history),
  });
}

async function writeAll(out: string, files: Readonly<Record<string, string>>): Promise<string> {
  for (const [name, content] of Object.entries(files)) await writeAtomically(join(out, name), content);
  return join(out, Object.keys(files)[0]!);
}

/** Pictures and class names of the examples that flipped in each row. */
async function flipSources(
  { rows, flips, pairs }: RunComparison,
  runs: readonly RunFolder[],
): Promise<Map<number, FlipSource>> {
  const sources = new Map<number, FlipSource>();
  for (const at of new Set(flips.map(({ row }) => row))) {
    const { after } = pairs[rows[at]!.pair]!;
    const run = runs[after.run]!;
    const shown = shownFlips(flips.filter(({ row }) => row === at)).map(({ index }) => index);
    const { datasets, systems } = run.results;
    sources.set(at, {
      pictures: await examplePictures(run, rows[at]!.dataset, shown),
      classes: systems.find(({ name }) => name === after.model)?.classes ?? [],
      shape: datasets.find(({ name }) => name === rows[at]!.dataset)?.shape ?? [],
    });
  }
  return sources;
}
