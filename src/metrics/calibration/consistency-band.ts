import { normalCdf } from '../distributions/distributions.js';

/** Above this variance a sum of outcomes is normal for the eye, and its distribution is not computed. */
const NORMAL_ABOVE = 400;
/** Numbers that computing a distribution may touch. */
const BUDGET = 2e7;

/**
 * Between which shares of right predictions a calibrated model lies with the given chance, if it has these confidences
 * (Bröcker & Smith 2007): quantiles of the Poisson binomial distribution, exact where it is not as good as normal.
 * @param given confidences in [0, 1]; at least one
 * @param level chance, 0.95
 */
export function consistencyBand(given: ArrayLike<number>, level = 0.95): [number, number] {
  const confidences = Float64Array.from(given);
  const n = confidences.length;
  const mean = confidences.reduce((sum, p) => sum + p, 0);
  const variance = confidences.reduce((sum, p) => sum + p * (1 - p), 0);
  // Of the rarer outcome, which few are of.
  const turned = 2 * mean > n;
  const rare = turned ? confidences.map((p) => 1 - p) : confidences;
  const expected = turned ? n - mean : mean;
  const most = Math.min(n, Math.ceil(expected + 10 * Math.sqrt(variance) + 20));
  const below =
    variance > NORMAL_ABOVE || n * most > BUDGET
      ? normalBelow(expected, Math.sqrt(variance))
      : exactBelow(rare, most);
  const tail = (1 - level) / 2;
  const quantile = (q: number) => {
    let k = Math.max(0, Math.floor(expected - 10 * Math.sqrt(variance) - 20));
    while (k < n && below(k) < q) k++;
    return k;
  };
  const [low, high] = [quantile(tail), quantile(1 - tail)];
  return turned ? [(n - high) / n, (n - low) / n] : [low / n, high / n];
}

/** P(X <= k) of a sum, with continuity correction. */
const normalBelow = (mean: number, deviation: number) => (k: number) =>
  deviation === 0 ? Number(k >= mean) : normalCdf((k + 0.5 - mean) / deviation);

/** P(X <= k) of the sum of independent outcomes with these chances, for k up to `most`. */
function exactBelow(chances: Float64Array, most: number): (k: number) => number {
  const mass = new Float64Array(most + 1);
  mass[0] = 1;
  for (const p of chances) {
    for (let k = most; k > 0; k--) mass[k]! += p * (mass[k - 1]! - mass[k]!);
    mass[0] *= 1 - p;
  }
  const cumulated = mass.slice();
  for (let k = 1; k <= most; k++) cumulated[k]! += cumulated[k - 1]!;
  // Rounding must not keep the last quantile from being reached.
  return (k) => (k >= most ? 1 : cumulated[k]! + 1e-12);
}
