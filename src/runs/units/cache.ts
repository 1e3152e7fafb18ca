import { keyOfUnitFile } from './store.js';
import type { UnitRecord } from './unit-file.js';

/** A run folder, or a store, that units are looked for in. */
export interface Cache {
  folder: string;
  /** Files that say that they are units, by key. */
  files: ReadonlyMap<string, string>;
  /** Bytes of the file of a unit, by key, where they are known without looking at it. */
  sizes?: ReadonlyMap<string, number>;
  /**
   * The unit that a file says it is; undefined where it is no use, which was told already.
   * Errors: why it is no use.
   */
  read(file: string, key: string): Promise<UnitRecord | undefined>;
  close?(): void;
}

/** Something of each file whose name says that it is a unit, by key. @param of what, such as where the file of a name is */
export const unitsByKey = <T>(names: readonly string[], of: (name: string) => T): Map<string, T> =>
  new Map(
    names.flatMap((name): [string, T][] => {
      const key = keyOfUnitFile(name);
      return key === undefined ? [] : [[key, of(name)]];
    }),
  );
