import { createHash } from 'node:crypto';
import { limits } from '../../bytes/limits.js';
import { openRegular, openRegularSync, readInto, tooLarge } from '../../bytes/regular-file.js';
import { arrayTypes, type NdArray } from '../../suites/columns.js';
import {
  BEFORE_HEADER,
  DIGEST,
  headerOf,
  headLength,
  lengthOf,
  padded,
  type StoredColumn,
  type UnitRecord,
} from './unit-file.js';

/** Which columns are wanted; the others are checked like these, and left where they lie. */
export type Wanted = (column: StoredColumn) => boolean;

const all: Wanted = () => true;

/** Bytes that are looked at at a time: units of images are tens of MiB, and a run reads them by the hundred. */
const PIECE = 2 ** 18;

/** Bytes that are asked for next. */
interface Range {
  offset: number;
  length: number;
}

/** The unit called `key` in a file, or undefined when it is not, or no longer, that unit. Errors: `file-unreadable`. */
export async function readUnit(file: string, key: string, wanted?: Wanted): Promise<UnitRecord | undefined> {
  const { handle, size } = await openRegular(file);
  try {
    if (size > limits.unit.value) throw tooLarge(file, size, 'unit');
    const taking = unitIn(size, key, wanted);
    const room = roomFor(size);
    let next = taking.next();
    while (!next.done) {
      const piece = room(next.value.length);
      await readInto(handle, piece, next.value.offset, file);
      next = taking.next(piece);
    }
    return next.value;
  } finally {
    await handle.close();
  }
}

/** Memory for one piece after the other of a file of so many bytes: the same for nearly all. */
function roomFor(size: number): (length: number) => Uint8Array {
  const room = new Uint8Array(Math.min(size, PIECE));
  return (length) => (length <= room.length ? room.subarray(0, length) : new Uint8Array(length));
}

/** The same, without waiting. */
export function readUnitSync(file: string, key: string, wanted?: Wanted): UnitRecord | undefined {
  const opened = openRegularSync(file);
  try {
    const room = roomFor(opened.size);
    return taken(unitIn(opened.size, key, wanted), ({ offset, length }) => {
      const piece = room(length);
      opened.readInto(piece, offset);
      return piece;
    });
  } finally {
    opened.close();
  }
}

/** The unit in these bytes, or undefined when they are not, or no longer, the unit called `key`. */
export const decodeUnit = (bytes: Uint8Array, key: string): UnitRecord | undefined =>
  taken(unitIn(bytes.length, key), ({ offset, length }) => bytes.subarray(offset, offset + length));

function taken(
  taking: ReturnType<typeof unitIn>,
  read: (range: Range) => Uint8Array,
): UnitRecord | undefined {
  let next = taking.next();
  while (!next.done) next = taking.next(read(next.value));
  return next.value;
}

/**
 * Asks for the bytes of a unit from its first to its last, a piece at a time, and returns what they are.
 * @param size bytes in all
 */
function* unitIn(
  size: number,
  key: string,
  wanted = all,
): Generator<Range, UnitRecord | undefined, Uint8Array> {
  if (size <= DIGEST) return undefined;
  const first = yield { offset: 0, length: Math.min(size, PIECE) };
  const end = headLength(first);
  if (end === undefined || end > size - DIGEST) return undefined;
  const start = end <= first.length ? first : yield { offset: 0, length: end };
  // A digest is soon made: a file that was put there by hand holds it as well.
  const header = headerOf(Buffer.from(start.buffer, start.byteOffset, end).toString('utf8', BEFORE_HEADER));
  if (header?.key !== key || lengthOf(header, end) + DIGEST !== size) return undefined;
  const arrays: Record<string, NdArray> = {};
  const places: { from: number; bytes: Uint8Array }[] = [];
  const unread: StoredColumn[] = [];
  let from = padded(end);
  for (const column of header.columns) {
    const length = column.shape.reduce((a, b) => a * b, 1);
    const type = arrayTypes[column.type];
    if (column.name.startsWith('@') || wanted(column)) {
      const data = new type(length);
      arrays[column.name] = { shape: column.shape, data };
      places.push({ from, bytes: new Uint8Array(data.buffer) });
    } else unread.push(column);
    from += padded(length * type.BYTES_PER_ELEMENT);
  }
  const body = size - DIGEST;
  const digest = createHash('sha256');
  for (let offset = 0; offset < body; offset += PIECE) {
    const piece = yield { offset, length: Math.min(PIECE, body - offset) };
    digest.update(piece);
    for (const { from, bytes } of places) {
      const [begin, finish] = [Math.max(from, offset), Math.min(from + bytes.length, offset + piece.length)];
      if (begin < finish) bytes.set(piece.subarray(begin - offset, finish - offset), begin - from);
    }
  }
  const told = yield { offset: body, length: DIGEST };
  if (!digest.digest().equals(told)) return undefined;
  const { '@indices': indices, '@labels': labels, ...rows } = arrays;
  if (!indices) return undefined;
  const { failed, refused, passes, seconds } = header;
  return {
    key,
    rows,
    ...(unread.length > 0 && { unread }),
    indices: indices.data as Int32Array,
    ...(labels && { labels: labels.data as Int32Array }),
    ...(failed && { failed }),
    ...(refused && { refused }),
    passes,
    seconds,
  };
}
