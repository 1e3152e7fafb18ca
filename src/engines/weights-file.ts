import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { ExternalData } from '../graph/read.js';

/** Numbers in a file are compared in pieces of so many bytes: what is in memory already is not there twice. */
const PIECE = 2 ** 20;

/** Reads the weights beside a model from a file that we wrote, or had a library write: they lie in no other. */
export const weightsIn =
  (file: string): ExternalData =>
  (_location, offset, length, known) => {
    const descriptor = openSync(file, 'r');
    try {
      const wanted = length ?? fstatSync(descriptor).size - offset;
      if (known?.byteLength === wanted && holds(descriptor, offset, known)) return known;
      const bytes = new Uint8Array(wanted);
      return bytes.subarray(0, fill(descriptor, bytes, offset));
    } finally {
      closeSync(descriptor);
    }
  };

function holds(descriptor: number, offset: number, known: Uint8Array): boolean {
  const piece = new Uint8Array(Math.min(PIECE, known.byteLength));
  for (let at = 0; at < known.byteLength; at += piece.byteLength) {
    const expected = known.subarray(at, at + piece.byteLength);
    const read = fill(descriptor, piece.subarray(0, expected.byteLength), offset + at);
    if (read < expected.byteLength || Buffer.compare(piece.subarray(0, read), expected) !== 0) return false;
  }
  return true;
}

/** @returns bytes that were read: fewer where the file ends */
function fill(descriptor: number, into: Uint8Array, offset: number): number {
  let done = 0;
  for (let read = 1; read > 0 && done < into.byteLength; done += read)
    read = readSync(descriptor, into, done, into.byteLength - done, offset + done);
  return done;
}
