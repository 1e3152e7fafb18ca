/** P(at most k heads in n throws of a fair coin). Any n: the terms are counted from their logarithms. */
export function binomialTail(k: number, n: number): number {
  if (k < 0) return 0;
  if (k >= n) return 1;
  // Of the two tails the one with fewer terms, which holds no more than half.
  if (2 * k >= n) return 1 - binomialTail(n - k - 1, n);
  let term = binomialTerm(k, n);
  let sum = 0;
  for (let heads = k; term > 1e-18 * sum; heads--) {
    sum += term;
    term *= heads / (n - heads + 1);
  }
  return sum;
}

/** P(k heads in n throws of a fair coin). */
export function binomialTerm(k: number, n: number): number {
  let log = -n * Math.LN2;
  for (let i = 0; i < Math.min(k, n - k); i++) log += Math.log((n - i) / (i + 1));
  return Math.exp(log);
}

/**
 * One-sided sign test: P(at least k heads in n throws of a fair coin). Of examples on which two systems or attacks
 * differ, how likely chance alone lets one of them win so often.
 */
export const signTest = (k: number, n: number): number => binomialTail(n - k, n);
