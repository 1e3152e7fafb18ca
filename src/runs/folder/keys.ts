import { createHash } from 'node:crypto';
import { AssayError } from '../../errors.js';

/**
 * JSON with sorted keys: equal values give equal text. Keys whose value is undefined do not count.
 * Errors: `suite-failed` for what JSON cannot hold (NaN, functions, typed arrays), naming its place.
 */
export const canonicalJson = (value: unknown, path = 'params'): string => jsonOf(value, () => path);

/** @param place is asked for errors only: results have a hundred thousand places */
function jsonOf(value: unknown, place: () => string): string {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return JSON.stringify(value);
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((v, i) => jsonOf(v, () => `${place()}[${i}]`)).join(',')}]`;
  if (isPlain(value)) {
    const entries = Object.keys(value)
      .sort()
      .flatMap((key) => {
        const v = value[key];
        return v === undefined ? [] : `${JSON.stringify(key)}:${jsonOf(v, () => `${place()}.${key}`)}`;
      });
    return `{${entries.join(',')}}`;
  }
  throw new AssayError('suite-failed', 'parameters of a measurement must be plain JSON', {
    path: place(),
    expected: 'strings, finite numbers, booleans, null, lists and objects of these',
    found: typeof value === 'object' ? Object.prototype.toString.call(value) : String(value),
    hint: 'parameters are hashed into the key of every stored unit: write them as plain values',
  });
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** sha256 of the canonical JSON, in hex. */
export const keyOf = (value: unknown): string =>
  createHash('sha256').update(canonicalJson(value)).digest('hex');
