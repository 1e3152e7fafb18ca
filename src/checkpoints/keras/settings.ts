import { AssayError, type ErrorCode, type ErrorDetails } from '../../errors.js';

/** What JSON holds between braces. */
export type Json = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Larger numbers in a configuration are damage, and would overflow what is computed with them. */
const LARGEST = 2 ** 24;

/** A value of a file in an error message, short. */
export function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  let text: string;
  try {
    text = JSON.stringify(value) ?? String(value);
  } catch {
    return 'something nested too deep to show';
  }
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

/** Where a configuration stands: what its errors name. */
export interface Place {
  file: string;
  /** `layer "conv2d" (Conv2D)` */
  path: string;
}

/**
 * The configuration of one layer, read key by key. Keys come in lists where Keras has renamed them; the first that
 * is there counts. Errors: `file-malformed`, naming layer and key.
 */
export class Settings {
  constructor(
    readonly config: Json,
    readonly place: Place,
  ) {}

  fail(message: string, details: ErrorDetails = {}, code: ErrorCode = 'file-malformed'): AssayError {
    return new AssayError(code, message, { ...this.place, ...details });
  }

  wrong(key: string, expected: string, found: unknown): AssayError {
    return new AssayError('file-malformed', 'a setting of a layer cannot be what it is', {
      file: this.place.file,
      path: `${this.place.path}, ${key}`,
      expected,
      found: shown(found),
      hint: 'check that the file was copied completely, or save the model again',
    });
  }

  /** The first key that is there with a value other than null. */
  private find(keys: string | readonly string[]): [key: string, value: unknown] {
    const names = typeof keys === 'string' ? [keys] : keys;
    const key = names.find((name) => Object.hasOwn(this.config, name) && this.config[name] !== null);
    return [key ?? names[0]!, key === undefined ? undefined : this.config[key]];
  }

  raw(keys: string | readonly string[]): unknown {
    return this.find(keys)[1];
  }

  number(keys: string | readonly string[], fallback?: number): number {
    const [key, value = fallback] = this.find(keys);
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    throw this.wrong(key, 'a number', value);
  }

  integer(keys: string | readonly string[], { min = 1, fallback }: { min?: number; fallback?: number } = {}) {
    const [key, value = fallback] = this.find(keys);
    return this.checkInteger(key, value, min);
  }

  checkInteger(key: string, value: unknown, min: number, max = LARGEST): number {
    if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max)
      return value as number;
    throw this.wrong(key, `a whole number from ${min} to ${max}`, value);
  }

  boolean(key: string, fallback: boolean): boolean {
    const [, value = fallback] = this.find(key);
    if (typeof value === 'boolean') return value;
    throw this.wrong(key, 'true or false', value);
  }

  text<T extends string>(key: string, known: readonly T[], fallback?: T): T {
    const [, value = fallback] = this.find(key);
    if (known.includes(value as T)) return value as T;
    throw this.wrong(key, `one of ${known.join(', ')}`, value);
  }

  /** Two numbers, or one that stands for both. */
  pair(keys: string | readonly string[], { min = 1, fallback }: { min?: number; fallback?: number } = {}) {
    const [key, value = fallback] = this.find(keys);
    const both = Array.isArray(value) ? value : [value, value];
    if (both.length !== 2) throw this.wrong(key, 'two numbers', value);
    return both.map((one) => this.checkInteger(key, one, min)) as [number, number];
  }

  /** Of integers; a single one is a list of one. Undefined when it is not there. */
  integers(keys: string | readonly string[], min: number): number[] | undefined {
    const [key, value] = this.find(keys);
    if (value === undefined) return undefined;
    return (Array.isArray(value) ? value : [value]).map((one) => this.checkInteger(key, one, min));
  }

  /** Of numbers, however nested; a single one is a list of one. Undefined when it is not there. */
  numbers(keys: string | readonly string[]): number[] | undefined {
    const [key, value] = this.find(keys);
    if (value === undefined) return undefined;
    const list = (Array.isArray(value) ? value : [value]).flat(4);
    if (list.every((one) => typeof one === 'number' && Number.isFinite(one))) return list;
    throw this.wrong(key, 'numbers', value);
  }

  /** Padding or cropping of two axes: n, [vertical, horizontal], or [[top, bottom], [left, right]]. */
  margins(key: string): [[number, number], [number, number]] {
    const [, value] = this.find(key);
    const axes = Array.isArray(value) ? value : [value, value];
    if (axes.length !== 2) throw this.wrong(key, 'two pairs of numbers', value);
    return axes.map((axis) => {
      const ends = Array.isArray(axis) ? axis : [axis, axis];
      if (ends.length !== 2) throw this.wrong(key, 'two pairs of numbers', value);
      return ends.map((end) => this.checkInteger(key, end, 0));
    }) as [[number, number], [number, number]];
  }
}
