/** Up to so many pairs of values the exact distribution is computed: its cost is their number. */
const EXACT = 4_000_000;

/**
 * The chance that two samples of n and m values of one continuous distribution have distribution functions at least `ks`
 * apart anywhere, two-sided: exact where n m is at most four million (ties make it too large, never too small), and
 * beyond that by the limit of Smirnov (1948). NaN for empty samples.
 */
export function smirnovP(ks: number, n: number, m: number): { p: number; method: 'exact' | 'asymptotic' } {
  if (n === 0 || m === 0 || Number.isNaN(ks)) return { p: Number.NaN, method: 'exact' };
  if (n * m <= EXACT) return { p: exactP(ks, n, m), method: 'exact' };
  return { p: kolmogorovTail(Math.sqrt((n * m) / (n + m)) * ks), method: 'asymptotic' };
}

/**
 * All orders of the two samples are as likely: of the paths from (0, 0) to (n, m), the share that somewhere has
 * |i / n - j / m| >= ks (Hodges 1957, in shares of paths so that nothing overflows). Terms are positive: small p keep
 * their digits.
 */
function exactP(ks: number, n: number, m: number): number {
  // The distances that can be are multiples of 1 / (n m): half of one below `ks` settles what rounding leaves open.
  const least = (Math.floor(ks * n * m + 1e-7) - 0.5) / (n * m);
  const reaching = new Float64Array(m + 1);
  for (let i = 0; i <= n; i++) {
    for (let j = 0; j <= m; j++) {
      if (Math.abs(i / n - j / m) > least) reaching[j] = 1;
      else if (i + j === 0) reaching[j] = 0;
      else reaching[j] = (i * reaching[j]! + (j > 0 ? j * reaching[j - 1]! : 0)) / (i + j);
    }
  }
  return reaching[m]!;
}

/** P(K >= x) of Kolmogorov's distribution: 2 sum (-1)^(k-1) exp(-2 k^2 x^2), which for small x is 1. */
export function kolmogorovTail(x: number): number {
  if (x < 0.18) return 1;
  let sum = 0;
  for (let k = 1; k <= 100; k++) {
    const term = Math.exp(-2 * k * k * x * x);
    sum += k % 2 === 1 ? term : -term;
    if (term < 1e-18 * Math.abs(sum)) break;
  }
  return Math.min(1, Math.max(0, 2 * sum));
}
