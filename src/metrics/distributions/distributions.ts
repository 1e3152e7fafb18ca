import { betaCdf } from './beta-distribution.js';

/** Standard normal distribution function, by its Taylor series (Marsaglia 2004); exact to 1e-15 for |z| < 7. */
export function normalCdf(z: number): number {
  if (z < -8) return 0;
  if (z > 8) return 1;
  let term = z;
  let sum = z;
  for (let k = 3; Math.abs(term) > 1e-18 * Math.abs(sum); k += 2) sum += term *= (z * z) / k;
  return 0.5 + (sum * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI);
}

/** P(|Z| >= |z|) of a standard normal Z; exact to 1e-12 of itself, however small. */
export function normalTwoSided(z: number): number {
  const x = Math.abs(z);
  if (x < 3) return 2 * normalCdf(-x);
  // The continued fraction of Laplace (Abramowitz & Stegun 1964, 26.2.14), from its far end.
  let fraction = x;
  for (let k = 80; k >= 1; k--) fraction = x + k / fraction;
  return (2 * Math.exp((-x * x) / 2)) / (Math.sqrt(2 * Math.PI) * fraction);
}

/**
 * P(|T| >= |t|) for Student's t with `df` degrees of freedom, a positive integer, by the incomplete beta function (Abramowitz & Stegun
 * 1964, 26.5.27): to 1e-9 of itself, however small.
 */
export const studentTTwoSided = (t: number, df: number): number => betaCdf(df / (df + t * t), df / 2, 0.5);

/**
 * P(|T| <= t) for Student's t with `df` degrees of freedom, a positive integer: the finite series in
 * theta = atan(t / sqrt(df)) (Abramowitz & Stegun 1964, 26.7.3 and 26.7.4).
 */
function studentTCentral(t: number, df: number): number {
  const theta = Math.atan(t / Math.sqrt(df));
  const [sin, cos] = [Math.sin(theta), Math.cos(theta)];
  const odd = df % 2 === 1;
  let term = odd ? cos : 1;
  let sum = df === 1 ? 0 : term;
  for (let k = odd ? 3 : 2; k <= df - 2; k += 2) {
    term *= ((k - 1) / k) * cos * cos;
    sum += term;
  }
  return odd ? (2 / Math.PI) * (theta + sin * sum) : sin * sum;
}

/** The root of an increasing function between lo and hi, by bisection to the last bit. */
function bisect(f: (x: number) => number, lo: number, hi: number): number {
  for (;;) {
    const mid = (lo + hi) / 2;
    if (mid <= lo || mid >= hi) return mid;
    if (f(mid) < 0) lo = mid;
    else hi = mid;
  }
}

/** z with P(|Z| <= z) = level for a standard normal Z; 1.95996... for 0.95. 0 < level < 1. */
export function normalQuantile(level: number): number {
  return bisect((z) => 2 * normalCdf(z) - 1 - level, 0, 8);
}

/** Above so many degrees of freedom a quantile is that of an expansion, whose terms fall by their number. */
const EXPANDED = 400;

/**
 * t with P(|T| <= t) = level for Student's t with `df` degrees of freedom (a positive integer): to 1e-9 of itself for levels up to
 * 1 - 1e-6. Above 400 degrees by the expansion of Cornish & Fisher in 1/df around the normal quantile
 * (Abramowitz & Stegun 1964, 26.7.5).
 */
export function studentTQuantile(level: number, df: number): number {
  if (df > EXPANDED) {
    const z = normalQuantile(level);
    const w = z * z;
    const terms = [
      (w + 1) / 4,
      ((5 * w + 16) * w + 3) / 96,
      (((3 * w + 19) * w + 17) * w - 15) / 384,
      ((((79 * w + 776) * w + 1482) * w - 1920) * w - 945) / 92160,
    ];
    return z + z * terms.reduceRight((sum, term) => (sum + term) / df, 0);
  }
  let hi = 2;
  while (studentTCentral(hi, df) < level) hi *= 2;
  return bisect((t) => studentTCentral(t, df) - level, 0, hi);
}
