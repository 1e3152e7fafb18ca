import { AssayError } from '../errors.js';
import { type ArraySource, arraySource } from './array-source.js';
import { type ByteSource, malformed, memorySource, type Place, pieces } from './byte-source.js';
import { hostIsLittleEndian } from './nd-array.js';

/** Longer lines are no table of numbers that a person or a program wrote. */
const MAX_LINE = 2 ** 24;

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
  let split: ((line: string) => string[]) | undefined;
  let columns: string[] | undefined;
  let picked: number | undefined;
  let width = 0;
  let first: string[] | undefined;
  const values = new Growing();
  for await (const { text, number } of lines(source)) {
    if (text.trim() === '') continue;
    split ??= splitterFor(text);
    const cells = split(text).map(unquoted);
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
    const at = { file: place.file, path: `line ${number}` };
    if (cells.length !== width)
      throw malformed(at, 'a line has another number of columns than the first', {
        expected: `${width}`,
        found: `${cells.length}`,
        hint: 'write one example a line, with a number for every class',
      });
    for (let c = 0; c < width; c++) {
      if (picked !== undefined && c !== picked) continue;
      const value = numberIn(cells[c]);
      if (value === undefined)
        throw malformed(at, `column ${columns?.[c] || c + 1} does not hold a number`, {
          found: cells[c] === '' ? 'nothing' : cells[c].slice(0, 40),
          hint: 'decimals take a point; class names must be written as numbers from 0',
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

/** Lines with their numbers from 1. Memory holds a piece of the file and one line. */
async function* lines(source: ByteSource): AsyncGenerator<{ text: string; number: number }> {
  const decoder = new TextDecoder('utf-8');
  let rest = '';
  let number = 0;
  for await (const piece of pieces(source)) {
    const parts = (rest + decoder.decode(piece, { stream: true })).split(/\r?\n/);
    rest = parts.pop() ?? '';
    if (rest.length > MAX_LINE || parts.some(({ length }) => length > MAX_LINE))
      throw malformed({ file: source.place.file, path: `line ${number + 1}` }, 'a line is too long', {
        expected: `at most ${MAX_LINE} characters`,
        hint: 'write one example a line',
      });
    for (const text of parts) yield { text, number: ++number };
  }
  yield { text: rest + decoder.decode(), number: number + 1 };
}

function splitterFor(line: string): (line: string) => string[] {
  const separator = ['\t', ';', ','].find((one) => line.includes(one));
  return separator ? (text) => text.split(separator) : (text) => text.trim().split(/\s+/);
}

const unquoted = (cell: string): string => cell.trim().replace(/^"(.*)"$/, '$1');

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
