import { readdir, stat } from 'node:fs/promises';
import { openFile } from '../bytes/byte-source.js';
import { checkConfined } from '../bytes/confine.js';
import { isZip } from '../bytes/magic.js';
import { noteFolder } from '../bytes/read-log.js';
import { readHead, unreadable } from '../bytes/regular-file.js';
import { zipMembers } from '../bytes/zip.js';
import { AssayError } from '../errors.js';
import type { Registry } from '../registry.js';
import { dataFormats } from './formats/registry.js';
import { isShardPattern } from './formats/shard-paths.js';
import type { DataFormat, PathHead } from './source.js';
import type { DatasetSpec } from './spec.js';

/** Looks at a path. Errors: `file-unreadable`, `file-malformed`. */
async function headOf(path: string): Promise<PathHead> {
  checkConfined(path);
  // Each of its files is looked at when it is opened.
  if (isShardPattern(path)) return { path, start: new Uint8Array() };
  try {
    if ((await stat(path)).isDirectory()) {
      noteFolder(path);
      return { path, entries: await readdir(path), start: new Uint8Array() };
    }
    const { start } = await readHead(path, 16);
    return isZip(start) ? { path, start, members: await membersOf(path) } : { path, start };
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/** What tells archives of one kind from those of another. Errors: `file-malformed`. */
async function membersOf(path: string): Promise<string[]> {
  const source = await openFile(path);
  try {
    return (await zipMembers(source, { sumsOptional: true })).map(({ name }) => name);
  } finally {
    await source.close();
  }
}

/**
 * The format that a data set names, or that its content shows.
 * Errors: `unknown-name`, `file-unreadable`, `file-malformed`.
 */
export async function formatOf(
  { path, format }: DatasetSpec,
  formats: Registry<DataFormat> = dataFormats,
): Promise<DataFormat> {
  if (format) return formats.named(format);
  const head = await headOf(path);
  const row = [...formats].find((one) => one.recognises(head));
  if (row) return row;
  const empty = head.entries ? head.entries.length === 0 : head.start.length === 0;
  throw new AssayError('file-malformed', 'this is not a data set of any known format', {
    file: path,
    expected: [...formats].map(({ title }) => title).join(', '),
    found: empty ? `an empty ${head.entries ? 'folder' : 'file'}` : undefined,
    hint: 'say which with `format`, or convert the data to .npz',
  });
}
