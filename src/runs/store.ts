import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readWhole } from '../bytes/regular-file.js';
import { AssayError } from '../errors.js';
import { decodeUnit, encodeUnit, type UnitRecord } from './unit-file.js';

/** A temporary file this old belongs to a process that died. */
const STALE_MS = 60 * 60 * 1000;

/**
 * The finished units of a run folder, one file each, named by key. A file appears under its name only when it is
 * complete and on the disk, so a killed process leaves no half unit; one that was damaged later is noticed by its
 * checksum and counts as missing. Equal keys mean equal content, so processes may share a folder.
 */
export class UnitStore {
  private kept = 0;

  private constructor(private readonly folder: string) {}

  /** Errors: `output-unwritable`. */
  static async open(runFolder: string): Promise<UnitStore> {
    const folder = join(runFolder, 'units');
    try {
      await mkdir(folder, { recursive: true });
      await removeStale(folder, /\.tmp$/);
    } catch (cause) {
      throw unwritable(folder, cause, 0);
    }
    return new UnitStore(folder);
  }

  /** The unit, or undefined when it is not there or damaged. */
  async read(key: string): Promise<UnitRecord | undefined> {
    let bytes: Buffer;
    try {
      bytes = await readWhole(this.file(key), 'unit');
    } catch {
      return undefined;
    }
    return decodeUnit(bytes, key);
  }

  /** Errors: `output-unwritable` (disk full, read-only, no permission). */
  async write(unit: UnitRecord): Promise<void> {
    const temporary = join(this.folder, `${unit.key}.${process.pid}-${randomUUID().slice(0, 8)}.tmp`);
    try {
      const handle = await open(temporary, 'wx');
      try {
        await handle.writeFile(encodeUnit(unit));
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(temporary, this.file(unit.key));
    } catch (cause) {
      await rm(temporary, { force: true }).catch(() => undefined);
      throw unwritable(this.file(unit.key), cause, this.kept);
    }
    this.kept++;
  }

  private file(key: string): string {
    return join(this.folder, `${key}.unit`);
  }
}

/** Removes temporary files that processes left in a folder when they died. @param ours tells them by name */
export async function removeStale(folder: string, ours: RegExp): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!ours.test(name)) continue;
    const file = join(folder, name);
    const { mtimeMs } = await stat(file).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > STALE_MS) await rm(file, { force: true });
  }
}

const remedies: Record<string, string> = {
  ENOSPC: 'free some space on that disk',
  EDQUOT: 'free some of your quota',
  EFBIG: 'files that large are not allowed there: see `ulimit -f`',
  EROFS: 'that disk is read-only: choose another folder with --out',
  EACCES: 'you may not write there: choose another folder with --out',
  EPERM: 'you may not write there: choose another folder with --out',
  ENOTDIR: 'a part of that path is a file: choose another folder with --out',
  EEXIST: 'a part of that path is a file: choose another folder with --out',
};

/** What every failed write becomes. @param kept units that this process has written; undefined: all of them */
export function unwritable(file: string, cause: unknown, kept?: number): AssayError {
  const { code = '', message = String(cause) } = cause as NodeJS.ErrnoException;
  return new AssayError('output-unwritable', 'the output cannot be written', {
    file,
    found: message,
    hint: `${remedies[code] ?? 'check the disk and its permissions'}, then run the same command again: ${keptText(kept)}`,
    cause,
  });
}

function keptText(kept: number | undefined): string {
  if (kept === undefined) return 'everything measured is kept';
  return kept === 1 ? 'the unit measured so far is kept' : `the ${kept} units measured so far are kept`;
}
