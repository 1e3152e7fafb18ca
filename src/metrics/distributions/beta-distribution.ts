import type { Estimate } from '../estimates/estimate.js';
import { logGamma } from './log-gamma.js';

/** log B(a, b). */
const logBeta = (a: number, b: number): number => logGamma(a) + logGamma(b) - logGamma(a + b);

/**
 * P(X <= x) for X ~ Beta(a, b), the regularised incomplete beta function: its continued fraction by Lentz's method
 * (Abramowitz & Stegun 1964, 26.5.8). a, b > 0.
 */
export function betaCdf(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  // The fraction converges fast below the mean.
  if (x > (a + 1) / (a + b + 2)) return 1 - betaCdf(1 - x, b, a);
  const front = Math.exp(a * Math.log(x) + b * Math.log1p(-x) - logBeta(a, b)) / a;
  let [c, d] = [1, 1 / away(1 - ((a + b) * x) / (a + 1))];
  let fraction = d;
  for (let m = 1; m < 100_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away(1 + even * d);
    c = away(1 + even / c);
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away(1 + odd * d);
    c = away(1 + odd / c);
    fraction *= d * c;
    if (Math.abs(d * c - 1) < 1e-15) break;
  }
  return front * fraction;
}

/** Lentz's method divides by these. */
const away = (x: number): number => (Math.abs(x) < 1e-300 ? 1e-300 : x);

/** x with P(X <= x) = q for X ~ Beta(a, b), by bisection. */
export function betaQuantile(q: number, a: number, b: number): number {
  let [lo, hi] = [0, 1];
  for (let i = 0; i < 60; i++) {
    const mid = (lo + hi) / 2;
    if (betaCdf(mid, a, b) < q) lo = mid;
    else hi = mid;
  }
  return (lo + hi) / 2;
}

/**
 * What a proportion is at least, given `successes` of `n` (Clopper & Pearson 1934, one-sided): the result is above it with
 * probability at most `alpha`, whatever n and the proportion. n > 0, 0 < alpha < 1.
 */
export const proportionAtLeast = (successes: number, n: number, alpha: number): number =>
  successes === 0 ? 0 : betaQuantile(alpha, successes, n - successes + 1);

/**
 * A proportion with the exact interval of Clopper & Pearson (1934): it covers at least as often as it says, whatever n and
 * the proportion. `successes` of `n`; n = 0 gives NaN without an interval.
 */
export function clopperPearson(successes: number, n: number, level = 0.95): Estimate {
  if (n === 0) return { value: Number.NaN, n, interval: null, level, method: 'none' };
  const tail = (1 - level) / 2;
  const lo = proportionAtLeast(successes, n, tail);
  const hi = successes === n ? 1 : betaQuantile(1 - tail, successes + 1, n - successes);
  return { value: successes / n, n, interval: [lo, hi], level, method: 'clopper-pearson' };
}

/** P(K <= k) of the beta-binomial: K of n successes, whose chance is itself drawn from Beta(a, b). */
export function betaBinomialCdf(k: number, n: number, a: number, b: number): number {
  if (k < 0) return 0;
  if (k >= n) return 1;
  // Terms by their ratios, from the first on.
  let log = logBeta(a, n + b) - logBeta(a, b);
  let sum = Math.exp(log);
  for (let i = 0; i < k; i++) {
    log += Math.log(((n - i) * (i + a)) / ((i + 1) * (n - i - 1 + b)));
    sum += Math.exp(log);
  }
  return Math.min(1, sum);
}

/** What k of k successes leave for the chance of one: it is less with probability at most alpha. */
export const chanceAtLeast = (k: number, alpha: number): number => alpha ** (1 / k);
