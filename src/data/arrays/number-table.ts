import { Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { type ByteSource, malformed, memorySource, type Place, pieces } from '../../bytes/byte-source.js';
import { AssayError } from '../../errors.js';
import { type ArraySource, arraySource } from './array-source.js';
import { hostIsLittleEndian } from './nd-array.js';

/** Longer lines are no table of numbers that a person or a program wrote. */
const MAX_RECORD = 2 ** 24;

/** A text file of numbers: (n, columns), and the names of the columns where the first line has them. */
export interface NumberTable {
  array: ArraySource;
  columns?: readonly string[];
}

/**
 * Reads rows of numbers parted by commas, semicolons, tabs or spaces; a first line that holds anything else, or
 * 0,1,2,... above decimals, names the columns. Held in memory as float64, 8 bytes a number. `nan` and `inf` are read as what they say.
 * @param column only this one, giving (n, 1)
 * Errors: `file-malformed` with the line; `data-invalid` for an unknown column.
 */
export async function readNumberTable(source: ByteSource, column?: string): Promise<NumberTable> {
  const { place } = source;
  let columns: string[] | undefined;
  let picked: number | undefined;
  let width = 0;
  let first: string[] | undefined;
  const values = new Growing();
  for await (const { cells, line } of records(source)) {
    if (width === 0) {
      width = cells.length;
      if (cells.some((cell) => numberIn(cell) === undefined)) columns = cells;
      picked = column === undefined ? undefined : columnAt(column, columns, place);
      if (columns) continue;
      first = cells;
    } else if (first) {
      // pandas numbers columns without names: a first line of 0,1,2,... above decimals is that.
      if (width > 1 && first.every((cell, c) => cell === String(c)) && cells.some(hasFraction))
        values.clear();
      first = undefined;
    }
    const at = { file: place.file, path: `line ${line}` };
    if (cells.length !== width)
      throw malformed(at, 'a line has another number of columns than the first', {
        expected: `${width}`,
        found: `${cells.length}`,
        hint: 'write one example per line, with a number for every class',
      });
    for (let c = 0; c < width; c++) {
      if (picked !== undefined && c !== picked) continue;
      const value = numberIn(cells[c]!);
      if (value === undefined)
        throw malformed(at, `column ${columns?.[c] || c + 1} does not hold a number`, {
          found: cells[c] === '' ? 'nothing' : cells[c]!.slice(0, 40),
          hint: 'write decimals with a point, and class names as numbers from 0',
        });
      values.push(value);
    }
  }
  const taken = picked === undefined ? width : 1;
  const data = values.take();
  const array = arraySource(memorySource(new Uint8Array(data.buffer, 0, data.byteLength), place), {
    shape: [taken === 0 ? 0 : data.length / taken, taken],
    dtype: 'f8',
    littleEndian: hostIsLittleEndian,
    dataOffset: 0,
  });
  return { array, ...(columns && picked === undefined && { columns }) };
}

interface TableRecord {
  cells: string[];
  /** Where it ends, from 1. */
  line: number;
}

/** The records of a table. Memory holds a piece of the file and one record. Errors: `file-malformed`. */
async function* records(source: ByteSource): AsyncGenerator<TableRecord> {
  const { file } = source.place;
  const delimiter = await delimiterOf(source);
  const parser = Readable.from(pieces(source)).pipe(
    parse({
      bom: true,
      delimiter,
      info: true,
      max_record_size: MAX_RECORD,
      relax_column_count: true,
      relax_quotes: true,
      skip_empty_lines: true,
      trim: true,
    }),
  );
  try {
    for await (const { record, info } of parser) {
      // Columns may be aligned by several spaces.
      const cells = delimiter === ' ' ? record.filter((cell: string) => cell !== '') : record;
      if (cells.length > 0) yield { cells, line: info.lines };
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const long = error.code === 'CSV_MAX_RECORD_SIZE';
    throw malformed({ file, path: `line ${error.lines}` }, long ? 'a line is too long' : error.message, {
      ...(long && { expected: `at most ${MAX_RECORD} characters` }),
      hint: long ? 'write one example a line' : 'write plain numbers, without quotes',
    });
  }
}

/** What separates the cells of the first line that has any. */
async function delimiterOf(source: ByteSource): Promise<string> {
  const start = await source.read(0, Math.min(source.size, 2 ** 20));
  const line = /\S.*/.exec(new TextDecoder().decode(start))?.[0] ?? '';
  return ['\t', ';', ','].find((one) => line.includes(one)) ?? ' ';
}

/** Numbers that become more; twice the room whenever it runs out. */
class Growing {
  private data = new Float64Array(1024);
  private length = 0;

  push(value: number): void {
    if (this.length === this.data.length) {
      const larger = new Float64Array(2 * this.length);
      larger.set(this.data);
      this.data = larger;
    }
    this.data[this.length++] = value;
  }

  clear(): void {
    this.length = 0;
  }

  take(): Float64Array {
    return this.data.subarray(0, this.length);
  }
}

const hasFraction = (cell: string): boolean => /[.e]/i.test(cell);

const SPECIAL: Record<string, number> = {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  '+inf': Number.POSITIVE_INFINITY,
  '-inf': Number.NEGATIVE_INFINITY,
};

/** The number that a cell says; undefined when it says none. */
function numberIn(cell: string): number | undefined {
  const value = cell === '' ? Number.NaN : Number(cell);
  if (!Number.isNaN(value)) return value;
  return SPECIAL[cell.toLowerCase()];
}

/** Errors: `data-invalid`. */
function columnAt(name: string, columns: readonly string[] | undefined, place: Place): number {
  const at = columns?.indexOf(name) ?? -1;
  if (at >= 0) return at;
  throw new AssayError('data-invalid', `the file has no column "${name}"`, {
    ...place,
    expected: columns ? `one of ${columns.join(', ').slice(0, 200)}` : 'a first line that names the columns',
    found: columns ? name : 'numbers in the first line',
    hint: 'name the column as the first line does, or write the column to a file of its own',
  });
}
