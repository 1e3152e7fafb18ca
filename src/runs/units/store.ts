import { randomUUID } from 'node:crypto';
import { lstat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { disk } from '../../bytes/disk.js';
import { makeFolder, syncFolder, writeDurably } from '../../bytes/durable.js';
import { removeLeftovers } from '../../bytes/leftovers.js';
import { isAbsent, readHead } from '../../bytes/regular-file.js';
import type { Numbers } from '../../suites/columns.js';
import { UNITS } from '../folder/run-folder.js';
import { unwritable } from '../folder/unwritable.js';
import { readUnit, readUnitSync, type Wanted } from './read-unit.js';
import { decodeHead, encodeUnit, headLength, type UnitHead, type UnitRecord } from './unit-file.js';

/** Bytes that hold the header of most units. */
const FIRST = 4096;

const fileName = (key: string): string => `${key}.unit`;

/** The key that a file of a unit is named by; undefined for other files. */
export const keyOfUnitFile = (name: string): string | undefined => /^([^.]+)\.unit$/.exec(name)?.[1];

/** Where a unit lies, from the run folder. */
export const unitFile = (key: string): string => join(UNITS, fileName(key));

/** Where the finished units of a run lie, by key. Equal keys mean equal content: whoever writes one, wrote the same. */
export interface UnitStore {
  /**
   * What the unit says of itself; undefined when it is not there, or seen to be damaged. Its rows are not looked at:
   * `read` finds out whether they are whole.
   */
  head(key: string): Promise<UnitHead | undefined>;
  /**
   * The unit, or undefined when it is not there or damaged.
   * @param wanted the columns that it is read for: others may be missing in its rows. Default: all
   */
  read(key: string, wanted?: Wanted): Promise<UnitRecord | undefined>;
  /**
   * A column of a unit that was read before, without waiting: null where it has no such column, undefined where the unit is
   * gone or damaged. Stores that cannot do without waiting have none.
   */
  column?(key: string, name: string): Numbers | null | undefined;
  /** Keeps a unit: it is there for good when this resolves. Errors: `output-unwritable`. */
  write(unit: UnitRecord): Promise<void>;
}

/** Why a file cannot be read that may be as it should: to measure its unit again would be to lose it. */
const PASSING = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EIO', 'ESTALE', 'ETIMEDOUT', 'EAGAIN']);

/**
 * The finished units of a run folder, one file each, named by key. A file appears under its name only when it is
 * complete and on the disk, so a killed process leaves no half unit; one that was damaged later is noticed by its
 * checksum, set aside, and counts as missing. Processes may share a folder.
 */
export class FolderStore implements UnitStore {
  private kept = 0;
  /** Units that were found damaged, or that may not be read: they count as missing until they are written anew. */
  private readonly damaged = new Set<string>();

  private constructor(
    private readonly folder: string,
    /** Absent: nothing may be changed. */
    private readonly tell?: (text: string) => void,
  ) {}

  /** @param tell of units that were found damaged, once each. Errors: `output-unwritable`. */
  static async open(runFolder: string, tell: (text: string) => void = () => undefined): Promise<FolderStore> {
    const folder = join(runFolder, UNITS);
    try {
      await makeFolder(folder);
      // A process that was killed may have given names that are not on the disk yet: what is found is relied on.
      for (const named of [dirname(runFolder), runFolder, folder]) await syncFolder(named);
      await removeLeftovers(folder, /\.tmp$/);
    } catch (cause) {
      throw unwritable(folder, cause, 0);
    }
    return new FolderStore(folder, tell);
  }

  /** One that is read only: its folder may be another's, or one that nobody may write to. */
  static reading(runFolder: string): Pick<UnitStore, 'head' | 'read'> {
    return new FolderStore(join(runFolder, UNITS));
  }

  async head(key: string): Promise<UnitHead | undefined> {
    if (this.damaged.has(key)) return undefined;
    return this.whole(key, async (file) => {
      const first = await readHead(file, FIRST);
      const length = headLength(first.start) ?? 0;
      const { start, size } = length > FIRST ? await readHead(file, length) : first;
      return decodeHead(start, size, key);
    });
  }

  async read(key: string, wanted?: Wanted): Promise<UnitRecord | undefined> {
    const unit = await this.whole(key, (file) => readUnit(file, key, wanted));
    if (unit) this.damaged.delete(key);
    return unit;
  }

  column(key: string, name: string): Numbers | null | undefined {
    try {
      const unit = readUnitSync(this.file(key), key, (column) => column.name === name);
      return unit && (unit.rows[name]?.data ?? null);
    } catch {
      return undefined;
    }
  }

  /**
   * What is made of the file of a unit; undefined where there is none, or one that cannot be the unit: it is set aside.
   * Errors: `file-unreadable` where it may be whole and this system cannot read it now.
   */
  private async whole<T>(
    key: string,
    make: (file: string) => Promise<T | undefined>,
  ): Promise<T | undefined> {
    const file = this.file(key);
    const seen = await lstat(file).catch(() => undefined);
    try {
      const made = await make(file);
      if (made) return made;
    } catch (error) {
      if (isAbsent(error as Error)) return undefined;
      const { code = '' } = ((error as Error).cause ?? {}) as NodeJS.ErrnoException;
      if (PASSING.has(code)) throw error;
      // It may be whole, and another's: it is left where it is, until this process has written its own.
      if (code === 'EACCES' || code === 'EPERM') return this.pass(key, 'may not be read');
    }
    if (seen) await this.setAside(key, seen.ino);
    return undefined;
  }

  /** @param seen the file that was looked at: another process may have put a whole one in its place since */
  private async setAside(key: string, seen: number): Promise<void> {
    if (!this.tell) {
      this.damaged.add(key);
      return;
    }
    const file = this.file(key);
    const aside = `${file}.aside-${randomUUID().slice(0, 8)}`;
    try {
      await disk().rename(file, aside);
      if ((await lstat(aside)).ino !== seen) await disk().rename(aside, file);
      else this.tell(`a damaged unit was set aside, and is measured again: ${aside}`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.pass(key, 'is damaged');
    }
  }

  /** Takes a unit for missing until it is written anew. */
  private pass(key: string, why: string): undefined {
    if (!this.damaged.has(key)) this.tell?.(`a unit ${why}, and is measured again: ${this.file(key)}`);
    this.damaged.add(key);
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
