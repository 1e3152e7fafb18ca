import { dirname, resolve } from 'node:path';
import { CsvError } from 'csv-parse';
import { parse } from 'csv-parse/sync';
import { malformed } from '../bytes/byte-source.js';
import { readWhole } from '../bytes/regular-file.js';
import { textOf } from './files.js';
import { shown } from './s-expressions.js';

/** A network, what is asked of it, and for how long. */
export interface Instance {
  /** As written, for results. */
  onnx: string;
  vnnlib: string;
  /** Where they lie. */
  network: string;
  property: string;
  seconds: number;
}

/**
 * Reads the list of instances of a competition's category: network, property and seconds a line, without a header; paths start
 * at the folder of the list.
 * @param seconds for all, instead of what the lines say
 * Errors: `file-unreadable`; `file-malformed` with the line.
 */
export async function readInstances(file: string, seconds?: number): Promise<Instance[]> {
  const bytes = await readWhole(file, 'instances');
  const text = textOf(
    file,
    bytes,
    'name the list of a category, instances.csv, which says NETWORK.onnx,PROPERTY.vnnlib,SECONDS a line',
  );
  const folder = dirname(resolve(file));
  const records = recordsOf(file, text);
  if (records.length === 0)
    throw malformed({ file }, 'the list holds no instances', {
      expected: 'NETWORK.onnx,PROPERTY.vnnlib,SECONDS a line',
      hint: 'write such a line for each property, without a header, or name the list of a category: instances.csv',
    });
  return records.map(({ record, info }): Instance => {
    const refuse = (found: string) =>
      malformed({ file, path: `line ${info.lines}` }, 'this line is no instance', {
        expected: 'NETWORK.onnx,PROPERTY.vnnlib,SECONDS with seconds above 0',
        found,
        hint: 'the list has no header; give seconds for all with --timeout where they are missing',
      });
    const [onnx = '', vnnlib = '', limit = '', ...rest] = record;
    if (onnx === '' || vnnlib === '' || rest.length > 0) throw refuse(`${record.length} cells`);
    if (onnx.includes('\0') || vnnlib.includes('\0')) throw refuse('a path with a zero byte');
    const own = /^\d+(\.\d+)?$/.test(limit) ? Number(limit) : Number.NaN;
    const allowed = seconds ?? own;
    if (!(allowed > 0 && allowed <= MOST_SECONDS)) throw refuse(`"${shown(limit)}" seconds`);
    return {
      onnx,
      vnnlib,
      network: resolve(folder, onnx),
      property: resolve(folder, vnnlib),
      seconds: allowed,
    };
  });
}

/** What a timer can wait. */
export const MOST_SECONDS = 2_000_000;

/** A line of a list, and where it stands. */
interface Line {
  record: string[];
  info: { lines: number };
}

/** The records of a CSV, without those that are empty. Errors: `file-malformed` with the line. */
export function recordsOf(file: string, text: string): Line[] {
  try {
    return parse(text, {
      bom: true,
      trim: true,
      info: true,
      relaxColumnCount: true,
      skipEmptyLines: true,
    }) as unknown as Line[];
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    throw malformed({ file, path: `line ${cause.lines ?? '?'}` }, 'the list is no CSV', {
      found: cause.message,
      cause,
    });
  }
}
