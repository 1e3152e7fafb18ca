import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import { checkConfined } from '../../bytes/confine.js';
import { noteFolder } from '../../bytes/read-log.js';
import { unreadable } from '../../bytes/regular-file.js';
import { AssayError } from '../../errors.js';

const DECODED = ['.png', '.jpg', '.jpeg'];
/** Images that would be missed in silence. */
const NOT_DECODED = ['.webp', '.gif', '.bmp', '.tif', '.tiff', '.avif', '.heic', '.ppm', '.pgm'];

/** What is in a folder, by names in the order of code units, so that it is the same everywhere. */
export interface FolderNames {
  /** PNG and JPEG. */
  images: string[];
  folders: string[];
}

/** Lists the folders of one data set. */
export type Lister = (path: string) => Promise<FolderNames>;

/**
 * Lists folders inside `root`; hidden names are left out. Symbolic links may lead to anything inside the root; those
 * that leave it are refused unless `followLinks`, since data from elsewhere could so name any file.
 * Errors: `file-unreadable`, `data-invalid`.
 */
export async function listerOf(root: string, followLinks: boolean): Promise<Lister> {
  checkConfined(root);
  const inside = `${await resolved(root)}${sep}`;
  const isFolder = async (path: string, entry: Dirent): Promise<boolean> => {
    if (!entry.isSymbolicLink()) return entry.isDirectory();
    const target = await resolved(path);
    if (!followLinks && !`${target}${sep}`.startsWith(inside))
      throw new AssayError('data-invalid', 'a link leads out of the folder of images', {
        file: path,
        expected: `files in ${root}`,
        found: `a link to ${target}`,
        hint: 'if the folder is your own, say `followLinks: true`; otherwise remove the link',
      });
    checkConfined(path);
    return (await stat(path)).isDirectory();
  };
  return async (folder) => {
    checkConfined(folder);
    noteFolder(folder);
    try {
      const entries = (await readdir(folder, { withFileTypes: true }))
        .filter(({ name }) => !name.startsWith('.'))
        .sort((a, b) => (a.name < b.name ? -1 : 1));
      const images: string[] = [];
      const folders: string[] = [];
      for (const entry of entries) {
        const path = join(folder, entry.name);
        const extension = extname(entry.name).toLowerCase();
        if (await isFolder(path, entry)) folders.push(entry.name);
        else if (DECODED.includes(extension)) images.push(entry.name);
        else if (NOT_DECODED.includes(extension))
          throw new AssayError('data-invalid', 'images of this kind are not read', {
            file: path,
            expected: 'PNG or JPEG',
            hint: 'convert it to PNG, or move it elsewhere',
          });
      }
      return { images, folders };
    } catch (cause) {
      throw unreadable(folder, cause);
    }
  };
}

const resolved = (path: string): Promise<string> =>
  realpath(path).catch((cause) => {
    throw unreadable(path, cause);
  });
