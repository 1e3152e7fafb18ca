import { createHash, randomUUID } from 'node:crypto';
import type { Stats } from 'node:fs';
import { lstat, mkdir, readdir, realpath, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { AssayError } from '../errors.js';

/** Names of machines are none of a reader's business. */
const HOST = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);

/** What a process of another machine wrote, or an older Assay, is left alone for a day: it may still be writing. */
const FOREIGN_MS = 24 * 60 * 60 * 1000;

const MAKER = /\.([0-9a-f]{8})-(\d+)-[0-9a-f]{8}\.tmp$/;

/** A name for something unfinished, which says by whom it is made: `NAME.HOST-PROCESS-RANDOM.tmp`. */
export const temporaryName = (name: string): string =>
  `${name}.${HOST}-${process.pid}-${randomUUID().slice(0, 8)}.tmp`;

/** In a folder that others write to, such as that for temporary files, what is theirs could lead anywhere while it is removed. */
const isOwn = ({ uid }: Stats) => process.getuid === undefined || uid === process.getuid();

/**
 * Makes a folder for this process in the system's temporary one. Those of the same name that processes left which were
 * killed are removed. Whoever asks removes it.
 * Errors: those of the file system.
 */
export async function temporaryFolder(name: string): Promise<string> {
  const parent = await realpath(tmpdir());
  // Tidying up is no reason to fail.
  await removeLeftovers(parent, new RegExp(`^${name}\\.[^.]+\\.tmp$`)).catch(() => undefined);
  const folder = join(parent, temporaryName(name));
  await mkdir(folder, { mode: 0o700 });
  return folder;
}

/** What is told where the system's temporary folder is not there, or takes no more. */
export const noTemporaryFiles = (cause: unknown) =>
  new AssayError('output-unwritable', 'no temporary files can be written', {
    file: tmpdir(),
    found: cause instanceof Error ? cause.message : String(cause),
    hint: 'set TMPDIR to a folder that is there, may be written to and has room',
    cause,
  });

/**
 * Removes what processes of this user that died left in a folder. A folder that is a link is somebody else's and is left
 * alone.
 * @param ours tells temporary files and folders by name
 * Errors: those of the file system.
 */
export async function removeLeftovers(folder: string, ours: RegExp): Promise<void> {
  if ((await lstat(folder)).isSymbolicLink()) return;
  for (const name of await readdir(folder)) {
    if (!ours.test(name)) continue;
    const file = join(folder, name);
    const stats = await lstat(file).catch(() => undefined);
    if (stats && isOwn(stats) && isLeft(name, stats.mtimeMs))
      await rm(file, { recursive: true, force: true });
  }
}

/**
 * Whether whoever made something is gone.
 * @param name that `temporaryName` gave it
 * @param modified when it was last written, in ms since 1970
 */
function isLeft(name: string, modified: number): boolean {
  const [, host, pid] = MAKER.exec(name) ?? [];
  if (host !== HOST) return Date.now() - modified > FOREIGN_MS;
  // Numbers of processes are given again, in containers often the same one.
  if (Number(pid) === process.pid) return modified < Date.now() - process.uptime() * 1000;
  return !lives(Number(pid));
}

/** Whether a process of this machine has that number. */
export function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
