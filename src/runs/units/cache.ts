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

/** Of names of files those that say that they are units, by key. @param at where the file of a name is */
export const filesByKey = (names: readonly string[], at: (name: string) => string): Map<string, string> =>
  new Map(
    names.flatMap((name): [string, string][] => {
      const key = keyOfUnitFile(name);
      return key === undefined ? [] : [[key, at(name)]];
    }),
  );
