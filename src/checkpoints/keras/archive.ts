import { crc32, inflateRawSync } from 'node:zlib';
import { type Entry, fromBufferPromise } from 'yauzl';
import { limits } from '../../bytes/limits.js';
import { AssayError } from '../../errors.js';

/** Weights hardly shrink and configurations are small: what grows more than this is a bomb. */
const limitOf = (size: number) => 2 * size + 64 * 2 ** 20;
const STORED = 0;
const DEFLATED = 8;

/**
 * Named members of a zip archive in memory. Names are compared and never used as paths; other members are not looked at.
 * Errors: `file-malformed` for a damaged archive, a member that is there twice, is encrypted, or inflates too far.
 */
export async function readMembers(
  archive: Buffer,
  file: string,
  names: readonly string[],
): Promise<Map<string, Uint8Array>> {
  const refuse = (path: string | undefined, found: string, cause?: unknown) =>
    new AssayError('file-malformed', 'the archive cannot be read', {
      file,
      path,
      expected: 'a whole zip archive as Keras writes it',
      found,
      hint: 'check that the file was copied completely, or save the model again',
      cause,
    });
  const members = new Map<string, Uint8Array>();
  let left = limitOf(archive.length);
  try {
    const zip = await fromBufferPromise(archive, { validateEntrySizes: true });
    let count = 0;
    for await (const entry of zip.eachEntry()) {
      if (++count > limits.kerasMembers.value)
        throw refuse(undefined, `more than ${limits.kerasMembers.value} members`);
      const { fileName, uncompressedSize } = entry;
      if (!names.includes(fileName)) continue;
      if (members.has(fileName)) throw refuse(fileName, 'this member twice');
      left -= uncompressedSize;
      if (left < 0) throw refuse(fileName, `${uncompressedSize} bytes from an archive of ${archive.length}`);
      const { fileDataStart } = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
      members.set(fileName, contentOf(archive, entry, fileDataStart, refuse));
    }
    return members;
  } catch (cause) {
    throw cause instanceof AssayError ? cause : refuse(undefined, (cause as Error).message, cause);
  }
}

type Refuse = (path: string, found: string, cause?: unknown) => AssayError;

function contentOf(archive: Buffer, entry: Entry, start: number, refuse: Refuse): Uint8Array {
  const { fileName, compressedSize, uncompressedSize, compressionMethod } = entry;
  if (entry.isEncrypted()) throw refuse(fileName, 'an encrypted member');
  if (![STORED, DEFLATED].includes(compressionMethod))
    throw refuse(fileName, `compression method ${compressionMethod}`);
  const raw = archive.subarray(start, start + compressedSize);
  const content =
    compressionMethod === STORED
      ? raw
      : inflateRawSync(raw, { maxOutputLength: Math.max(1, uncompressedSize) });
  if (raw.length !== compressedSize || content.length !== uncompressedSize)
    throw refuse(fileName, `${content.length} bytes where ${uncompressedSize} were stated`);
  if (crc32(content) !== entry.crc32) throw refuse(fileName, 'a wrong checksum');
  return content;
}
