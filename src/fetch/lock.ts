import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { isLeft, temporaryName } from '../bytes/leftovers.js';
import { AssayError } from '../errors.js';
import { unwritable } from './staging.js';

/** Whoever takes a lock away has this long, in ms: it is a matter of three calls. */
const TAKING = 60_000;

/**
 * Keeps other processes from fetching into the same files. What a process left that is gone, the next one takes over.
 * @param file that holds who it is
 * @returns lets others have it
 * Errors: `output-unwritable`, also when another process has it.
 */
export async function lock(file: string): Promise<() => Promise<void>> {
  const unlock = await tryLock(file);
  if (unlock) return unlock;
  throw new AssayError('output-unwritable', 'another process fetches this data set', {
    file,
    hint: 'wait for it; if it is gone, on another machine, remove that file',
  });
}

/** As `lock`; undefined when another process has it. Errors: `output-unwritable`. */
export async function tryLock(file: string): Promise<(() => Promise<void>) | undefined> {
  const own = temporaryName(basename(file));
  for (let tries = 0; ; tries++) {
    try {
      await writeFile(file, own, { flag: 'wx' });
      return async () => {
        if ((await holderOf(file)) === own) await rm(file, { force: true });
      };
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw unwritable(file, cause);
    }
    const [holder, stats] = await Promise.all([holderOf(file), stat(file).catch(() => undefined)]);
    if (tries > 2) return undefined;
    if (holder === undefined || stats === undefined) continue;
    if (!isLeft(holder, stats.mtimeMs)) return undefined;
    await takeAway(file, holder);
  }
}

/** Who has a lock, under a name that no other holder has. */
export const holderOf = (file: string): Promise<string | undefined> =>
  readFile(file, 'utf8').catch(() => undefined);

/**
 * Removes a lock, if it is still that of a holder. Several may find it left at once: one after the other looks again, so
 * that none removes what another one has put there since.
 */
export async function takeAway(file: string, holder: string): Promise<void> {
  const guard = `${file}.taking`;
  try {
    await writeFile(guard, '', { flag: 'wx' });
  } catch {
    const begun = (await stat(guard).catch(() => undefined))?.mtimeMs;
    if (begun !== undefined && Date.now() - begun > TAKING) await rm(guard, { force: true });
    return;
  }
  try {
    if ((await holderOf(file)) === holder) await rm(file, { force: true });
  } finally {
    await rm(guard, { force: true });
  }
}
