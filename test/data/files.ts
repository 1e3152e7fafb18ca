import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from 'vitest';
import { encodeNpy } from '../../src/data/arrays/npy.js';
import type { Examples } from '../../src/data/dataset.js';
import { openDataset } from '../../src/data/open.js';
import type { DatasetSpec } from '../../src/data/spec.js';
import { AssayError } from '../../src/errors.js';

/** A folder that is removed after the tests of the file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'assay-data-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes a file and the folders above it. */
export function put(folder: string, name: string, content: Uint8Array | string): string {
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  return file;
}

/** All examples of a data set, and what is known of it. */
export async function readAll(directory: string, spec: DatasetSpec) {
  const dataset = await openDataset('set', spec, { directory });
  try {
    return { info: dataset.info, ...(await dataset.read(0, dataset.info.size)) };
  } finally {
    await dataset.close();
  }
}

/** What went wrong; anything but an AssayError with a place fails the test. */
export async function errorOf(attempt: Promise<unknown>): Promise<AssayError> {
  try {
    await attempt;
  } catch (error) {
    if (!(error instanceof AssayError)) throw error;
    if (!error.details.file && !error.details.path) throw new Error(`no place in: ${error.explain()}`);
    return error;
  }
  throw new Error('nothing was refused');
}

/** Levels of 0 to 255 again. */
export const levels = ({ pixels }: Pick<Examples, 'pixels'>) =>
  Array.from(pixels, (v) => Math.round(255 * v));

export const bytes = (n: number, from = 0) => Uint8Array.from({ length: n }, (_, i) => (from + 7 * i) % 256);

/** An IDX file: two zero bytes, type, rank, big-endian sizes, data. */
export function idx(shape: number[], data: Uint8Array, type = 8): Buffer {
  const head = Buffer.alloc(4 + 4 * shape.length);
  head[2] = type;
  head[3] = shape.length;
  for (const [axis, size] of shape.entries()) head.writeUInt32BE(size, 4 + 4 * axis);
  return Buffer.concat([head, data]);
}

/** A .npy file with a header of one's own, for headers that no writer would make. */
export function npyWith(header: string, data = new Uint8Array(), version = 1): Uint8Array {
  const text = Buffer.from(`${header}\n`, 'latin1');
  const start = Buffer.alloc(version === 1 ? 10 : 12);
  start.write('\x93NUMPY', 0, 'latin1');
  start[6] = version;
  if (version === 1) start.writeUInt16LE(text.length, 8);
  else start.writeUInt32LE(text.length, 8);
  return Buffer.concat([start, text, data]);
}

export const npy = (shape: number[], data: Parameters<typeof encodeNpy>[0]['data']) =>
  encodeNpy({ shape, data });
