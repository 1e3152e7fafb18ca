import { join } from 'node:path';
import { pipeline, Readable } from 'node:stream';
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
    const path = join(directory, file);
    for await (const columns of recordsOf(path, 1)) return { columns, rows: rowsOf(path) };
    throw malformed({ file: path }, 'the sheet has no header line');
  };
}

/** What comes after the header. The file is open only while rows are read: of some sheets nobody wants any. */
async function* rowsOf(file: string): AsyncGenerator<string[]> {
  let header = true;
  for await (const cells of recordsOf(file)) {
    if (!header) yield cells;
    header = false;
  }
}

async function* recordsOf(file: string, to?: number): AsyncGenerator<string[]> {
  // Most runs compare with nothing.
  const { CsvError, parse } = await import('csv-parse');
  const source = await openFile(file);
  try {
    // The callback is a must; the error itself arrives through the iteration.
    yield* pipeline(Readable.from(pieces(source)), parse({ bom: true, to }), () => {});
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw malformed({ file, path: `line ${error.lines}` }, error.message, {
      hint: 'sheets of a run are not to be edited: run `assay run` again, it writes them from what it measured',
    });
  } finally {
    await source.close();
  }
}
