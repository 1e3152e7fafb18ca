import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryName } from '../bytes/leftovers.js';
import { AssayError } from '../errors.js';
import { OUTPUTS, SEAL } from './outputs.js';
import { unwritable } from './store.js';

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
    await rm(aside, { recursive: true, force: true }).catch(() => undefined);
  }
}

async function swap(aside: string, out: string): Promise<void> {
  const old = join(aside, '.old');
  await mkdir(old);
  const fresh = new Set(await readdir(aside));
  await moveAway(join(out, SEAL), join(old, SEAL));
  for (const name of OUTPUTS) {
    if (fresh.has(name)) await replace(join(aside, name), join(out, name), join(old, name));
    else await moveAway(join(out, name), join(old, name));
  }
  await syncFolder(out);
  await rename(join(aside, SEAL), join(out, SEAL));
  await syncFolder(out);
}

/** Another process may put its own there in between: the last one wins. */
async function replace(from: string, to: string, old: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    await moveAway(to, `${old}-${attempt}`);
    try {
      return await rename(from, to);
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (attempt === 20 || !['ENOTEMPTY', 'EEXIST', 'EISDIR', 'ENOTDIR'].includes(code)) throw error;
    }
  }
}

async function moveAway(from: string, to: string): Promise<void> {
  await rename(from, to).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
}

/** So that a power cut leaves the names in this order. Not every system can. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}

function withPlaceIn(out: string, aside: string, error: unknown): unknown {
  if (!(error instanceof AssayError) || !error.details.file?.startsWith(aside)) return error;
  const file = join(out, error.details.file.slice(aside.length));
  return new AssayError(error.code, error.message, { ...error.details, file });
}
