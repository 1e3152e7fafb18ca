import { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import { type Entry, fromRandomAccessReaderPromise, RandomAccessReader, type ZipFile } from 'yauzl';
import { AssayError } from '../errors.js';
import { type ByteSource, malformed, passed, pieces, slice } from './byte-source.js';
import { inflate, refuseWrongSum } from './inflate.js';

/** A member of an archive. Nothing of it is read until it is opened. */
export interface ZipMember {
  /** As the archive has it; only ever compared, never used as a path. */
  name: string;
  /** Bytes when inflated, as the archive claims. */
  size: number;
  /** Where the member begins in the archive, and how many bytes it takes there behind its header, as claimed. */
  span: { start: number; length: number };
  /** Not compressed. */
  stored: boolean;
  /** CRC-32 of the bytes when inflated, as claimed; undefined in an archive without checksums. */
  crc?: number;
  /** A symbolic link, as archives made on Unix mark them: its content is where it leads. */
  isLink: boolean;
  /**
   * Stored members are read where they lie, deflated ones are inflated once. Either way all bytes go by once, and their
   * checksum is compared, before any of them is given out.
   */
  open(): Promise<ByteSource>;
}

/** Lets yauzl read from a ByteSource. */
class Reader extends RandomAccessReader {
  constructor(private readonly source: ByteSource) {
    super();
  }

  override _readStreamForRange(start: number, end: number): Readable {
    return Readable.from(pieces(this.source, start, end), { objectMode: false });
  }

  override close(callback: (error: Error | null) => void): void {
    callback(null);
  }
}

export interface ZipOptions {
  /** Members; an entry of the list takes more memory than its bytes in the file. */
  atMost?: number;
  /** Whether an archive in which every member states the checksum 0 is one that was written without checksums. */
  sumsOptional?: boolean;
}

/** Lists an archive. The source stays open and belongs to the caller. Errors: `file-malformed`. */
export async function zipMembers(
  source: ByteSource,
  { atMost = Number.POSITIVE_INFINITY, sumsOptional = false }: ZipOptions = {},
): Promise<ZipMember[]> {
  const { place } = source;
  const entries: Entry[] = [];
  try {
    const zip = await fromRandomAccessReaderPromise(new Reader(source), source.size, { autoClose: false });
    if (zip.entryCount > atMost)
      throw malformed(place, 'the archive has too many members', {
        expected: `at most ${atMost}`,
        found: String(zip.entryCount),
      });
    for await (const entry of zip.eachEntry()) {
      const within = { file: place.file, path: entry.fileName };
      if (!entry.canDecodeFileData())
        throw malformed(within, 'this member of the archive cannot be read', {
          expected: 'stored or deflated, without password',
          found: entry.isEncrypted() ? 'encrypted' : `compression method ${entry.compressionMethod}`,
        });
      entries.push(entry);
    }
    const summed = !sumsOptional || entries.some((entry) => entry.crc32 !== 0);
    return entries.map((entry) => memberOf(source, zip, entry, summed));
  } catch (cause) {
    throw damaged(source, cause);
  }
}

function memberOf(source: ByteSource, zip: ZipFile, entry: Entry, summed: boolean): ZipMember {
  const member = {
    name: entry.fileName,
    size: entry.uncompressedSize,
    span: { start: entry.relativeOffsetOfLocalHeader, length: entry.compressedSize },
    stored: entry.compressionMethod === 0,
    crc: summed ? entry.crc32 : undefined,
    isLink: ((entry.externalFileAttributes >>> 16) & 0o170000) === 0o120000,
  };
  return {
    ...member,
    async open() {
      const start = await zip
        .readLocalFileHeaderPromise(entry, { minimal: true })
        .then(({ fileDataStart }) => fileDataStart)
        .catch((cause) => {
          throw damaged(source, cause);
        });
      return openAt(source, start, member);
    },
  };
}

async function openAt(
  source: ByteSource,
  start: number,
  { name, size, span, stored, crc }: Omit<ZipMember, 'open'>,
): Promise<ByteSource> {
  const place = { file: source.place.file, path: name };
  const raw = slice(source, start, span.length, place);
  if (!stored) return inflate(raw, { method: 'deflate', place, size, crc });
  if (span.length !== size)
    throw malformed(place, 'a stored member of the archive states two sizes', {
      found: `${span.length} and ${size} bytes`,
    });
  if (crc !== undefined) refuseWrongSum(place, crc, await sumOf(raw));
  return raw;
}

async function sumOf(source: ByteSource): Promise<number> {
  let sum = 0;
  await passed(source, (piece) => {
    sum = crc32(piece, sum);
  });
  return sum;
}

function damaged(source: ByteSource, cause: unknown): AssayError {
  if (cause instanceof AssayError) return cause;
  return malformed(source.place, 'this is not a whole zip archive', {
    found: (cause as Error).message,
    hint: 'the file may be cut off; fetch or write it again',
    cause,
  });
}
