import { join } from 'node:path';
import type { AssayError } from '../../errors.js';
import type { Results } from '../../suites/results.js';
import { builtinRunCatalogue } from '../asked/run-catalogue.js';
import { replaceOutputs } from '../folder/replace-outputs.js';
import { saveJson } from '../folder/save-json.js';
import type { Listener } from '../measuring/progress.js';
import { sealed } from '../plan/seal.js';
import { writeArrays, writeSheets } from './example-sheets.js';
import { assembleResults, type ResultsInput } from './results.js';

/** What a run came to. */
export interface Conclusion {
  results: Results;
  /** Why the results are partial. */
  failures: readonly AssayError[];
}

/**
 * Summarises what is measured and writes results.json, examples/, images/ and the report. With many examples this
 * takes minutes without a pause: `concludeApart` does it in a thread.
 * Errors: `output-unwritable`; `UnitLost`.
 */
export async function conclude(input: ResultsInput, out: string, notify: Listener): Promise<Conclusion> {
  const { results: made, sheets, arrays, failures } = await assembleResults(input, notify);
  // Plotting libraries take a third of a second to load: errors need not wait for them.
  const { savePictures } = await import('../../report/pictures.js');
  const { reportPieces, writeReport } = await import('../../report/write-report.js');
  const { renderers } = input.inventory.catalogue ?? builtinRunCatalogue;
  let done = 0;
  const of = made.suites.length + 1 + sheets.length + arrays.length + reportPieces(made, renderers);
  const begun = () => notify({ kind: 'stage', text: 'writing the report', done: done++, of });
  return replaceOutputs(out, async (aside) => {
    for (const suite of made.suites) {
      begun();
      suite.figures = await savePictures(aside, suite.figures);
    }
    const results = sealed(made);
    begun();
    await saveJson(join(aside, 'results.json'), results);
    await writeSheets(aside, sheets, begun);
    await writeArrays(aside, arrays, begun);
    await writeReport(aside, results, { begun, renderers });
    return { results, failures };
  });
}
