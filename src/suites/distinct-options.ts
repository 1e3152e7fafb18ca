import type { ScoreOptions } from '../scores/score.js';

const keyOf = (options: ScoreOptions) => JSON.stringify(Object.entries(options).sort());

/** Each once, in order. */
export function distinctOptions(all: readonly ScoreOptions[]): ScoreOptions[] {
  return [...new Map(all.map((one) => [keyOf(one), one])).values()];
}

/** Where some options stand among others; -1 for nowhere. */
export function placeAmong(options: ScoreOptions, all: readonly ScoreOptions[]): number {
  return all.map(keyOf).indexOf(keyOf(options));
}
