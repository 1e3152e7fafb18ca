import type { ScoreOptions } from '../scores/score.js';

const keyOf = (options: ScoreOptions) => JSON.stringify(Object.entries(options).sort());

/** Those with some names; without names, all. */
export const optionsNamed = (names: readonly string[] | undefined, all: ScoreOptions): ScoreOptions =>
  names ? Object.fromEntries(names.map((name) => [name, all[name]])) : all;

/** Each once, in order. */
export function distinctOptions(all: readonly ScoreOptions[]): ScoreOptions[] {
  return [...new Map(all.map((one) => [keyOf(one), one])).values()];
}

/** Where some options stand among others; -1 for nowhere. */
export function placeAmong(options: ScoreOptions, all: readonly ScoreOptions[]): number {
  return all.map(keyOf).indexOf(keyOf(options));
}
