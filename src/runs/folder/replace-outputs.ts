import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { disk } from '../../bytes/disk.js';
import { makeFolder, syncFolder } from '../../bytes/durable.js';
import { temporaryName } from '../../bytes/leftovers.js';
import { AssayError } from '../../errors.js';
import { OUTPUTS, SEAL } from './outputs.js';
import { unwritable } from './unwritable.js';

/**
 * Lets `write` fill a folder to the side, and puts what it wrote in the place of what an earlier run left: no file of
 * an earlier state stays, and where results.json is, all files belong to it. Killed in between, the folder has no
 * results.json until the next run, which measures nothing again.
 * Errors: those of `write`, with the places the files would have had; `output-unwritable`.
 */
export async function replaceOutputs<T>(out: string, write: (aside: string) => Promise<T>): Promise<T> {
  const aside = join(out, temporaryName('.next'));
  try {
    const written = await write(aside);
    await swap(aside, out).catch((cause) => {
      throw unwritable(out, cause);
    });
    return written;
  } catch (error) {
    throw withPlaceIn(out, aside, error);
  } finally {
    // A disk that fails once may do it the second time; what stays goes when the next process starts.
    const remove = () => disk().remove(aside);
    await remove()
      .catch(remove)
      .catch(() => undefined);
  }
}

/** Each step is on the disk before the next one begins where results.json would otherwise speak of files that are not there. */
async function swap(aside: string, out: string): Promise<void> {
  const old = join(aside, '.old');
  const fresh = new Set(await readdir(aside));
  await makeFolder(old);
  await moveAway(join(out, SEAL), join(old, SEAL));
  await syncFolder(out);
  for (const name of OUTPUTS) {
    if (fresh.has(name)) await replace(join(aside, name), join(out, name), join(old, name));
    else await moveAway(join(out, name), join(old, name));
  }
  await syncFolder(out);
  await disk().rename(join(aside, SEAL), join(out, SEAL));
  await syncFolder(out);
}

/** Another process may put its own there in between: the last one wins. */
async function replace(from: string, to: string, old: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    await moveAway(to, `${old}-${attempt}`);
    try {
      return await disk().rename(from, to);
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (attempt === 20 || !['ENOTEMPTY', 'EEXIST', 'EISDIR', 'ENOTDIR'].includes(code)) throw error;
    }
  }
}

async function moveAway(from: string, to: string): Promise<void> {
  await disk()
    .rename(from, to)
    .catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
}

function withPlaceIn(out: string, aside: string, error: unknown): unknown {
  if (!(error instanceof AssayError) || !error.details.file?.startsWith(aside)) return error;
  const file = join(out, error.details.file.slice(aside.length));
  return new AssayError(error.code, error.message, { ...error.details, file });
}
