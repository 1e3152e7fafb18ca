import { InvalidArgumentError } from 'commander';
import { MOST_SHARDS } from '../../runs/folder/shard-name.js';

/** A parser of whole numbers from `min` to `max`, for commander. */
export function wholeNumber(min: number, max = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
    throw new InvalidArgumentError(`Expected a whole number ${range}.`);
  };
}

/** A parser of numbers above 0, for commander. */
export const positiveNumber = (text: string): number => positiveUpTo(Number.MAX_VALUE)(text);

/** A parser of numbers above 0 and not above `max`, such as seconds that a timer can wait. */
export function positiveUpTo(max: number): (text: string) => number {
  return (text) => {
    const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
    if (value > 0 && value <= max) return value;
    const bound = max === Number.MAX_VALUE ? '' : `, at most ${max}`;
    throw new InvalidArgumentError(`Expected a number above 0${bound}.`);
  };
}

/** A parser for an option that may be given again: values in their order. */
export function repeated<T>(parse: (text: string) => T): (text: string, before?: T[]) => T[] {
  return (text, before = []) => [...before, parse(text)];
}

/** A parser of `i/n`, a part of so many, counted from 1, for commander. */
export function partOf(text: string): { index: number; of: number } {
  const [, index, of] = (/^(\d{1,9})\/(\d{1,9})$/.exec(text) ?? []).map(Number) as [number, number, number];
  if (index >= 1 && index <= of && of <= MOST_SHARDS) return { index, of };
  throw new InvalidArgumentError(
    `Expected i/n, such as 2/4, with i from 1 to n, and n at most ${MOST_SHARDS}.`,
  );
}
