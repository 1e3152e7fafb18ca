import { AssayError } from '../errors.js';
import type { Value } from './engine.js';

/** An output of a program by its name. Errors: `engine-failed` where the engine did not give it. */
export function outputOf(found: Readonly<Record<string, Value>>, name: string): Value {
  const value = found[name];
  if (value) return value;
  throw new AssayError('engine-failed', `the engine gave no "${name}"`, {
    expected: 'a value of each output that was asked for',
    found: Object.keys(found).join(', ') || 'none',
  });
}

/** The numbers of a float32 output. */
export const floatsOf = (found: Readonly<Record<string, Value>>, name: string): Float32Array =>
  outputOf(found, name).data as Float32Array;
