import { type Stream, stream } from '../../random/stream.js';
import { type Distances, distancesOf, type Pooled } from './pooled.js';

export interface PermutationOptions {
  /** The run's seed. */
  seed: number;
  /** How often the samples are mixed: the smallest p is 1 / (permutations + 1). Default 999. */
  permutations?: number;
  /** Which draws. */
  purpose: string;
  /** Whether value i of the first sample belongs to value i of the second: then each pair is swapped or not. */
  paired?: boolean;
}

/**
 * How often two samples of one distribution are at least so far apart: p values by permutation, (1 + count) /
 * (1 + permutations) (Phipson & Smyth 2010). Of paired samples, which need as many values each, the two of a pair change
 * places, since unlike those of different pairs they are alike.
 */
export function permutationTest(sample: Pooled, options: PermutationOptions): Distances {
  const { permutations = 999, seed, purpose } = options;
  const seen = distancesOf(sample, sample.first);
  const mixed = sample.first.slice();
  // What equal sums differ by when they are added in another order.
  const least = { ks: seen.ks * (1 - 1e-12), energy: seen.energy * (1 - 1e-12) };
  const count = { ks: 1, energy: 1 };
  for (let b = 0; b < permutations; b++) {
    const draws = stream({ seed, purpose, example: 0, step: b });
    if (options.paired) swapPairs(mixed, sample, draws);
    else shuffle(mixed, draws);
    const distances = distancesOf(sample, mixed);
    if (distances.ks >= least.ks) count.ks++;
    if (distances.energy >= least.energy) count.energy++;
  }
  const p = (times: number, value: number) =>
    Number.isFinite(value) ? times / (permutations + 1) : Number.NaN;
  return { ks: p(count.ks, seen.ks), energy: p(count.energy, seen.energy) };
}

function shuffle(first: Uint8Array, draws: Stream): void {
  for (let i = first.length - 1; i > 0; i--) {
    const j = Math.floor(draws.uniform() * (i + 1));
    const kept = first[i]!;
    first[i] = first[j]!;
    first[j] = kept;
  }
}

function swapPairs(first: Uint8Array, { n, place }: Pooled, draws: Stream): void {
  for (let i = 0; i < n; i++) {
    const swapped = draws.uniform() < 0.5;
    first[place[i]!] = swapped ? 0 : 1;
    first[place[n + i]!] = swapped ? 1 : 0;
  }
}
