import type { FileHandle } from 'node:fs/promises';
import { AssayError } from '../errors.js';
import { openRegular, readInto } from './regular-file.js';

/** Where bytes come from, for error messages: a file, and a member of it. */
export interface Place {
  file: string;
  path?: string;
}

/** Bytes that can be read at any offset. Several reads may overlap. */
export interface ByteSource {
  readonly place: Place;
  readonly size: number;
  /** A fresh array of exactly `length` bytes. Errors: `file-malformed` when they lie beyond the end. */
  read(offset: number, length: number): Promise<Uint8Array>;
  /** Fills `into` from an offset on. Errors: as `read`. */
  readInto(offset: number, into: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** A `file-malformed` error at a place. */
export function malformed(
  place: Place,
  message: string,
  details: { expected?: string; found?: string; hint?: string; cause?: unknown } = {},
): AssayError {
  return new AssayError('file-malformed', message, { ...place, ...details });
}

/** Nothing is allocated for a length before the bytes are known to be there. */
export function refuseBeyond(place: Place, size: number, offset: number, length: number): void {
  const whole = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0;
  if (whole && offset + length <= size) return;
  throw malformed(place, 'the data ends too early', {
    expected: `${length} bytes at offset ${offset}`,
    found: `${size} bytes in all`,
    hint: 'the file may be cut off; fetch or write it again',
  });
}

/** A file, read at offsets. Errors: `file-unreadable`. */
export async function openFile(file: string): Promise<ByteSource> {
  const { handle, size } = await openRegular(file);
  return openSource(handle, size, { file });
}

/** What is open already, read at offsets. */
export function openSource(
  handle: FileHandle,
  size: number,
  place: Place,
  close = () => handle.close(),
): ByteSource {
  return {
    place,
    size,
    async read(offset, length) {
      refuseBeyond(place, size, offset, length);
      const bytes = new Uint8Array(length);
      await readInto(handle, bytes, offset, place.file);
      return bytes;
    },
    async readInto(offset, into) {
      refuseBeyond(place, size, offset, into.length);
      await readInto(handle, into, offset, place.file);
    },
    close,
  };
}

/** Bytes that are in memory already. */
export function memorySource(bytes: Uint8Array, place: Place): ByteSource {
  return {
    place,
    size: bytes.length,
    async read(offset, length) {
      refuseBeyond(place, bytes.length, offset, length);
      // Not slice(): that of a Buffer shares memory, and what is read may be swapped or viewed from its start.
      return new Uint8Array(bytes.subarray(offset, offset + length));
    },
    async readInto(offset, into) {
      refuseBeyond(place, bytes.length, offset, into.length);
      into.set(bytes.subarray(offset, offset + into.length));
    },
    async close() {},
  };
}

/** A part of another source, which stays the owner of the file: closing the part does nothing. */
export function slice(source: ByteSource, start: number, size: number, place: Place): ByteSource {
  refuseBeyond(place, source.size, start, size);
  return {
    place,
    size,
    async read(offset, length) {
      refuseBeyond(place, size, offset, length);
      return source.read(start + offset, length);
    },
    async readInto(offset, into) {
      refuseBeyond(place, size, offset, into.length);
      await source.readInto(start + offset, into);
    },
    async close() {},
  };
}

const PIECE = 2 ** 20;

/** The bytes from start to end in pieces, for streams. */
export async function* pieces(source: ByteSource, start = 0, end = source.size): AsyncGenerator<Uint8Array> {
  for (let at = start; at < end; at += PIECE) yield await source.read(at, Math.min(PIECE, end - at));
}

/** Shows all bytes once, in pieces that are overwritten: fresh memory for each costs more than reading does. */
export async function passed(source: ByteSource, look: (piece: Uint8Array) => void): Promise<void> {
  const memory = new Uint8Array(Math.min(PIECE, source.size));
  for (let at = 0; at < source.size; at += PIECE) {
    const piece = memory.subarray(0, Math.min(PIECE, source.size - at));
    await source.readInto(at, piece);
    look(piece);
  }
}
