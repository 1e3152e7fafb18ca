import { join } from 'node:path';
import { csvText } from '../../csv-text.js';
import { npyPieces } from '../../data/arrays/npy.js';
import { exampleFile } from '../../report/example-file.js';
import { writeAtomically } from '../../report/output.js';
import type { ExampleArray, ExampleSheet, Summary } from '../../suites/contract.js';
import { piecesOf } from '../../suites/stored-column.js';
import { save } from '../folder/save-json.js';

/** A sheet with its place below the run folder. */
export interface PlacedSheet extends ExampleSheet {
  file: string;
}

/** What a suite gives: measures that name their sheets by where these are written. */
export type PlacedSummary = Pick<Summary, 'measures'> & { sheets: PlacedSheet[] };

/** Gives the sheets of each suite in turn a place, `examples/NAME.csv`: a name that occurs again gets a number. */
export function placeSheets(): (summary: Summary) => PlacedSummary {
  const nameOf = fileNames();
  return ({ measures, examples = [] }) => {
    const sheets = examples.map((sheet) => ({
      ...sheet,
      // Rows that can be gone through only once are needed twice: for comparisons, and to be written.
      rows: isOnce(sheet.rows) ? [...sheet.rows] : sheet.rows,
      file: `examples/${nameOf(sheet.name)}.csv`,
    }));
    const fileOf = new Map(sheets.map(({ name, file }) => [name, file]));
    return {
      sheets,
      measures: measures.map((measure) => {
        const sheet = fileOf.get(measure.rows?.sheet ?? '');
        return measure.rows && sheet ? { ...measure, rows: { ...measure.rows, sheet } } : measure;
      }),
    };
  };
}

const isOnce = (rows: Iterable<unknown>) => Object.is(rows[Symbol.iterator](), rows);

/**
 * Writes sheets to their places.
 * @param begun called before each of them
 * Errors: `output-unwritable`.
 */
export async function writeSheets(
  directory: string,
  sheets: readonly PlacedSheet[],
  begun: () => void,
): Promise<void> {
  for (const sheet of sheets) {
    begun();
    await save(join(directory, sheet.file), csvText(sheet.columns, sheet.rows));
  }
}

/** Writes arrays to `examples/NAME.npy`, as `writeSheets` writes sheets. */
export async function writeArrays(
  directory: string,
  arrays: readonly ExampleArray[],
  begun: () => void,
): Promise<void> {
  const nameOf = fileNames();
  for (const { name, array } of arrays) {
    begun();
    const file = join(directory, 'examples', `${nameOf(name)}.npy`);
    await writeAtomically(file, npyPieces(array.shape, piecesOf(array)));
  }
}

/** Names that a file system takes, no two of them equal, nor in all but case. */
function fileNames(): (wanted: string) => string {
  const taken = new Set<string>();
  return (wanted) => {
    const base = exampleFile(wanted);
    let name = base;
    for (let i = 2; taken.has(name.toLowerCase()); i++) name = `${base}-${i}`;
    taken.add(name.toLowerCase());
    return name;
  };
}
