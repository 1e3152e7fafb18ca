import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { disk, type Output } from './disk.js';
import { temporaryName } from './leftovers.js';

/*
 * How files get into run folders so that a power cut takes none of them back and leaves none half. File systems promise
 * little: bytes are on the disk after fsync of the file, a name is there for good after fsync of its folder, and what was
 * not synced may be missing, half there, or there before what was done earlier. So bytes are synced before they get their
 * name, names before anything is written that relies on them.
 */

/** What a file will hold, at once or in pieces. */
export type Content =
  | string
  | Uint8Array
  | AsyncIterable<string | Uint8Array>
  | Iterable<string | Uint8Array>;

/**
 * Writes a file so that readers see the old one or the new one, never half, also after a power cut; it is there for good
 * when this resolves. Errors: those of the file system, also where its folder is missing; nothing is left then.
 */
export async function writeDurably(file: string, content: Content): Promise<void> {
  const folder = dirname(file);
  const temporary = join(folder, temporaryName(basename(file)));
  try {
    await fill(await disk().create(temporary), content);
    await disk().rename(temporary, file);
  } catch (error) {
    await disk()
      .remove(temporary)
      .catch(() => undefined);
    throw error;
  }
  await syncFolder(folder);
}

/** Writes, syncs and closes. */
async function fill(output: Output, content: Content): Promise<void> {
  try {
    for await (const piece of piecesOf(content))
      await output.write(typeof piece === 'string' ? Buffer.from(piece, 'utf8') : piece);
    await output.sync();
  } finally {
    await output.close();
  }
}

const piecesOf = (content: Content) =>
  typeof content === 'string' || content instanceof Uint8Array ? [content] : content;

/**
 * Makes a folder and those above it, for good. It may be there already. Errors: those of the file system, also ENOENT where
 * its parent is there and takes no folder, as `/proc` and automounted ones: Node's own `mkdir` tries for ever there.
 */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await makeOne(folder);
  } catch (error) {
    const above = dirname(folder);
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || above === folder) throw error;
    await makeFolder(above);
    await makeOne(folder);
  }
}

async function makeOne(folder: string): Promise<void> {
  try {
    await disk().mkdir(folder);
  } catch (error) {
    if (await isFolder(folder)) return;
    throw error;
  }
  await syncFolder(dirname(folder));
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );

/** Not every system can sync folders, nor lets everybody: names are then there when it pleases. */
const CANNOT = new Set(['EINVAL', 'ENOTSUP', 'ENOSYS', 'EISDIR', 'EBADF', 'EPERM', 'EACCES']);

/** Has the names in a folder be there for good, where the system can. Errors: those of the file system. */
export async function syncFolder(folder: string): Promise<void> {
  await disk()
    .syncFolder(folder)
    .catch((error: NodeJS.ErrnoException) => {
      if (!CANNOT.has(error.code ?? '')) throw error;
    });
}
