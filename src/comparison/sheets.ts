import { join } from 'node:path';
import { malformed, openFile, pieces } from '../bytes/byte-source.js';
import { csvPlaces, type RecordBlock, type Suspicion } from '../csv-places.js';
import { cellsOf, csvRecords } from '../csv-records.js';
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
 * Errors: `file-unreadable`; while rows are read, `file-malformed` with the record.
 */
export function sheetsIn(directory: string): Sheets {
  return async (file) => {
    const written = await writtenSheet(directory, file);
    return written && { columns: written.columns, rows: written.rows() };
  };
}

/** A sheet as it lies in a run folder. */
export interface WrittenSheet {
  columns: readonly string[];
  /** The cells of each record after the header. The file is open only while they are read. Errors: `file-malformed`. */
  rows(): AsyncIterable<readonly string[]>;
  /** The same records as places in the file. Errors: `file-malformed`. */
  places(): AsyncIterable<RecordBlock>;
}

/** Undefined where no sheet can lie there. Errors: `file-unreadable`; `file-malformed`. */
export async function writtenSheet(directory: string, file: string): Promise<WrittenSheet | undefined> {
  if (!SHEET.test(file)) return undefined;
  const path = join(directory, file);
  for await (const [header] of recordsOf(path, false)) {
    const columns = header === undefined ? undefined : cellsOf(header);
    if (!columns) break;
    const whole = (record: string, number: number) => {
      const cells = cellsOf(record);
      if (cells?.length === columns.length) return cells;
      throw malformed({ file: path, path: `record ${number}` }, 'a row of the sheet is not whole', {
        expected: `${columns.length} cells, as the header has`,
        found: cells ? `${cells.length}` : 'a quote without its partner',
        hint: 'sheets of a run are not to be edited: run `assay run` again, it writes them from what it measured',
      });
    };
    return {
      columns,
      rows: () => rowsOf(path, whole),
      places: () => placesOf(path, columns.length, whole),
    };
  }
  throw malformed({ file: path }, 'the sheet has no header line');
}

async function* rowsOf(
  file: string,
  whole: (record: string, number: number) => string[],
): AsyncGenerator<string[]> {
  let number = 0;
  for await (const some of recordsOf(file, true)) for (const record of some) yield whole(record, ++number);
}

async function* placesOf(file: string, columns: number, whole: Suspicion): AsyncGenerator<RecordBlock> {
  const source = await openFile(file);
  try {
    yield* csvPlaces(pieces(source), columns, whole);
  } finally {
    await source.close();
  }
}

async function* recordsOf(file: string, afterHeader: boolean): AsyncGenerator<string[]> {
  const source = await openFile(file);
  let header = afterHeader;
  try {
    for await (const records of csvRecords(pieces(source))) {
      if (records.length === 0) continue;
      yield header ? records.slice(1) : records;
      header = false;
    }
  } finally {
    await source.close();
  }
}
