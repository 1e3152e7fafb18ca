import { AssayError } from '../../errors.js';

/** Numbers that were to be given, as many as were. Errors: `shape-mismatch` with this message. */
export function sized(found: Float32Array | undefined, length: number, message: string): Float32Array {
  if (found?.length === length) return found;
  throw new AssayError('shape-mismatch', message, {
    expected: `${length} numbers`,
    found: found ? `${found.length}` : 'nothing',
  });
}
