import { realpathSync } from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { AssayError } from '../errors.js';

/*
 * The folders that files of users are read from, once `--confine` was given. It is a setting of the process, made once
 * by the command line, and kept in the environment because worker threads and child processes open files too and
 * inherit it: there is no call that could forget to hand it on.
 */

const VARIABLE = 'ASSAY_CONFINE';

/** From now on nothing outside of this folder is read. It may be a link. Errors: `file-unreadable`. */
export function confineTo(folder: string): void {
  let real: string;
  try {
    real = realpathSync(folder);
  } catch (cause) {
    throw new AssayError('file-unreadable', 'the folder of --confine cannot be read', {
      file: folder,
      expected: 'a folder',
      hint: 'name the folder that holds the run file, the cards and their data',
      cause,
    });
  }
  process.env[VARIABLE] = JSON.stringify([real]);
}

/** Lets a folder of Assay's own be read as well, such as the run folder. */
export function admit(folder: string): void {
  const folders = admitted();
  const real = realOf(resolve(folder));
  if (!folders || folders.some((one) => isInside(real, one))) return;
  process.env[VARIABLE] = JSON.stringify([...folders, real]);
}

/** Whether `--confine` was given. */
export const isConfined = (): boolean => admitted() !== undefined;

/**
 * Refuses what lies outside, at the end of links, before anything looks at it.
 * @param namedBy the file and the key, or the option, that name the path
 * Errors: `file-unreadable` with that place.
 */
export function checkConfined(
  path: string,
  namedBy: { file?: string; path?: string } = { file: path },
): void {
  const folders = admitted();
  if (!folders) return;
  const real = realOf(resolve(path));
  if (folders.some((folder) => isInside(real, folder))) return;
  throw new AssayError('file-unreadable', 'this lies outside of the folder of --confine', {
    ...namedBy,
    expected: `a path in ${folders[0]}, also at the end of links`,
    found: real,
    hint: 'copy it into that folder and name it there; if all files are your own, leave out --confine',
  });
}

function admitted(): string[] | undefined {
  const stored = process.env[VARIABLE];
  return stored === undefined ? undefined : JSON.parse(stored);
}

const isInside = (path: string, folder: string) =>
  path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);

/** Where a path ends; of what is missing, where it would be. */
function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(realOf(parent), basename(path));
  }
}
