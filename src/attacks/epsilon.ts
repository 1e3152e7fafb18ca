import { type SchemaOptions, Type } from '../config/type.js';
import { AssayError } from '../errors.js';

/** A radius in pixel units, with the text it was written as: reports say 8/255, not 0.03137. */
export interface Epsilon {
  text: string;
  value: number;
}

/** What a run file may say: `8/255`, `"0.5"`, `0.5`. */
const PATTERN = '^\\s*[0-9.]+(e[+-]?[0-9]+)?\\s*(/\\s*[0-9.]+(e[+-]?[0-9]+)?\\s*)?$';

/** The schema of what `parseEpsilon` reads. */
export const epsilonSchema = (options: SchemaOptions = {}) =>
  Type.Union(
    [
      Type.String({ pattern: PATTERN, title: 'a fraction such as 8/255' }),
      Type.Number({ exclusiveMinimum: 0, title: 'a number above 0' }),
    ],
    options,
  );

/**
 * Reads a fraction or a number. White space is dropped from the text, nothing else is changed.
 * `path` is where it stands, for messages. Errors: `config-invalid` unless it is a positive finite number.
 */
export function parseEpsilon(written: string | number, path = 'epsilons'): Epsilon {
  const text = String(written).replace(/\s+/g, '');
  const parts = text.split('/');
  const numbers = parts.map((part) => (part === '' ? Number.NaN : Number(part)));
  const value = parts.length === 1 ? numbers[0]! : numbers[0]! / numbers[1]!;
  if (parts.length <= 2 && Number.isFinite(value) && value > 0) return { text, value };
  throw new AssayError('config-invalid', 'a radius or step size is not a positive number', {
    path,
    expected: 'a number or a fraction above 0, such as 8/255 or 0.5, in units of pixels in [0, 1]',
    found: text === '' ? 'nothing' : text,
  });
}

/** Reads several, smallest first; one that is written twice or in two ways is kept once, as first written. */
export function parseEpsilons(written: readonly (string | number)[], path = 'epsilons'): Epsilon[] {
  if (written.length === 0) {
    throw new AssayError('config-invalid', 'an attack needs at least one epsilon', { path });
  }
  const parsed = written.map((one, i) => parseEpsilon(one, `${path}[${i}]`));
  const first = parsed.filter((one, i) => parsed.findIndex(({ value }) => value === one.value) === i);
  return first.sort((a, b) => a.value - b.value);
}
