import { proportionAtLeast } from './distributions/beta-distribution.js';
import { binomialTail } from './distributions/binomial-tail.js';
import { normalQuantile } from './distributions/distributions.js';
import { proportionSequence } from './estimates/proportion-sequence.js';
import { argmaxOf } from './softmax.js';

/** What is known of a smoothed classifier at an image. */
export interface Certificate {
  /** The class that most of the selection draws gave; the first of several. */
  selected: number;
  /** How many of the estimation draws gave it. */
  count: number;
  /** What its probability is at least, but for a chance of alpha. */
  pLower: number;
  /** In L2: no image nearer is given another class. Undefined where `pLower` is below 1/2: CERTIFY abstains. */
  radius: number | undefined;
}

/**
 * CERTIFY of Cohen et al. (2019, Algorithm 1): the class comes from the selection draws, its probability from draws that had
 * no part in choosing it. The certificate is wrong with a chance of at most `alpha`, for each image by itself.
 * @param selection (classes) how many of n0 draws gave each class
 * @param estimation (classes) the same of n other draws, n > 0
 * @param sigma of the noise, in the units of the radius
 */
export function certificateOf(
  selection: ArrayLike<number>,
  estimation: ArrayLike<number>,
  { sigma, alpha }: { sigma: number; alpha: number },
): Certificate {
  const selected = argmaxOf(selection);
  const count = estimation[selected]!;
  const pLower = proportionAtLeast(count, sumOf(estimation), alpha);
  return { selected, count, pLower, radius: radiusOf(pLower, sigma) };
}

/** What is known of a smoothed classifier at an image, whenever one looks. */
export interface Certainty extends Certificate {
  /** What the probability of the class is at most. */
  pUpper: number;
  /** In L2: the largest radius that is still possible; undefined where that of another class may be as large. */
  radiusUpper: number | undefined;
}

/**
 * CERTIFY with a confidence sequence in place of one interval (Voracek 2024): one may look after any number of estimation draws
 * and stop. That its probability is within [pLower, pUpper] at all looks is wrong with a chance of at most `alpha`, for each image by
 * itself. After the same draws it is wider than `certificateOf`. Arguments: as there.
 */
export function certaintyOf(
  selection: ArrayLike<number>,
  estimation: ArrayLike<number>,
  { sigma, alpha }: { sigma: number; alpha: number },
): Certainty {
  const selected = argmaxOf(selection);
  const count = estimation[selected]!;
  const [pLower, pUpper] = proportionSequence({ seen: sumOf(estimation), right: count }, 1 - alpha);
  return {
    ...{ selected, count, pLower, pUpper },
    radius: radiusOf(pLower, sigma),
    radiusUpper: radiusOf(pUpper, sigma),
  };
}

/** What is to be known before draws end. */
export interface Settling {
  /** Of each of these radii whether it is certified. */
  radii: readonly number[];
  /** The radius itself, to within so much. */
  within?: number;
}

/** Whether it is known: a radius is certified, or cannot be, however many draws follow. */
export const isSettled = (
  { radius, radiusUpper }: Pick<Certainty, 'radius' | 'radiusUpper'>,
  { radii, within }: Settling,
): boolean =>
  radiusUpper === undefined ||
  (radii.every((at) => (radius !== undefined && radius >= at) || radiusUpper < at) &&
    (within === undefined || (radius !== undefined && radiusUpper - radius <= within)));

/**
 * PREDICT of Cohen et al. (2019, Algorithm 1): the class that most draws gave, or undefined where the two-sided binomial test
 * of the first two gives a p value above `alpha` (Hung & Fithian 2019). It is another than that of the smoothed classifier
 * with a chance of at most `alpha`. `counts` (classes).
 */
export function smoothedPrediction(counts: ArrayLike<number>, alpha: number): number | undefined {
  const top = argmaxOf(counts);
  const second = Array.from(counts).reduce((most, count, k) => (k === top ? most : Math.max(most, count)), 0);
  const p = Math.min(1, 2 * binomialTail(second, counts[top]! + second));
  return p > alpha ? undefined : top;
}

/** The radius that is certified where all of n draws agree: none is larger. Undefined where even they are too few. */
export const largestRadius = (n: number, { sigma, alpha }: { sigma: number; alpha: number }) =>
  radiusOf(proportionAtLeast(n, n, alpha), sigma);

/** The same of `certaintyOf`. */
export const largestSequentialRadius = (n: number, { sigma, alpha }: { sigma: number; alpha: number }) =>
  radiusOf(proportionSequence({ seen: n, right: n }, 1 - alpha)[0], sigma);

/** sigma Phi^-1(p), from 1/2 on. */
const radiusOf = (p: number, sigma: number): number | undefined =>
  p < 0.5 ? undefined : p === 0.5 ? 0 : sigma * normalQuantile(2 * p - 1);

function sumOf(counts: ArrayLike<number>): number {
  let sum = 0;
  for (let k = 0; k < counts.length; k++) sum += counts[k]!;
  return sum;
}
