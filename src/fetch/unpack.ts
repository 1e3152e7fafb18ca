import { type ByteSource, malformed, openFile } from '../bytes/byte-source.js';
import { Closing } from '../bytes/closing.js';
import { inflate } from '../bytes/inflate.js';
import { isGzip, isZip } from '../bytes/magic.js';
import { tarContent, tarMembers } from '../bytes/tar.js';
import { zipMembers } from '../bytes/zip.js';
import { safeParts } from './safe-path.js';
import { holdsMore, type Staging } from './staging.js';

/** Far above what a data set has; each takes an inode. */
const MOST_MEMBERS = 1_000_000;

/** A file in an archive. */
interface Packed {
  name: string;
  open(): Promise<ByteSource>;
}

/** Where a member goes; undefined for one that is not needed. */
export type Target = (name: string) => string | undefined;

/**
 * Unpacks a tar archive, plain or gzipped, or a zip archive. Links, devices and paths that lead elsewhere make the whole
 * archive refused, before any of it gets to where the data go.
 * Errors: `file-malformed`, `output-unwritable`, `interrupted`.
 */
export async function unpack(file: string, target: Target, into: Staging): Promise<void> {
  const closing = new Closing();
  try {
    const source = closing.add(await openFile(file));
    const start = await source.read(0, Math.min(4, source.size));
    const files = isZip(start)
      ? zipFiles(source, into.room)
      : tarFiles(isGzip(start) ? closing.add(await inflated(source, into)) : source);
    await unpackAll(files, source, target, into);
  } finally {
    await closing.close();
  }
}

/** Unpacks a single gzipped file. Errors: as `unpack`. */
export async function gunzip(file: string, path: string, into: Staging): Promise<void> {
  const closing = new Closing();
  try {
    const source = closing.add(await openFile(file));
    await into.put(path, closing.add(await inflated(source, into)));
  } finally {
    await closing.close();
  }
}

const inflated = (source: ByteSource, { room }: Staging): Promise<ByteSource> =>
  inflate(source, { method: 'gzip', place: source.place, atMost: room });

async function unpackAll(
  files: AsyncIterable<Packed>,
  { place }: ByteSource,
  target: Target,
  into: Staging,
): Promise<void> {
  const seen = new Set<string>();
  for await (const { name, open } of files) {
    const path = target(safeParts(name, place).join('/'));
    if (path === undefined) continue;
    if (seen.has(path))
      throw malformed({ file: place.file, path: name }, 'the archive has two files of one name');
    seen.add(path);
    const content = await open();
    try {
      await into.put(path, content);
    } finally {
      await content.close();
    }
  }
}

async function* tarFiles(source: ByteSource): AsyncGenerator<Packed> {
  let members = 0;
  for await (const member of tarMembers(source)) {
    const { name, kind } = member;
    if (++members > MOST_MEMBERS)
      throw malformed(source.place, 'the archive has too many members', {
        expected: `at most ${MOST_MEMBERS}`,
      });
    if (kind === 'folder') safeParts(name, source.place);
    else if (kind === 'file') yield { name, open: async () => tarContent(source, member) };
    else throw notAFile(source, name, kind);
  }
}

/** In zip archives, kinds are those of Unix, where the archive was made there. */
async function* zipFiles(source: ByteSource, atMost: number): AsyncGenerator<Packed> {
  let bytes = 0;
  for (const member of await zipMembers(source, { atMost: MOST_MEMBERS })) {
    // What a member says of its size is held against what comes out of it.
    bytes += member.size;
    if (bytes > atMost) throw holdsMore(source.place, atMost);
    if (member.isLink) throw notAFile(source, member.name, 'link');
    if (member.name.endsWith('/')) safeParts(member.name, source.place);
    else yield member;
  }
}

const notAFile = (source: ByteSource, name: string, kind: string) =>
  malformed({ file: source.place.file, path: name }, 'the archive holds something that is not unpacked', {
    expected: 'files and folders',
    found: `a ${kind}`,
    hint: 'this is not the archive that was published: fetch it again',
  });
