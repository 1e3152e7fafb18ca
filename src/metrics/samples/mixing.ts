import { normalQuantile } from '../distributions/distributions.js';
import { quantile } from '../estimates/intervals.js';
import { meanVariance } from '../estimates/mean-variance.js';
import { midranks } from '../tests/rank-tests.js';

/**
 * Whether chains agree, and how many independent draws they are worth, after Vehtari, Gelman, Simpson, Carpenter &
 * Bürkner (2021), "Rank-normalization, folding, and localization". Chains are given as arrays of equal length, a number a
 * draw; all are NaN for fewer than four draws a chain, for draws that are not finite, and for draws that are all equal.
 */
export interface Mixing {
  /** Rank-normalised split R-hat, the larger of that of the values and of their distances from the median; 1 at best. */
  rHat: number;
  /** Effective sample size of the bulk: of rank-normalised values. */
  bulkEss: number;
  /** The smaller of those of the 5 % and the 95 % quantile. */
  tailEss: number;
}

export function mixing(chains: readonly ArrayLike<number>[]): Mixing {
  const split = chains.flatMap(halves);
  const draws = Float64Array.from(split.flatMap((half) => Array.from(half)));
  const finite = chains.every((chain) => Array.from(chain).every(Number.isFinite));
  const usable = finite && split.length > 0 && split[0]!.length >= 2;
  if (!usable || draws.every((value) => value === draws[0]))
    return { rHat: Number.NaN, bulkEss: Number.NaN, tailEss: Number.NaN };
  const scaled = normalised(split);
  const middle = quantile(draws.slice().sort(), 0.5);
  const folded = normalised(split.map((half) => half.map((value) => Math.abs(value - middle))));
  const all = Float64Array.from(chains.flatMap((chain) => Array.from(chain))).sort();
  const below = (q: number) => {
    const limit = quantile(all, q);
    return split.map((half) => half.map((value) => (value <= limit ? 1 : 0)));
  };
  return {
    rHat: Math.max(rHatOf(scaled), rHatOf(folded)),
    bulkEss: effectiveSize(scaled),
    tailEss: Math.min(effectiveSize(below(0.05)), effectiveSize(below(0.95))),
  };
}

/** The first and the last half of a chain; the middle draw of an odd number is in neither. */
function halves(chain: ArrayLike<number>): [Float64Array, Float64Array] {
  const all = Float64Array.from(chain);
  const half = Math.floor(all.length / 2);
  return [all.slice(0, half), all.slice(all.length - half)];
}

/** Ranks among all draws as normal scores (equation 14, with the offsets of Blom). */
function normalised(chains: readonly Float64Array[]): Float64Array[] {
  const n = chains[0]!.length;
  const ranks = midranks(Float64Array.from(chains.flatMap((chain) => Array.from(chain))));
  const known = new Map<number, number>();
  const score = (rank: number) => {
    const made = known.get(rank) ?? normalInverse((rank - 3 / 8) / (ranks.length + 1 / 4));
    known.set(rank, made);
    return made;
  };
  return chains.map((_, c) => ranks.slice(c * n, (c + 1) * n).map(score));
}

const normalInverse = (p: number) => Math.sign(p - 0.5) * normalQuantile(Math.abs(2 * p - 1));

const meanOf = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0) / values.length;

const varianceOf = (values: ArrayLike<number>): number => meanVariance(values).variance;

/** Equations 1 to 4; infinite where no chain moves. */
function rHatOf(chains: readonly Float64Array[]): number {
  const n = chains[0]!.length;
  const within = meanOf(chains.map(varianceOf));
  const between = n * varianceOf(chains.map(meanOf));
  return Math.sqrt((between / within + n - 1) / n);
}

/**
 * Equations 10 to 13: the number of draws over their autocorrelation time, whose sum is cut off where a pair of
 * neighbouring autocorrelations is no longer positive, and made to fall (Geyer 1992). NaN where nothing varies.
 */
function effectiveSize(chains: readonly Float64Array[]): number {
  const n = chains[0]!.length;
  const total = n * chains.length;
  const centred = chains.map((chain) => {
    const mean = meanOf(chain);
    return chain.map((value) => value - mean);
  });
  const covariance = (lag: number) => {
    let sum = 0;
    for (const chain of centred) for (let t = lag; t < n; t++) sum += chain[t]! * chain[t - lag]!;
    return sum / total;
  };
  const within = (covariance(0) * n) / (n - 1);
  const variance = (within * (n - 1)) / n + (chains.length > 1 ? varianceOf(chains.map(meanOf)) : 0);
  if (!(variance > 0)) return Number.NaN;
  const correlation = (lag: number) => (lag === 0 ? 1 : 1 - (within - covariance(lag)) / variance);
  let time = -1;
  let least = Number.POSITIVE_INFINITY;
  for (let lag = 0; ; lag += 2) {
    const [even, odd] = [correlation(lag), correlation(lag + 1)];
    // As the common programs: the pair before the last lags is the last that is looked at.
    const last = lag + 5 > n;
    if (even + odd <= 0 || last) {
      // Of the first pair that does not count its even term steadies anticorrelated chains.
      time += even + odd <= 0 ? Math.max(0, even) : even;
      break;
    }
    least = Math.min(least, even + odd);
    time += 2 * least;
  }
  return total / Math.max(time, 1 / Math.log10(total));
}
