import { Readable } from 'node:stream';
import { type Entry, fromRandomAccessReaderPromise, RandomAccessReader, type ZipFile } from 'yauzl';
import { AssayError } from '../errors.js';
import { type ByteSource, malformed, pieces, slice } from './byte-source.js';
import { inflate } from './inflate.js';

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
  /** Stored members are read where they lie, deflated ones are inflated once. */
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

/**
 * Lists an archive. The source stays open and belongs to the caller.
 * @param atMost members; an entry of the list takes more memory than its bytes in the file
 * Errors: `file-malformed`.
 */
export async function zipMembers(
  source: ByteSource,
  atMost = Number.POSITIVE_INFINITY,
): Promise<ZipMember[]> {
  const { place } = source;
  const members: ZipMember[] = [];
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
      members.push({
        name: entry.fileName,
        size: entry.uncompressedSize,
        span: { start: entry.relativeOffsetOfLocalHeader, length: entry.compressedSize },
        stored: entry.compressionMethod === 0,
        open: () => openMember(source, zip, entry),
      });
    }
    return members;
  } catch (cause) {
    throw damaged(source, cause);
  }
}

async function openMember(source: ByteSource, zip: ZipFile, entry: Entry): Promise<ByteSource> {
  const place = { file: source.place.file, path: entry.fileName };
  const start = await zip
    .readLocalFileHeaderPromise(entry, { minimal: true })
    .then(({ fileDataStart }) => fileDataStart)
    .catch((cause) => {
      throw damaged(source, cause);
    });
  const raw = slice(source, start, entry.compressedSize, place);
  if (entry.compressionMethod !== 0)
    return inflate(raw, { method: 'deflate', place, size: entry.uncompressedSize, crc: entry.crc32 });
  if (entry.compressedSize === entry.uncompressedSize) return raw;
  throw malformed(place, 'a stored member of the archive states two sizes', {
    found: `${entry.compressedSize} and ${entry.uncompressedSize} bytes`,
  });
}

function damaged(source: ByteSource, cause: unknown): AssayError {
  if (cause instanceof AssayError) return cause;
  return malformed(source.place, 'this is not a whole zip archive', {
    found: (cause as Error).message,
    hint: 'the file may be cut off; fetch or write it again',
    cause,
  });
}
