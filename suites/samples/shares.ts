import { meanOfShares, wilson } from '../../src/metrics.js';
import { onceFor } from '../../src/suite.js';
import { SAME } from './duplicates.js';
import type { Classification, SampleSet } from './result.js';

/** Shares of the samples of a set, each with its interval. */
export const sharesOf = onceFor(({ n, own, judge, conditioned, saturated, apart }: SampleSet) => {
  const right = (by: Classification | undefined) =>
    by && conditioned && wilson(by.predicted.filter((p, i) => p === conditioned[i]).length, n);
  const alike = apart.filter((distance) => distance < SAME).length;
  return {
    /** Of the class climbed, by the system itself and by the judge; undefined for unconditional samples. */
    own: right(own),
    judged: right(judge),
    /** Of the pixels. */
    saturated: meanOfShares(saturated),
    /** How many look like another. */
    alike,
    /** Undefined for a single sample. */
    duplicates: apart.length > 0 ? wilson(alike, n) : undefined,
  };
});
