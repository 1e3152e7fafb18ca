import { createHash } from 'node:crypto';
import { copyFile, link, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type ByteSource, malformed, memorySource, type Place, pieces } from '../bytes/byte-source.js';
import { makeFolder } from '../bytes/durable.js';
import { interruption } from '../concurrency.js';
import { AssayError } from '../errors.js';
import { safeParts } from './safe-path.js';

/** A file of a data set as it was pulled. */
export interface PulledFile {
  /** Below the folder of the data set, with slashes. */
  path: string;
  size: number;
  sha256: string;
}

/**
 * The folder in which a data set is made, under a name of its own until it is whole. Paths stay inside of it, and what it
 * holds in all stays below a limit: few bytes could inflate to fill the disk.
 */
export class Staging {
  readonly files: PulledFile[] = [];
  private bytes = 0;

  /**
   * @param room bytes that may be written in all
   */
  constructor(
    readonly folder: string,
    readonly room: number,
    private readonly signal: AbortSignal,
  ) {}

  /** Writes a file. Errors: `file-malformed`, `output-unwritable`, `interrupted`. */
  async put(
    path: string,
    source: ByteSource,
    content: AsyncIterable<Uint8Array> = pieces(source),
  ): Promise<void> {
    const file = await this.make(path, source.place);
    const hash = createHash('sha256');
    let size = 0;
    const handle = await open(file, 'wx').catch((cause) => {
      throw unwritable(file, cause);
    });
    try {
      for await (const piece of content) {
        if (this.signal.aborted) throw interruption(this.signal);
        size += piece.length;
        this.take(piece.length, source.place);
        hash.update(piece);
        await handle.writeFile(piece).catch((cause) => {
          throw unwritable(file, cause);
        });
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
    this.files.push({ path, size, sha256: hash.digest('hex') });
  }

  /** Writes a text. Errors: as `put`. */
  text(path: string, content: string): Promise<void> {
    return this.put(path, memorySource(Buffer.from(content), { file: path }));
  }

  /** The same file in a second place: a link where the file system has them. Errors: as `put`. */
  async alias(path: string, of: PulledFile, place: Place): Promise<void> {
    const file = await this.make(path, place);
    const original = join(this.folder, of.path);
    await link(original, file)
      .catch(() => {
        this.take(of.size, place);
        return copyFile(original, file);
      })
      .catch((cause) => {
        throw cause instanceof AssayError ? cause : unwritable(file, cause);
      });
    this.files.push({ ...of, path });
  }

  private async make(path: string, place: Place): Promise<string> {
    const file = join(this.folder, ...safeParts(path, place));
    await makeFolder(dirname(file)).catch((cause) => {
      throw unwritable(file, cause);
    });
    return file;
  }

  private take(bytes: number, place: Place): void {
    this.bytes += bytes;
    if (this.bytes > this.room) throw holdsMore(place, this.room);
  }
}

/** What an archive comes to that has more bytes than its data set. */
export const holdsMore = (place: Place, room: number): AssayError =>
  malformed(place, 'the archive holds more than the data set', {
    expected: `at most ${room} bytes`,
    hint: 'this is not the archive that was published: fetch it again',
  });

/** A full disk, a folder that may not be written to. */
export function unwritable(file: string, cause: unknown): AssayError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const full = code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG';
  return new AssayError('output-unwritable', full ? 'the disk is full' : 'the data set cannot be written', {
    file,
    found: message,
    hint: full
      ? 'free space, or name a folder on another disk with --out; what was fetched is kept'
      : 'name a folder that you may write to with --out',
    cause,
  });
}
