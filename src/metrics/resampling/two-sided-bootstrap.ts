import { mapTuple } from '../../map-tuple.js';
import type { Estimate } from '../estimates/estimate.js';
import { type BootstrapOptions, resampledEstimate } from '../estimates/intervals.js';
import { type Resamples, resamplesOf } from './draw-counts.js';

export interface TwoSidedOptions extends Omit<BootstrapOptions, 'purpose'> {
  /** Names the draws of each side: what shares examples should share the name, others should not. */
  id: string;
  ood: string;
}

/** Numbers by name, of how often each ID and each OOD example was drawn: the same names each time. */
export type OfDraws<Name extends string> = (
  timesId: Uint8Array,
  timesOod: Uint8Array,
) => Readonly<Record<Name, number>>;

/** Numbers of ID and OOD examples, and what they are on each resample. */
export interface TwoSidedReplicates<Name extends string = string> {
  nId: number;
  nOod: number;
  values: Readonly<Record<Name, number>>;
  replicates: Readonly<Record<Name, Float64Array>>;
}

/** How many examples each side has. */
type Sizes = Pick<TwoSidedReplicates, 'nId' | 'nOod'>;

/** Values with room for so many replicates of each. */
export function withReplicates<Name extends string>(
  values: Readonly<Record<Name, number>>,
  sizes: Sizes,
  draws: number,
): TwoSidedReplicates<Name> {
  const replicates = Object.fromEntries(Object.keys(values).map((name) => [name, new Float64Array(draws)]));
  return { ...sizes, values, replicates: replicates as Record<Name, Float64Array> };
}

/** The draws of each side, by the names that the options give them. */
export const resamplesOfSides = (
  { nId, nOod }: Sizes,
  { seed, id, ood }: TwoSidedOptions,
): { id: Resamples; ood: Resamples } => ({
  id: resamplesOf(nId, { seed, purpose: `bootstrap/id/${id}` }),
  ood: resamplesOf(nOod, { seed, purpose: `bootstrap/ood/${ood}` }),
});

/**
 * Bootstraps numbers of the same ID and OOD examples, by the draws of `bootstrapRankings` of the same names: replicates
 * are paired with those. With an empty side there are none, and the values are NaN.
 * @param statistics of (nId) and (nOod) counts of draws
 */
export function bootstrapTwoSided<Name extends string>(
  statistics: readonly OfDraws<Name>[],
  sizes: Sizes,
  options: TwoSidedOptions,
): TwoSidedReplicates<Name>[] {
  const { nId, nOod } = sizes;
  const { resamples = 1000, step } = options;
  const draws = nId > 0 && nOod > 0 && statistics.length > 0 ? resamples : 0;
  const [onceId, onceOod] = mapTuple([nId, nOod], (n) => new Uint8Array(n).fill(1));
  const results = statistics.map((of) => withReplicates(of(onceId, onceOod), sizes, draws));
  const { id, ood } = resamplesOfSides(sizes, options);
  for (let b = 0; b < draws; b++) {
    id.draw(b);
    ood.draw(b);
    const [timesId, timesOod] = [id.perExample(), ood.perExample()];
    for (const [s, { replicates }] of results.entries()) {
      const drawn = statistics[s]!(timesId, timesOod);
      for (const name in replicates) replicates[name][b] = drawn[name];
    }
    step?.(b + 1, draws);
  }
  return results;
}

/**
 * The unweighted mean of a number over OOD sets, with its bootstrap interval: of one set, the number itself. Everything
 * else as in `rankingEstimate`.
 */
export function twoSidedEstimate<Name extends string>(
  results: readonly TwoSidedReplicates<Name>[],
  name: Name,
  level = 0.95,
): Estimate {
  const value = meanOf(results.map(({ values }) => values[name]));
  const replicates = meansOverSets(results, name);
  const fewest = Math.min(...results.flatMap(({ nId, nOod }) => [nId, nOod]));
  const n = (results[0]?.nId ?? 0) + results.reduce((sum, { nOod }) => sum + nOod, 0);
  return resampledEstimate(replicates, { value, n, level, fewest });
}

/** The unweighted mean of a number over OOD sets, on each resample that all of them have. */
export function meansOverSets<Name extends string>(
  results: readonly Pick<TwoSidedReplicates<Name>, 'replicates'>[],
  name: Name,
): Float64Array {
  const draws = Math.min(...results.map(({ replicates }) => replicates[name].length));
  return Float64Array.from({ length: results.length > 0 ? draws : 0 }, (_, b) =>
    meanOf(results.map(({ replicates }) => replicates[name][b]!)),
  );
}

const meanOf = (terms: readonly number[]) => terms.reduce((a, b) => a + b, 0) / terms.length;
