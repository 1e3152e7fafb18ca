import { writeFile } from 'node:fs/promises';
import { zipSync } from 'fflate';
import { type ByteSource, malformed, memorySource, openFile } from '../../bytes/byte-source.js';
import { type ZipMember, zipMembers } from '../../bytes/zip.js';
import { AssayError } from '../../errors.js';
import type { NdArray } from './nd-array.js';
import { decodeNpy, encodeNpy } from './npy.js';

/** Zip has no time zones: a fixed local time gives the same bytes everywhere. */
const EPOCH = new Date(1980, 0, 1);
/** What `readNpz` holds in memory at most. Data sets are streamed instead. */
const MAX_WHOLE = 2 ** 31;

export interface NpzOptions {
  /** Stored archives are read by ranges where they lie. Default: true. */
  compress?: boolean;
}

/** The bytes of an .npz archive: the same arrays give the same bytes. */
export function encodeNpz(
  arrays: Readonly<Record<string, NdArray>>,
  { compress = true }: NpzOptions = {},
): Uint8Array {
  const entries = Object.entries(arrays).map(([name, array]) => [`${name}.npy`, encodeNpy(array)] as const);
  return zipSync(Object.fromEntries(entries), { level: compress ? 9 : 0, mtime: EPOCH });
}

/** Writes named arrays as NumPy's `savez_compressed` (or `savez`) does. Errors: `output-unwritable`. */
export async function writeNpz(
  file: string,
  arrays: Readonly<Record<string, NdArray>>,
  options: NpzOptions = {},
): Promise<void> {
  try {
    await writeFile(file, encodeNpz(arrays, options));
  } catch (cause) {
    throw new AssayError('output-unwritable', 'the archive could not be written', { file, cause });
  }
}

/** The arrays of an archive by name. Errors: `file-malformed`, also when a name occurs twice. */
export async function npzMembers(source: ByteSource): Promise<Map<string, ZipMember>> {
  const arrays = new Map<string, ZipMember>();
  for (const member of await zipMembers(source)) {
    const name = /^(.+)\.npy$/.exec(member.name)?.[1];
    if (name === undefined) continue;
    if (arrays.has(name))
      throw malformed({ file: source.place.file, path: member.name }, 'the archive has this array twice');
    arrays.set(name, member);
  }
  return arrays;
}

/** All arrays of an archive, whole; at most 2 GiB. Errors: `file-malformed`. */
export async function decodeNpz(source: ByteSource): Promise<Record<string, NdArray>> {
  const members = await npzMembers(source);
  const total = [...members.values()].reduce((sum, { size }) => sum + size, 0);
  if (total > MAX_WHOLE)
    throw malformed(source.place, 'the archive is too large to be read whole', {
      expected: `at most ${MAX_WHOLE} bytes`,
      found: `${total} bytes`,
    });
  const arrays: [string, NdArray][] = [];
  for (const [name, member] of members) {
    const bytes = await member.open();
    try {
      arrays.push([name, await decodeNpy(bytes)]);
    } finally {
      await bytes.close();
    }
  }
  return Object.fromEntries(arrays);
}

/** Reads an archive, whole; at most 2 GiB. Errors: `file-unreadable`, `file-malformed`. */
export async function readNpz(file: string | Uint8Array): Promise<Record<string, NdArray>> {
  const source =
    typeof file === 'string' ? await openFile(file) : memorySource(file, { file: '(bytes in memory)' });
  try {
    return await decodeNpz(source);
  } finally {
    await source.close();
  }
}
