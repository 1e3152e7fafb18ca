import { statSync } from 'node:fs';
import { join } from 'node:path';
import { hashOfFile } from '../bytes/file-hash.js';
import { isAbsent, readText } from '../bytes/regular-file.js';
import { interruption } from '../concurrency.js';
import { AssayError } from '../errors.js';
import { safeParts } from '../fetch/safe-path.js';
import type { PulledFile } from '../fetch/staging.js';
import type { NamedSet, PulledEntry } from './named-set.js';

export const RECORD = 'pulled.json';

/** What a folder says of the data set in it, which was pulled: written last, so that whatever has it is whole. */
export interface PullRecord {
  /** The data set's name. */
  set: string;
  /** What it was made of. */
  sources: readonly { name: string; size: number; sha256: string }[];
  /** What run files may say of it. */
  entries: readonly PulledEntry[];
  files: readonly PulledFile[];
}

/** The record of a set. */
export const recordOf = ({ name, files, entries }: NamedSet, made: readonly PulledFile[]): PullRecord => ({
  set: name,
  sources: files.map(({ name, size, sha256 }) => ({ name, size, sha256 })),
  entries,
  files: made,
});

/** What a folder says of the data set in it; undefined where it says nothing. Errors: `file-unreadable`, `file-malformed`. */
export async function readRecord(folder: string): Promise<PullRecord | undefined> {
  const file = join(folder, RECORD);
  const text = await readText(file, 'pullRecord').catch((error) => {
    if (isAbsent(error)) return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  try {
    const { set, sources, entries, files } = JSON.parse(text) as PullRecord;
    for (const { path, size } of files)
      if (safeParts(path, { file }).length === 0 || !(size >= 0)) throw new Error(path);
    return { set, sources: [...sources], entries: [...entries], files: [...files] };
  } catch (cause) {
    throw changed(folder, `${RECORD} is no record of a data set`, cause);
  }
}

/**
 * Checks that a pulled data set is what it was: every file by its size, or by its content.
 * Errors: `data-invalid`, `interrupted`.
 */
export async function checkPulled(
  folder: string,
  { sources, files }: PullRecord,
  set: NamedSet,
  { verify, signal }: { verify: boolean; signal: AbortSignal },
): Promise<void> {
  const same = ({ sha256 }: { sha256: string }, i: number) => sha256 === set.files[i]?.sha256;
  if (sources.length !== set.files.length || !sources.every(same))
    throw changed(folder, 'it was made of other files than are published now');
  for (const { path, size, sha256 } of files) {
    if (signal.aborted) throw interruption(signal);
    const file = join(folder, path);
    // Ten thousand files one after the other: waiting for each would take most of the time.
    const stats = statSync(file, { throwIfNoEntry: false });
    if (!stats) throw changed(folder, `${path} is missing`);
    if (stats.size !== size) throw changed(folder, `${path} has ${stats.size} bytes, not ${size}`);
    if (verify && (await hashOfFile(file)) !== sha256) throw changed(folder, `${path} has another content`);
  }
}

const changed = (folder: string, found: string, cause?: unknown) =>
  new AssayError('data-invalid', 'the data set is not as it was pulled', {
    file: folder,
    found,
    hint: 'remove the folder and pull it again, or name another one with --out',
    cause,
  });
