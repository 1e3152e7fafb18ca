import {
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  openSync,
  readSync,
  type Stats,
  statSync,
} from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { AssayError, type ErrorCode } from '../errors.js';
import { checkConfined } from './confine.js';
import { readRemedyOf } from './disk-remedies.js';
import { type LimitName, limits } from './limits.js';
import { noteFile } from './read-log.js';

/*
 * The one place where files of users are opened. A pipe (FIFO), a terminal or another device can wait for ever or never
 * end, and opening one can do something; so what is no regular file is refused before it is opened, also at the end of
 * links, and so is what lies outside of the folder of `--confine`. It is opened without waiting and looked at again, should something else have taken its place in between.
 */

const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0);

/** One read call moves at most 2 GiB. */
const STEP = 2 ** 30;

/** A regular file, opened for reading. Whoever opened it closes it. */
export interface RegularFile {
  handle: FileHandle;
  /** Bytes it had when it was opened. */
  size: number;
}

/** Opens a regular file. Errors: `file-unreadable`. */
export async function openRegular(file: string): Promise<RegularFile> {
  try {
    checkConfined(file);
    refuseOthers(file, await stat(file));
    const handle = await open(file, FLAGS);
    try {
      const stats = await handle.stat({ bigint: true });
      refuseOthers(file, stats);
      noteFile(file, stats);
      return { handle, size: Number(stats.size) };
    } catch (error) {
      await handle.close();
      throw error;
    }
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

/** A regular file for a parser that cannot wait. */
export interface RegularFileSync {
  size: number;
  /** Errors: `file-unreadable` when the file ends before. */
  read(offset: number, length: number): Uint8Array;
  /** Fills `bytes` from an offset on. Errors: as `read`. */
  readInto(bytes: Uint8Array, offset: number): void;
  close(): void;
}

/**
 * Opens a regular file, without waiting.
 * @param flags more of them, such as O_NOFOLLOW
 * @param named the path that led here, where links were followed
 * Errors: `file-unreadable`.
 */
export function openRegularSync(file: string, flags = 0, named = file): RegularFileSync {
  try {
    checkRegular(file);
    const descriptor = openSync(file, FLAGS | flags);
    try {
      const stats = fstatSync(descriptor, { bigint: true });
      refuseOthers(file, stats);
      noteFile(named, stats);
      return {
        size: Number(stats.size),
        read(offset, length) {
          const bytes = new Uint8Array(length);
          readIntoSync(descriptor, bytes, offset, file);
          return bytes;
        },
        readInto: (bytes, offset) => readIntoSync(descriptor, bytes, offset, file),
        close: () => closeSync(descriptor),
      };
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

function readIntoSync(descriptor: number, bytes: Uint8Array, offset: number, file: string): void {
  for (let done = 0; done < bytes.length; ) {
    const read = readSync(descriptor, bytes, done, Math.min(bytes.length - done, STEP), offset + done);
    if (read === 0) throw shrunk(file);
    done += read;
  }
}

/** For files that others open, such as modules: refuses what is no regular file. Errors: `file-unreadable`. */
export function checkRegular(file: string): void {
  try {
    checkConfined(file);
    refuseOthers(file, statSync(file));
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

/**
 * The bytes of a file.
 * @param limit the row of the table of limits that holds for it
 * @param code of the error for a longer one
 * Errors: `file-unreadable`; `code` for a file beyond the limit.
 */
export async function readWhole(
  file: string,
  limit: LimitName,
  code: ErrorCode = 'file-malformed',
): Promise<Buffer> {
  const { handle, size } = await openRegular(file);
  try {
    if (size > limits[limit].value) throw tooLarge(file, size, limit, code);
    const bytes = Buffer.alloc(size);
    await readInto(handle, bytes, 0, file);
    return bytes;
  } finally {
    await handle.close();
  }
}

/** The text of a file, in UTF-8. Parameters and errors: as `readWhole`. */
export async function readText(file: string, limit: LimitName, code?: ErrorCode): Promise<string> {
  return (await readWhole(file, limit, code)).toString('utf8');
}

/** The first bytes of a file, at most so many. Errors: `file-unreadable`. */
export async function readHead(file: string, length: number): Promise<{ start: Uint8Array; size: number }> {
  const { handle, size } = await openRegular(file);
  try {
    const start = new Uint8Array(Math.min(length, size));
    await readInto(handle, start, 0, file);
    return { start, size };
  } finally {
    await handle.close();
  }
}

/** Fills `bytes` from an offset on. Errors: `file-unreadable`, also when the file ends before. */
export async function readInto(
  handle: FileHandle,
  bytes: Uint8Array,
  offset: number,
  file: string,
): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const step = Math.min(bytes.length - done, STEP);
    const { bytesRead } = await handle.read(bytes, done, step, offset + done).catch((cause) => {
      throw unreadable(file, cause);
    });
    if (bytesRead === 0) throw shrunk(file);
    done += bytesRead;
  }
}

const shrunk = (file: string) =>
  new AssayError('file-unreadable', 'the file became shorter while it was read', {
    file,
    hint: 'run again once nothing is writing to it',
  });

/** Turns what the file system says into a `file-unreadable` error. */
export function unreadable(file: string, cause: unknown): AssayError {
  if (cause instanceof AssayError) return cause;
  const { code, message } = cause as NodeJS.ErrnoException;
  const missing = code === 'ENOENT' || code === 'ENOTDIR';
  return new AssayError('file-unreadable', missing ? 'there is no such file' : 'the file cannot be read', {
    file,
    found: missing ? undefined : message,
    hint: missing ? 'check the path: paths in a file start at the folder of that file' : readRemedyOf(cause),
    cause,
  });
}

/** Whether something could not be read since nothing is there. */
export const isAbsent = ({ cause }: Error): boolean =>
  (cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';

function refuseOthers(file: string, stats: Kind): void {
  if (stats.isFile()) return;
  const kind = kinds.find(({ is }) => is(stats)) ?? kinds[kinds.length - 1]!;
  throw new AssayError('file-unreadable', 'this is not a regular file', {
    file,
    expected: 'a regular file, or a link to one',
    found: kind.name,
    hint: kind.hint,
  });
}

const saved = 'save what comes from it to a file, and name that file';

/** What `stat` says of what kind something is. */
type Kind = Pick<Stats | BigIntStats, 'isFile' | 'isDirectory' | 'isFIFO' | 'isSocket'>;

const kinds: readonly { is(stats: Kind): boolean; name: string; hint: string }[] = [
  { is: (stats) => stats.isDirectory(), name: 'a folder', hint: 'name a file in it' },
  { is: (stats) => stats.isFIFO(), name: 'a pipe (FIFO)', hint: saved },
  { is: (stats) => stats.isSocket(), name: 'a socket', hint: saved },
  { is: () => true, name: 'a device', hint: saved },
];

/** For a file beyond a limit. */
export function tooLarge(
  file: string,
  size: number,
  limit: LimitName,
  code: ErrorCode = 'file-malformed',
): AssayError {
  const { of, value, instead } = limits[limit];
  return new AssayError(code, 'the file is too large', {
    file,
    expected: `at most ${value} ${of}`,
    found: `${size} bytes`,
    hint: instead,
  });
}
