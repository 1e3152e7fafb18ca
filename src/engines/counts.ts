import { AssayError } from '../errors.js';

/** Checks an engine's option that counts something. Errors: `config-invalid`. */
export function countOf(name: string, value: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= 1024) return value;
  throw new AssayError('config-invalid', `the engine's "${name}" is not a usable count`, {
    expected: 'an integer from 1 to 1024',
    found: String(value),
  });
}
