/** What sums of logarithms may be off: numbers at the threshold stay. */
const ROUNDING = 1e-9;

/** What was seen of a finite set in a random order. */
export interface SeenShare {
  /** Examples in all. */
  size: number;
  /** Examples looked at so far, and how many of them are a success. */
  seen: number;
  successes: number;
}

/**
 * How many successes there can be among all `size` examples, at any time: whenever one looks, and whatever makes one stop,
 * all intervals of the sequence hold the right number with at least the probability `level`. Each is the set of numbers k
 * under which what was seen has a probability of at least (1 - level) / (seen + 1). That is the prior-posterior ratio
 * martingale of the hypergeometric distribution with a uniform prior (Waudby-Smith & Ramdas 2020, "Confidence sequences
 * for sampling without replacement", Theorem 2.1), a mixture in the sense of Robbins (1970; Howard et al. 2021) and Ville's
 * inequality. Examples must come in an order that does not depend on them: `randomOrder`. With all seen, one number is
 * left.
 * @returns both ends, numbers of successes
 */
export function confidenceSequence({ size, seen, successes }: SeenShare, level = 0.95): [number, number] {
  const threshold = Math.log(1 - level) - Math.log(seen + 1) - ROUNDING;
  const stays = (k: number) => logHypergeometric(successes, seen, k, size) >= threshold;
  const [least, most] = [successes, size - (seen - successes)];
  // The likelihood rises up to its maximum and falls behind it, so that what stays is one interval around that.
  const likeliest = Math.min(most, Math.max(least, Math.floor(((size + 1) * successes) / Math.max(1, seen))));
  return [
    firstWhere(least, likeliest, stays),
    size - firstWhere(size - most, size - likeliest, (k) => stays(size - k)),
  ];
}

/** The smallest whole number from `from` on that is true, where all after it up to `to` are, which is. */
function firstWhere(from: number, to: number, holds: (k: number) => boolean): number {
  let [low, high] = [from, to];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** log P(s successes among t examples that are drawn from n, k of which are successes). */
const logHypergeometric = (s: number, t: number, k: number, n: number): number =>
  logChoose(k, s) + logChoose(n - k, t - s) - logChoose(n, t);

const logChoose = (n: number, k: number): number =>
  k < 0 || k > n ? Number.NEGATIVE_INFINITY : logFactorial(n) - logFactorial(k) - logFactorial(n - k);

const logFactorials = [0, 0];

/** log n!, from a table that grows as it is needed. */
function logFactorial(n: number): number {
  for (let i = logFactorials.length; i <= n; i++) logFactorials.push(logFactorials[i - 1]! + Math.log(i));
  return logFactorials[n]!;
}
