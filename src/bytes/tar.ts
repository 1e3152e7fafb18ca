import { type ByteSource, malformed, type Place, slice } from './byte-source.js';
import { limits } from './limits.js';

/*
 * Headers of tar archives (POSIX.1-2017, pax; the older ustar and v7; GNU's long names and numbers). Only headers are
 * read, a window of the archive at a time; what members hold is read when it is asked for.
 */

const BLOCK = 512;
const WINDOW = 2 ** 16;

/** What a member is. Whoever unpacks takes files and folders, and refuses the rest. */
export type TarKind = 'file' | 'folder' | 'link' | 'device' | 'sparse file' | 'something else';

export interface TarMember {
  /** As the archive has it: only ever compared, never used as a path unless it was checked. */
  name: string;
  kind: TarKind;
  /** Bytes, all of which are in the archive. */
  size: number;
  /** Where its content begins in the archive. */
  start: number;
  /** Where its headers begin, those of long names included: reading can begin there again. */
  header: number;
}

const KINDS: Readonly<Record<string, TarKind>> = {
  '\0': 'file',
  '0': 'file',
  '7': 'file',
  '5': 'folder',
  '1': 'link',
  '2': 'link',
  '3': 'device',
  '4': 'device',
  '6': 'device',
  S: 'sparse file',
};

/** What a header says of the member behind the next one. */
interface Override {
  path?: string;
  size?: number;
  sparse?: boolean;
}

/**
 * The members of an archive in their order.
 * @param from where to begin: a `header` of an earlier walk
 * Errors: `file-malformed` for what is no archive, is damaged, or ends before its end mark: what is cut off between two
 * members would otherwise be missed in silence.
 */
export async function* tarMembers(source: ByteSource, from = 0): AsyncGenerator<TarMember> {
  const { place } = source;
  const read = windowed(source);
  let everyone: Override = {};
  let next: Override = {};
  let header = from;
  for (let at = from; ; ) {
    if (at + BLOCK > source.size) throw at === 0 ? foreign(place, source.size) : cutOff(place, at);
    const block = await read(at, BLOCK);
    if (block.every((byte) => byte === 0)) return;
    if (!sumHolds(block)) throw at === 0 ? foreign(place, source.size) : damaged(place, at);
    const type = String.fromCharCode(block[156]!);
    const extension = isExtension(type);
    const own = number(block, 124, 12, { place, at });
    const size = next.size ?? everyone.size ?? own;
    const start = at + BLOCK;
    const end = start + Math.ceil((extension ? own : size) / BLOCK) * BLOCK;
    const name = next.path ?? everyone.path ?? nameIn(block);
    const within = extension ? place : { file: place.file, path: name };
    if (!(end <= source.size + BLOCK) || start + size > source.size) throw cutOff(within, start, size);
    if (extension) {
      if (own > limits.tarHeader.value)
        throw malformed(place, 'the name or the properties of a member of the archive are too long', {
          expected: `at most ${limits.tarHeader.value} bytes`,
          found: `${own} bytes at offset ${at}`,
          hint: limits.tarHeader.instead,
        });
      const content = await read(start, own);
      if (type === 'L') next.path = textOf(content);
      else if (type === 'x') next = { ...next, ...properties(content, place, at) };
      else if (type === 'g') everyone = { ...everyone, ...properties(content, place, at) };
    } else {
      const kind = next.sparse ? 'sparse file' : kindOf(type, name);
      yield { name, kind, size: kind === 'file' ? size : 0, start, header };
      next = {};
      header = end;
    }
    at = end;
  }
}

/** The content of a member. */
export const tarContent = (source: ByteSource, { name, start, size }: TarMember): ByteSource =>
  slice(source, start, size, { file: source.place.file, path: name });

/** Headers that speak of others: long names and targets of links, properties of the next member and of all. */
const isExtension = (type: string) => 'LKxg'.includes(type);

/** Archives from before folders had a type of their own mark them by their names. */
const kindOf = (type: string, name: string): TarKind => {
  const kind = KINDS[type] ?? 'something else';
  return kind === 'file' && name.endsWith('/') ? 'folder' : kind;
};

/** Whether a header states the sum of its bytes, its own field as spaces. Old programs took bytes as signed. */
function sumHolds(block: Uint8Array): boolean {
  const [stated] = /^[ 0]*([0-7]*)/.exec(Buffer.from(block).toString('latin1', 148, 156))?.slice(1) ?? [];
  let unsigned = 0;
  let signed = 0;
  for (let i = 0; i < BLOCK; i++) {
    const byte = i >= 148 && i < 156 ? 32 : block[i]!;
    unsigned += byte;
    signed += byte > 127 ? byte - 256 : byte;
  }
  const sum = Number.parseInt(stated || '0', 8);
  return sum === unsigned || sum === signed;
}

/** Octal digits; or, where the first bit is set, a big-endian number (GNU, for what octal digits cannot say). */
function number(
  block: Uint8Array,
  offset: number,
  length: number,
  { place, at }: { place: Place; at: number },
) {
  const field = block.subarray(offset, offset + length);
  const text = Buffer.from(field).toString('latin1').replace(/\0.*$/s, '').trim();
  const value =
    field[0]! & 0x80
      ? field.reduce((sum, byte, i) => sum * 256 + (i === 0 ? byte & 0x7f : byte), 0)
      : text === ''
        ? 0
        : /^[0-7]+$/.test(text)
          ? Number.parseInt(text, 8)
          : Number.NaN;
  if (Number.isSafeInteger(value)) return value;
  throw malformed(place, 'the size of a member of the archive makes no sense', {
    found: `${text.slice(0, 20)} at offset ${at}`,
    hint: 'fetch or write the archive again',
  });
}

/** In POSIX headers the first part of a long name lies at the end; GNU's have times there. */
function nameIn(block: Uint8Array): string {
  const name = textOf(block.subarray(0, 100));
  const posix = Buffer.from(block).toString('latin1', 257, 263) === 'ustar\0';
  const prefix = posix ? textOf(block.subarray(345, 500)) : '';
  return prefix ? `${prefix}/${name}` : name;
}

function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString('utf8');
}

/** Lines of `LENGTH KEY=VALUE`, the length in bytes and with itself. */
function properties(bytes: Uint8Array, place: Place, offset: number): Override {
  const override: Override = {};
  const text = Buffer.from(bytes);
  for (let at = 0; at < text.length && text[at] !== 0; ) {
    const space = text.indexOf(0x20, at);
    const length = Number(text.toString('latin1', at, space));
    const [, key, value] = /^([^=]+)=(.*)\n$/s.exec(text.toString('utf8', space + 1, at + length)) ?? [];
    if (
      !(space > at && Number.isInteger(length) && length > 0 && at + length <= text.length) ||
      key === undefined
    )
      throw malformed(place, 'the properties of a member of the archive are not understood', {
        found: `offset ${offset}`,
        hint: 'fetch or write the archive again',
      });
    if (key === 'path') override.path = value;
    else if (key === 'size') override.size = Number(value);
    else if (key.startsWith('GNU.sparse.')) override.sparse = true;
    at += length;
  }
  if (override.size === undefined || (Number.isSafeInteger(override.size) && override.size >= 0))
    return override;
  throw malformed(place, 'the size of a member of the archive makes no sense', { found: `offset ${offset}` });
}

/** Reads at offsets by way of a piece that is kept: small members stand close together. */
function windowed(source: ByteSource): (offset: number, length: number) => Promise<Uint8Array> {
  let start = 0;
  let kept: Uint8Array = new Uint8Array();
  return async (offset, length) => {
    if (length > WINDOW) return source.read(offset, length);
    if (offset < start || offset + length > start + kept.length) {
      start = offset;
      kept = await source.read(offset, Math.max(length, Math.min(WINDOW, source.size - offset)));
    }
    return kept.subarray(offset - start, offset - start + length);
  };
}

const foreign = (place: Place, size: number) =>
  malformed(place, 'this is not a tar archive', {
    found: size === 0 ? 'an empty file' : undefined,
    hint: 'check the file: `tar -tf FILE` lists an archive',
  });

const damaged = (place: Place, at: number) =>
  malformed(place, 'the archive is damaged', {
    expected: 'the header of a member',
    found: `something else at offset ${at}`,
    hint: 'fetch or write it again',
  });

const cutOff = (place: Place, at: number, size?: number) =>
  malformed(place, 'the archive is cut off', {
    expected: size === undefined ? 'more members, or its end mark of zeros' : `${size} bytes at offset ${at}`,
    found: `its end${size === undefined ? ` at offset ${at}` : ''}`,
    hint: 'fetch or write it again',
  });
