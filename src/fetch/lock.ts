import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { isLeft, temporaryName } from '../bytes/leftovers.js';
import { AssayError } from '../errors.js';
import { unwritable } from './staging.js';

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
      return () => rm(file, { force: true });
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw unwritable(file, cause);
    }
    const [holder, stats] = await Promise.all([
      readFile(file, 'utf8').catch(() => undefined),
      stat(file).catch(() => undefined),
    ]);
    if (holder === undefined || stats === undefined) continue;
    if (tries > 2 || !isLeft(holder, stats.mtimeMs)) return undefined;
    await rm(file, { force: true });
  }
}
