import { readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { admit } from '../../bytes/confine.js';
import { Bounded } from '../../concurrency.js';
import { AssayError } from '../../errors.js';
import { UNITS } from '../folder/run-folder.js';
import { isS3, s3Address } from '../s3/address.js';
import { type Cache, unitsByKey } from './cache.js';
import { readUnit, type Wanted } from './read-unit.js';
import type { UnitStore } from './store.js';
import { headOf, type UnitRecord } from './unit-file.js';

export interface CacheOptions {
  /** The server of stores that speak S3. Default: as the environment says, and otherwise Amazon's. */
  endpoint?: string | undefined;
  /** Ends the waiting for a store that is away. */
  signal?: AbortSignal | undefined;
  /** Told of folders of units that cannot be read, and of stores that are away. */
  tell?: ((text: string) => void) | undefined;
}

/** Opens caches, does something with them, and closes them. Errors: as `openCaches`, and as `work`. */
export async function withCaches<T>(
  given: readonly string[],
  out: string,
  options: CacheOptions,
  work: (caches: readonly Cache[]) => Promise<T>,
): Promise<T> {
  const caches = await openCaches(given, out, options);
  try {
    return await work(caches);
  } finally {
    closeAll(caches);
  }
}

/**
 * What caches name: a run folder, one that holds some, or `s3://BUCKET/PREFIX`. What they hold is listed now; of folders it may be read
 * from now on. Whoever opens them closes them.
 * @param out the run's own folder, which is left out
 * Errors: `config-invalid` for what is no folder; `store-failed`; nothing stays open then.
 */
export async function openCaches(
  given: readonly string[],
  out: string,
  options: CacheOptions = {},
): Promise<Cache[]> {
  const found = new Map<string, Cache>();
  try {
    await find(found, given, out, options);
  } catch (error) {
    closeAll(found.values());
    throw error;
  }
  return [...found.values()];
}

function closeAll(caches: Iterable<Cache>): void {
  for (const cache of caches) cache.close?.();
}

/** @param found gets them, by what they are */
async function find(
  found: Map<string, Cache>,
  given: readonly string[],
  out: string,
  { endpoint, signal, tell = () => undefined }: CacheOptions,
): Promise<void> {
  const own = await realpath(out).catch(() => out);
  for (const folder of given) {
    if (isS3(folder)) {
      const address = s3Address(folder, endpoint, '--cache');
      if (found.has(address.shown)) continue;
      const { s3Cache } = await import('../s3/cache.js');
      found.set(address.shown, await s3Cache(address, { signal: () => signal, tell }));
      continue;
    }
    admit(folder);
    const names = await namesIn(folder);
    const inside = names.includes(UNITS) ? [folder] : names.sort().map((name) => join(folder, name));
    for (const run of inside) {
      const real = await realpath(run).catch(() => run);
      const files = real === own || found.has(real) ? new Map<string, string>() : await unitsIn(run, tell);
      if (files.size > 0) found.set(real, { folder: run, files, read: wholeIn });
    }
  }
}

/** Errors: `config-invalid`. */
async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw new AssayError('config-invalid', 'this folder of units cannot be read', {
      file: folder,
      path: '--cache',
      expected: 'a run folder, or a folder of run folders',
      found: missing ? 'no such folder' : (cause as Error).message,
      hint: missing
        ? 'check the path; a cache that is still to be filled is an empty folder'
        : 'name a folder that you may read',
      cause,
    });
  }
}

/** Nothing for what is no run folder. */
async function unitsIn(run: string, tell: (text: string) => void): Promise<Map<string, string>> {
  const folder = join(run, UNITS);
  const names = await readdir(folder).catch(({ code }: NodeJS.ErrnoException): string[] => {
    if (code !== 'ENOENT' && code !== 'ENOTDIR')
      tell(`the units of a cache cannot be read, and are measured: ${folder} (${code})`);
    return [];
  });
  return unitsByKey(names, (name) => join(folder, name));
}

/**
 * Bytes of units that are taken from caches side by side. While one is taken it is in memory about three times: as it comes, as rows, and as
 * it is written.
 */
const TOGETHER = 2 ** 26;

/**
 * A store that looks in caches for what it lacks. A unit that one of them holds whole is read, checked and written to the
 * store, so that the run needs the cache no longer; whatever else lies there changes nothing.
 */
export class CachedStore implements UnitStore {
  /** Units that were taken and not told of yet, by folder. */
  private taken = new Map<string, number>();
  /** Folders that were told of. */
  private readonly useless = new Set<string>();
  private readonly bounded = new Bounded(TOGETHER);

  /** @param tell of files under the name of a unit that cannot be taken, once each folder */
  constructor(
    private readonly own: UnitStore,
    private readonly caches: readonly Cache[],
    private readonly tell: (text: string) => void = () => undefined,
  ) {}

  async head(key: string) {
    const head = await this.own.head(key);
    if (head) return head;
    const taken = await this.take(key);
    return taken && headOf(taken);
  }

  async read(key: string, wanted?: Wanted) {
    return (await this.own.read(key, wanted)) ?? (await this.take(key));
  }

  column(key: string, name: string) {
    return this.own.column?.(key, name);
  }

  write(unit: UnitRecord) {
    return this.own.write(unit);
  }

  /** How many units came from where since this was asked last, a line for each folder. */
  news(): string[] {
    const counts = this.caches.map(({ folder }) => ({ folder, count: this.taken.get(folder) ?? 0 }));
    this.taken = new Map();
    return counts
      .filter(({ count }) => count > 0)
      .map(({ folder, count }) => `${count} unit${count === 1 ? '' : 's'} taken from ${folder}`);
  }

  /** Errors: `output-unwritable`. */
  private async take(key: string): Promise<UnitRecord | undefined> {
    for (const cache of this.caches) {
      const file = cache.files.get(key);
      if (file === undefined) continue;
      // Where it is not known how large one is, it is taken alone.
      const size = cache.sizes?.get(key) ?? Number.POSITIVE_INFINITY;
      const unit = await this.bounded.within(size, () => this.takeFrom(cache, file, key));
      if (unit) return unit;
    }
    return undefined;
  }

  private async takeFrom(
    { folder, read }: Cache,
    file: string,
    key: string,
  ): Promise<UnitRecord | undefined> {
    const unit = await read(file, key).catch((error: Error) => this.passOver(folder, file, error));
    if (unit === undefined) return undefined;
    await this.own.write(unit);
    this.taken.set(folder, (this.taken.get(folder) ?? 0) + 1);
    return unit;
  }

  /** One file says what is wrong with a folder; who ends the run while it is waited for, nothing. */
  private passOver(folder: string, file: string, error: Error): undefined {
    if (this.useless.has(folder) || (error as AssayError).code === 'interrupted') return;
    this.useless.add(folder);
    this.tell(
      `${file} of a cache is passed over, and so may be others there: ${error.message}; what it should hold is measured`,
    );
  }
}

/**
 * Names say nothing: what is in the file must say that it is this unit, and its digest that it is whole.
 * Errors: why it is no use.
 */
async function wholeIn(file: string, key: string): Promise<UnitRecord> {
  const unit = await readUnit(file, key);
  if (!unit) throw new Error('it is not, or no longer, the unit that its name says');
  return unit;
}
