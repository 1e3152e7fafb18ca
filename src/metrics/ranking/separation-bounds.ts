import { chanceAtLeast } from '../distributions/beta-distribution.js';
import type { Estimate } from '../estimates/estimate.js';
import { meanAuroc, type RankingMetrics } from './ranking.js';

/*
 * Scores that do not overlap: every ID example scores higher than every OOD example. Neither DeLong's variance nor a bootstrap
 * tells then how far others may lie. What can be told is how improbable this is: of k pairs of an ID and an OOD example that
 * share no example, and so are independent, all are in the right order with probability P(ID > OOD)^k at most. A population
 * under which the scores stay apart with a probability of at most 1 - level is left out (Clopper & Pearson 1934, one-sided; for
 * k of k successes, alpha^(1/k), the "rule of three"). Ties are in the wrong order here, so that all of it holds with them.
 *
 * Of several OOD sets, all must stay apart, and the mean over them is no worse than the worst: its bound is the weakest.
 */

/** Why an interval is longer than resamples or a variance have it. */
export const asFarAsApart = (end: 'lower' | 'upper'): string =>
  `the ${end} end of the interval is that of scores that do not overlap (Clopper-Pearson)`;

/** How many ID and OOD examples, or clusters of them, are independent of each other. */
export interface Sizes {
  /** Of clusters: how many there would be, were all as large as the largest; see `clusterSizes`. */
  nId: number;
  nOod: number;
  /** ID examples for an OOD example. Default: nId / nOod. */
  idPerOod?: number;
  /** Pairs of an ID and an OOD example that share none. Default: the smaller of the two numbers. */
  pairs?: number;
}

const pairsOf = ({ nId, nOod, pairs = Math.min(nId, nOod) }: Sizes): number => pairs;

/**
 * Sizes of a ranking whose ID examples belong together by clusters. That all are on the right side has the probability
 * prod_c (1 - f_c) at most, where f_c is the share of the examples of cluster c, of s_c, that can lie on the wrong one. Since
 * log(1 - f) is concave, this is (1 - f)^(N / max s) at most for the share f of all N examples (Jensen): as of N / max s examples. Of
 * these, a share of min(1, m / clusters) has a partner among m OOD examples of its own.
 */
export function clusterSizes(
  { count, of }: { count: number; of: Int32Array },
  nOod: number,
): Required<Sizes> {
  const sizes = new Int32Array(count);
  for (let i = 0; i < of.length; i++) sizes[of[i]!]!++;
  const nId = of.length / sizes.reduce((most, size) => Math.max(most, size), 1);
  return { nId, nOod, idPerOod: of.length / nOod, pairs: (nId / count) * Math.min(count, nOod) };
}

/** What is given in place of an interval of the usual kind. */
export type Bounded = Pick<Estimate, 'interval' | 'method' | 'why'>;

/** Why the interval of an estimate is not the usual one, for readers. */
const APART = 'one-sided exact interval (Clopper-Pearson), since the scores do not overlap';

/** The bound of a number whose scores do not overlap. */
export const apart = (interval: [number, number]): Bounded => ({
  interval,
  method: 'clopper-pearson-one-sided',
  why: APART,
});

/**
 * The ends of an area, or of the mean of several, that is 1 or 0: `[alpha^(1/k), 1]`, or its mirror image. An OSCR is that of pairs
 * whose ID example is classified rightly as well. Undefined for others.
 * @param pairs k, how many pairs of examples share none; of several OOD sets, the fewest
 */
export function apartArea(value: number, pairs: number, alpha: number): [number, number] | undefined {
  if (!(pairs > 0)) return undefined;
  const least = chanceAtLeast(pairs, alpha);
  if (value === 1) return [least, 1];
  return value === 0 ? [0, 1 - least] : undefined;
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

/** Steps of an integral over recall. */
const STEPS = 2000;

/**
 * Average precision. With r negatives for a positive and F(u) the false positive rate at recall u, precision is at least
 * u / (u + r F(u)). Scores stay apart with probability u^n + (1 - F(u))^m at most, since where they do, no positive lies below the
 * threshold of recall u, or no negative above it; that bounds F(u) at each u. And F does not fall, and its mean is
 * P(positive <= negative) <= e, so that F(u) <= e / (1 - u). The integral is summed from below.
 */
const precision =
  (positives: 'nId' | 'nOod', negatives: 'nId' | 'nOod'): Bound =>
  (sizes, alpha) => {
    const [n, m] = [sizes[positives], sizes[negatives]];
    const ratio = ratioOf(sizes, negatives);
    const e = 1 - chanceAtLeast(pairsOf(sizes), alpha);
    const rate = (u: number) => {
      const left = alpha - u ** n;
      return Math.min(1, e / (1 - u), left > 0 ? 1 - left ** (1 / m) : 1);
    };
    let sum = 0;
    for (let k = 0; k < STEPS; k++) {
      const u = k / STEPS;
      sum += u === 0 ? 0 : u / (u + ratio * rate((k + 1) / STEPS));
    }
    return [sum / STEPS, 1];
  };

/**
 * Average precision where every negative scores higher than every positive: of a positive that a share x of the negatives lies below,
 * the precision is 1 / (1 + r (1 - x)) at most, and u / (u + r) at least. The mean of x is P(negative < positive) <= e, and the first is
 * convex in x: the integral is e + (1 - e) / (1 + r) at most.
 */
function reversedPrecision(ratio: number, sizes: Sizes, alpha: number): [number, number] {
  const e = 1 - chanceAtLeast(pairsOf(sizes), alpha);
  return [1 - ratio * Math.log1p(1 / ratio), e + (1 - e) / (1 + ratio)];
}

/** Negatives for a positive. */
const ratioOf = ({ nId, nOod, idPerOod = nId / nOod }: Sizes, negatives: 'nId' | 'nOod'): number =>
  negatives === 'nId' ? idPerOod : 1 / idPerOod;

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
  auprIn: precision('nId', 'nOod'),
  auprOut: precision('nOod', 'nId'),
  fpr95IdPositive: ({ nId, nOod }, alpha) => falsePositives(nId, nOod, alpha),
  fpr95OodPositive: ({ nId, nOod }, alpha) => falsePositives(nOod, nId, alpha),
  // Where both shares of errors are at least d, an ID example below and an OOD example above the threshold are both absent, or
  // the scores overlap: P(apart) <= (1 - d)^n + (1 - d)^m.
  // A threshold below all scores has an error of 1/2.
  detectionError: ({ nId, nOod }, alpha) => [0, Math.min(0.5, 1 - (alpha / 2) ** (1 / Math.min(nId, nOod)))],
};

/** Where scores lie apart the other way: all other metrics are then at the end of their range. */
const reversed: Partial<Record<keyof RankingMetrics, Bound>> = {
  auprIn: (sizes, alpha) => reversedPrecision(ratioOf(sizes, 'nOod'), sizes, alpha),
  auprOut: (sizes, alpha) => reversedPrecision(ratioOf(sizes, 'nId'), sizes, alpha),
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
  if (metric === 'auroc') {
    const pairs = Math.min(...sets.map(pairsOf));
    const limits = apartArea(meanAuroc(sets), pairs, 1 - level);
    return limits && apart(limits);
  }
  const [first] = sets;
  if (!first || !sets.every(({ auroc }) => auroc === first.auroc)) return undefined;
  const bound = first.auroc === 1 ? bounds[metric] : first.auroc === 0 ? reversed[metric] : undefined;
  const each = sets.flatMap((sizes) => {
    const one = bound?.(sizes, 1 - level);
    return one ? [one] : [];
  });
  if (each.length < sets.length) return undefined;
  return apart([Math.min(...each.map(([lo]) => lo)), Math.max(...each.map(([, hi]) => hi))]);
}
