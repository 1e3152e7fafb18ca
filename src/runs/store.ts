import { randomUUID } from 'node:crypto';
import { lstat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { disk } from '../bytes/disk.js';
import { makeFolder, syncFolder, writeDurably } from '../bytes/durable.js';
import { removeLeftovers } from '../bytes/leftovers.js';
import { readHead, readWhole } from '../bytes/regular-file.js';
import {
  decodeHead,
  decodeUnit,
  encodeUnit,
  headLength,
  type UnitHead,
  type UnitRecord,
} from './unit-file.js';
import { unwritable } from './unwritable.js';

/** Bytes that hold the header of most units. */
const FIRST = 4096;

const FOLDER = 'units';
const fileName = (key: string): string => `${key}.unit`;

/** Where a unit lies, from the run folder. */
export const unitFile = (key: string): string => join(FOLDER, fileName(key));

/** Where the finished units of a run lie, by key. Equal keys mean equal content: whoever writes one, wrote the same. */
export interface UnitStore {
  /**
   * What the unit says of itself; undefined when it is not there, or seen to be damaged. Its rows are not looked at:
   * `read` finds out whether they are whole.
   */
  head(key: string): Promise<UnitHead | undefined>;
  /** The unit, or undefined when it is not there or damaged. */
  read(key: string): Promise<UnitRecord | undefined>;
  /** Keeps a unit: it is there for good when this resolves. Errors: `output-unwritable`. */
  write(unit: UnitRecord): Promise<void>;
}

/**
 * The finished units of a run folder, one file each, named by key. A file appears under its name only when it is
 * complete and on the disk, so a killed process leaves no half unit; one that was damaged later is noticed by its
 * checksum and counts as missing. Processes may share a folder.
 */
export class FolderStore implements UnitStore {
  private kept = 0;
  /** Units that were read and found damaged: they count as missing until they are written anew. */
  private readonly damaged = new Set<string>();

  private constructor(private readonly folder: string) {}

  /** Errors: `output-unwritable`. */
  static async open(runFolder: string): Promise<FolderStore> {
    const folder = join(runFolder, FOLDER);
    try {
      await makeFolder(folder);
      // A process that was killed may have given names that are not on the disk yet: what is found is relied on.
      for (const named of [dirname(runFolder), runFolder, folder]) await syncFolder(named);
      await removeLeftovers(folder, /\.tmp$/);
    } catch (cause) {
      throw unwritable(folder, cause, 0);
    }
    return new FolderStore(folder);
  }

  /** One that is read only: its folder may be another's, or one that nobody may write to. */
  static reading(runFolder: string): Pick<UnitStore, 'head' | 'read'> {
    return new FolderStore(join(runFolder, FOLDER));
  }

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

  async write(unit: UnitRecord): Promise<void> {
    const file = this.file(unit.key);
    try {
      await this.clear(file);
      await writeDurably(file, encodeUnit(unit));
    } catch (cause) {
      throw unwritable(file, cause, this.kept);
    }
    this.kept++;
    this.damaged.delete(unit.key);
  }

  /** A folder with the name of a unit is moved aside, not removed: who made it may want what is in it. */
  private async clear(file: string): Promise<void> {
    const blocked = (await lstat(file).catch(() => undefined))?.isDirectory();
    if (blocked) await disk().rename(file, `${file}.aside-${randomUUID().slice(0, 8)}`);
  }

  private file(key: string): string {
    return join(this.folder, fileName(key));
  }
}
