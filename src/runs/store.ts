import { randomUUID } from 'node:crypto';
import { lstat, mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { removeLeftovers, temporaryName } from '../bytes/leftovers.js';
import { readHead, readWhole } from '../bytes/regular-file.js';
import { AssayError } from '../errors.js';
import {
  decodeHead,
  decodeUnit,
  encodeUnit,
  headLength,
  type UnitHead,
  type UnitRecord,
} from './unit-file.js';

/** Bytes that hold the header of most units. */
const FIRST = 4096;

const FOLDER = 'units';
const fileName = (key: string): string => `${key}.unit`;

/** Where a unit lies, from the run folder. */
export const unitFile = (key: string): string => join(FOLDER, fileName(key));

/**
 * The finished units of a run folder, one file each, named by key. A file appears under its name only when it is
 * complete and on the disk, so a killed process leaves no half unit; one that was damaged later is noticed by its
 * checksum and counts as missing. Equal keys mean equal content, so processes may share a folder.
 */
export class UnitStore {
  private kept = 0;
  /** Units that were read and found damaged: they count as missing until they are written anew. */
  private readonly damaged = new Set<string>();

  private constructor(private readonly folder: string) {}

  /** Errors: `output-unwritable`. */
  static async open(runFolder: string): Promise<UnitStore> {
    const folder = join(runFolder, FOLDER);
    try {
      await mkdir(folder, { recursive: true });
      await removeLeftovers(folder, /\.tmp$/);
    } catch (cause) {
      throw unwritable(folder, cause, 0);
    }
    return new UnitStore(folder);
  }

  /**
   * What the unit says of itself; undefined when it is not there, or seen to be damaged. Its rows are not looked at:
   * `read` finds out whether they are whole.
   */
  async head(key: string): Promise<UnitHead | undefined> {
    if (this.damaged.has(key)) return undefined;
    try {
      const first = await readHead(this.file(key), FIRST);
      const length = headLength(first.start) ?? 0;
      const { start, size } = length > FIRST ? await readHead(this.file(key), length) : first;
      return decodeHead(start, size, key);
    } catch {
      return undefined;
    }
  }

  /** The unit, or undefined when it is not there or damaged. */
  async read(key: string): Promise<UnitRecord | undefined> {
    let unit: UnitRecord | undefined;
    try {
      unit = decodeUnit(await readWhole(this.file(key), 'unit'), key);
    } catch {
      // As good as damaged.
    }
    if (unit) this.damaged.delete(key);
    else this.damaged.add(key);
    return unit;
  }

  /** Errors: `output-unwritable` (disk full, read-only, no permission). */
  async write(unit: UnitRecord): Promise<void> {
    const temporary = join(this.folder, temporaryName(unit.key));
    try {
      const handle = await open(temporary, 'wx');
      try {
        await handle.writeFile(encodeUnit(unit));
        await handle.sync();
      } finally {
        await handle.close();
      }
      await this.place(temporary, this.file(unit.key));
    } catch (cause) {
      await rm(temporary, { force: true }).catch(() => undefined);
      throw unwritable(this.file(unit.key), cause, this.kept);
    }
    this.kept++;
    this.damaged.delete(unit.key);
  }

  /** A folder with the name of a unit is moved aside, not removed: who made it may want what is in it. */
  private async place(temporary: string, file: string): Promise<void> {
    const blocked = (await lstat(file).catch(() => undefined))?.isDirectory();
    if (blocked) await rename(file, `${file}.aside-${randomUUID().slice(0, 8)}`);
    await rename(temporary, file);
  }

  private file(key: string): string {
    return join(this.folder, fileName(key));
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
