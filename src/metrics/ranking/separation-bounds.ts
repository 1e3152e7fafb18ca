import type { Estimate } from '../estimates/estimate.js';
import type { RankingMetrics } from './ranking.js';

/*
 * Scores that do not overlap: every ID example scores higher than every OOD example. Neither DeLong's variance nor a bootstrap
 * tells then how far others may lie. What can be told is how improbable this is: of k pairs of an ID and an OOD example that
 * share no example, and so are independent, all are in the right order with probability P(ID > OOD)^k at most. A population
 * under which the scores stay apart with a probability of at most 1 - level is left out (Clopper & Pearson 1934, one-sided; for
 * k of k successes, alpha^(1/k), the "rule of three"). Ties are in the wrong order here, so that all of it holds with them.
 *
 * Of several OOD sets, all must stay apart, and the mean over them is no worse than the worst: its bound is the weakest.
 */

/** How many ID and OOD examples, or clusters of them, are independent of each other. */
export interface Sizes {
  nId: number;
  nOod: number;
}

type Bounded = Pick<Estimate, 'interval' | 'method' | 'why'>;

/** What k of k successes leave for the chance of one: it is less with probability at most 1 - level. */
export const chanceAtLeast = (k: number, level: number): number => (1 - level) ** (1 / k);

/** Why the interval of an estimate is not the usual one, for readers. */
const APART = 'one-sided exact interval (Clopper-Pearson), since the scores do not overlap';

const bounded = (interval: [number, number]): Bounded => ({
  interval,
  method: 'clopper-pearson-one-sided',
  why: APART,
});

/**
 * The mean of AUROCs, or of areas under the open-set classification rate, that are all 1, or all 0: `[alpha^(1/k), 1]`, or its
 * mirror image. An OSCR is that of pairs whose ID example is classified rightly as well. Undefined for others.
 * @param areas of each OOD set
 * @param pairs how many pairs of examples there are of each set that share none
 */
export function apartArea(
  areas: readonly number[],
  pairs: readonly number[],
  level: number,
): Bounded | undefined {
  const k = Math.min(...pairs);
  if (areas.length === 0 || !(k > 0)) return undefined;
  const least = chanceAtLeast(k, level);
  if (areas.every((area) => area === 1)) return bounded([least, 1]);
  if (areas.every((area) => area === 0)) return bounded([0, 1 - least]);
  return undefined;
}

/**
 * Pairs of examples that share no cluster, where clusters may have examples on both sides, such as images and their changed
 * forms.
 */
export function clusterPairs(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const [ofA, ofB] = [new Set(Array.from(a)), new Set(Array.from(b))];
  const all = new Set([...ofA, ...ofB]).size;
  return Math.min(ofA.size, ofB.size, Math.floor(all / 2));
}

/** A bound of a metric where scores do not overlap; undefined where there are too few examples for one. */
type Bound = (sizes: Sizes, alpha: number) => [number, number] | undefined;

/**
 * Average precision. With r negatives for a positive and F(u) the false positive rate at recall u, precision is at least
 * u / (u + r F(u)). F does not fall, and its mean is P(positive <= negative) <= e, so that F(u) <= e / (1 - u). The integral of
 * the precision over u is then at least 1 - 2 c / s * log((s + 1) / (s - 1)), with c = r e and s = sqrt(1 + 4 c).
 */
const precision =
  (ratio: (sizes: Sizes) => number): Bound =>
  (sizes, alpha) => {
    const e = 1 - alpha ** (1 / Math.min(sizes.nId, sizes.nOod));
    const c = ratio(sizes) * e;
    const s = Math.sqrt(1 + 4 * c);
    return [Math.max(0, 1 - ((2 * c) / s) * Math.log((s + 1) / (s - 1))), 1];
  };

/**
 * False positives at the threshold that finds 95 % of the positives. The threshold of the population lies below all n positives
 * with probability 0.95^n at most; where it does not, all m negatives lie beyond it, with probability (1 - FPR)^m.
 */
const falsePositives = (
  positives: number,
  negatives: number,
  alpha: number,
): [number, number] | undefined => {
  const left = alpha - 0.95 ** positives;
  return left > 0 ? [0, 1 - left ** (1 / negatives)] : undefined;
};

const bounds: Readonly<Record<Exclude<keyof RankingMetrics, 'auroc'>, Bound>> = {
  auprIn: precision(({ nId, nOod }) => nOod / nId),
  auprOut: precision(({ nId, nOod }) => nId / nOod),
  fpr95IdPositive: ({ nId, nOod }, alpha) => falsePositives(nId, nOod, alpha),
  fpr95OodPositive: ({ nId, nOod }, alpha) => falsePositives(nOod, nId, alpha),
  // Where both shares of errors are at least d, an ID example below and an OOD example above the threshold are both absent, or
  // the scores overlap: P(apart) <= (1 - d)^n + (1 - d)^m.
  detectionError: ({ nId, nOod }, alpha) => [0, 1 - (alpha / 2) ** (1 / Math.min(nId, nOod))],
};

/**
 * A metric of rankings, or its unweighted mean over OOD sets, whose scores do not overlap. Undefined where they do, and for
 * FPR95 where there are fewer than 59 positives, at 95 %: too few to say where the threshold lies.
 * @param sets AUROC and sizes of each
 */
export function apartMetric(
  metric: keyof RankingMetrics,
  sets: readonly (Sizes & { auroc: number })[],
  level: number,
): Bounded | undefined {
  if (metric === 'auroc')
    return apartArea(
      sets.map(({ auroc }) => auroc),
      sets.map(({ nId, nOod }) => Math.min(nId, nOod)),
      level,
    );
  if (sets.length === 0 || !sets.every(({ auroc }) => auroc === 1)) return undefined;
  const each = sets.flatMap((sizes) => {
    const one = bounds[metric](sizes, 1 - level);
    return one ? [one] : [];
  });
  if (each.length < sets.length) return undefined;
  return bounded([Math.min(...each.map(([lo]) => lo)), Math.max(...each.map(([, hi]) => hi))]);
}
