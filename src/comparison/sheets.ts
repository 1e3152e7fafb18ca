import { join } from 'node:path';
import { Readable } from 'node:stream';
import { malformed, openFile, pieces } from '../bytes/byte-source.js';
import type { ExampleSheet } from '../suites/contract.js';

/** A cell of a sheet: as a suite gives it, or as text of a CSV file. */
export type SheetCell = ExampleSheet['rows'] extends Iterable<readonly (infer C)[]> ? C : never;

/** A table with a row per example and condition. */
export interface Sheet {
  columns: readonly string[];
  rows: Iterable<readonly SheetCell[]> | AsyncIterable<readonly SheetCell[]>;
}

/** Sheets by their place below a run folder, `examples/accuracy.csv`; undefined where there is none. */
export type Sheets = (file: string) => Promise<Sheet | undefined>;

/** Sheets as suites gave them, before they are written. Their rows must be there more than once. */
export function sheetsInMemory(sheets: readonly (ExampleSheet & { file: string })[]): Sheets {
  const byFile = new Map(sheets.map((sheet) => [sheet.file, sheet]));
  return async (file) => byFile.get(file);
}

/** What results.json may name: it can come from elsewhere, and must not lead out of the run folder. */
const SHEET = /^examples\/[A-Za-z0-9_-]+\.csv$/;

/**
 * The sheets that a run has written, read from front to back.
 * Errors: `file-unreadable`; while rows are read, `file-malformed` with the line.
 */
export function sheetsIn(directory: string): Sheets {
  return async (file) => {
    if (!SHEET.test(file)) return undefined;
    const rows = recordsOf(join(directory, file));
    const { value: columns, done } = await rows.next();
    if (done) throw malformed({ file: join(directory, file) }, 'the sheet has no header line');
    return { columns, rows };
  };
}

async function* recordsOf(file: string): AsyncGenerator<string[]> {
  // Most runs compare with nothing.
  const { CsvError, parse } = await import('csv-parse');
  const source = await openFile(file);
  try {
    yield* Readable.from(pieces(source)).pipe(parse({ bom: true }));
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw malformed({ file, path: `line ${error.lines}` }, error.message, {
      hint: 'sheets of a run are not to be edited: run `assay run` again, it writes them from what it measured',
    });
  } finally {
    await source.close();
  }
}
