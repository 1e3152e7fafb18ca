import { writeFile } from 'node:fs/promises';
import { zipSync } from 'fflate';
import { AssayError } from '../errors.js';
import type { NdArray } from './nd-array.js';
import { encodeNpy } from './npy.js';

/** Zip has no time zones: a fixed local time gives the same bytes everywhere. */
const EPOCH = new Date(1980, 0, 1);

/** The bytes of an .npz archive, compressed: the same arrays give the same bytes. */
export function encodeNpz(arrays: Readonly<Record<string, NdArray>>): Uint8Array {
  const entries = Object.entries(arrays).map(([name, array]) => [`${name}.npy`, encodeNpy(array)] as const);
  return zipSync(Object.fromEntries(entries), { level: 9, mtime: EPOCH });
}

/** Writes named arrays as NumPy's `savez_compressed` does. Errors: `output-unwritable`. */
export async function writeNpz(file: string, arrays: Readonly<Record<string, NdArray>>): Promise<void> {
  try {
    await writeFile(file, encodeNpz(arrays));
  } catch (cause) {
    throw new AssayError('output-unwritable', 'the archive could not be written', { file, cause });
  }
}
