import { statSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { makeFolder } from '../bytes/durable.js';
import { removeLeftovers, temporaryName } from '../bytes/leftovers.js';
import { limits } from '../bytes/limits.js';
import { readText } from '../bytes/regular-file.js';
import { Type } from '../config/type.js';
import { check } from '../config/validate.js';
import { Staging, unwritable } from './staging.js';
import { unpack } from './unpack.js';

/** What an unpacked archive was when it was unpacked. */
const RECORD = 'unpacked.json';
const Files = Type.Array(
  Type.Object({ path: Type.String(), size: Type.Integer(), sha256: Type.String() }, { title: 'file' }),
);

/** Where the files of an archive lie in the folder that it was unpacked into. */
export const filesOf = (folder: string): string => join(folder, 'files');

/** Whether an archive was unpacked here, and every file has the size it had. */
export async function isUnpacked(folder: string): Promise<boolean> {
  const file = join(folder, RECORD);
  try {
    const files = check(Files, JSON.parse(await readText(file, 'unpackedRecord')), { file, what: 'record' });
    return files.every(
      ({ path, size }) => statSync(join(folder, path), { throwIfNoEntry: false })?.size === size,
    );
  } catch {
    return false;
  }
}

/**
 * Unpacks an archive; the folder gets its name when it is whole.
 * Errors: `file-malformed`, `output-unwritable`, `interrupted`.
 */
export async function unpackWhole(archive: string, folder: string, signal: AbortSignal): Promise<void> {
  const parent = dirname(folder);
  const name = basename(folder);
  await removeLeftovers(parent, new RegExp(`^${name}\\.[^.]+\\.tmp$`)).catch(() => undefined);
  const staging = new Staging(temporaryName(folder), limits.unpacked.value, signal);
  try {
    await makeFolder(filesOf(staging.folder)).catch((cause) => {
      throw unwritable(staging.folder, cause);
    });
    await unpack(archive, (path) => `files/${path}`, staging);
    await staging.text(RECORD, JSON.stringify(staging.files));
    await rm(folder, { recursive: true, force: true });
    await rename(staging.folder, folder).catch((cause) => {
      throw unwritable(folder, cause);
    });
  } catch (error) {
    await rm(staging.folder, { recursive: true, force: true }).catch(() => undefined);
    throw error;
  }
}
