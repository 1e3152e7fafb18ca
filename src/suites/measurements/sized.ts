import { AssayError } from '../../errors.js';

/** Numbers that were to be given, as many as were. Errors: `shape-mismatch` with this message. */
export function sized(output: Float32Array | undefined, length: number, message: string): Float32Array {
  if (output?.length === length) return output;
  throw new AssayError('shape-mismatch', message, {
    expected: `${length} numbers`,
    found: output ? `${output.length}` : 'nothing',
  });
}
