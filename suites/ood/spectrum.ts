import {
  bootstrapClusters,
  type Clusters,
  clusteredPlacements,
  clustersOf,
  delongEstimate,
  type Estimate,
  type Placements,
  placementsIn,
  type RankingReplicates,
  rankingEstimate,
  rankScores,
} from '../../src/metrics.js';
import type { DatasetInfo, SuiteContext } from '../../src/suite.js';
import { averages, type MetricRow, metrics } from './metrics.js';
import type { OodOptions } from './options.js';
import { averagedAmong } from './result.js';
import type { Scored } from './scored.js';
import { isMadeOf, type Sets } from './sets.js';

/** A score against one OOD set, where covariate-shifted test sets count as in-distribution (Yang et al. 2023). */
interface SpectrumSet {
  ood: Scored;
  placed: Placements;
  replicates: RankingReplicates;
}

/** A test set with its shifted forms, by one score of a system. */
export interface Spectrum {
  id: Scored;
  /** `paired`: made of the test set, so that images of one index belong together. */
  shifted: readonly { scored: Scored; paired: boolean }[];
  sets: readonly SpectrumSet[];
}

/** Every test set together with all shifted ones. None where the run has none. */
export function spectraOf(
  scored: readonly Scored[],
  { ids, shifted, oods }: Sets,
  datasets: readonly DatasetInfo[],
  options: Pick<OodOptions, 'resamples'> & Pick<SuiteContext, 'seed' | 'steps'>,
): Spectrum[] {
  if (shifted.length === 0) return [];
  return scored
    .filter(({ dataset }) => ids.includes(dataset))
    .map((id) => {
      const of = (dataset: DatasetInfo) =>
        scored.filter((s) => s.system === id.system && s.score === id.score && s.dataset === dataset);
      const more = shifted
        .flatMap(of)
        .map((one) => ({ scored: one, paired: isMadeOf(one.dataset, id.dataset, datasets) }));
      const values = Float64Array.from([id, ...more.map((one) => one.scored)].flatMap((s) => [...s.values]));
      const clusters = clustersOf([
        ...id.indices,
        ...more.flatMap(({ scored: { indices }, paired }, at) =>
          Array.from(indices, (index) => (paired ? index : index + (at + 1) * 2 ** 32)),
        ),
      ]);
      return {
        id,
        shifted: more,
        sets: oods.flatMap(of).map((ood) => against(id, values, clusters, ood, options)),
      };
    })
    .filter((spectrum) => spectrum.shifted.length > 0 && spectrum.sets.length > 0);
}

function against(
  { dataset, score, system }: Scored,
  values: Float64Array,
  clusters: Clusters,
  ood: Scored,
  { resamples, seed, steps }: Pick<OodOptions, 'resamples'> & Pick<SuiteContext, 'seed' | 'steps'>,
): SpectrumSet {
  const ranking = rankScores(values, ood.values);
  const step = steps?.(`full-spectrum resamples of ${score.id} of ${system.name} on ${ood.dataset.name}`);
  const replicates = bootstrapClusters(ranking, clusters, {
    ...{ resamples, seed, id: `${dataset.name}, full spectrum`, ood: ood.dataset.name },
    ...(step && { step }),
  });
  return { ood, placed: clusteredPlacements(placementsIn(ranking), clusters), replicates };
}

/** A metric over the full spectrum, of one OOD set or averaged over several. */
export interface SpectrumValue {
  measure: string;
  title: string;
  row: MetricRow;
  sets: readonly SpectrumSet[];
  estimate: Estimate;
}

const averaged = metrics.filter(({ averaged: over, metric }) => over.length > 0 && metric !== undefined);

/** AUROC and both FPR95: of each OOD set, and their unweighted means. */
export function spectrumValues({ id, shifted, sets }: Spectrum): {
  each: SpectrumValue[];
  means: SpectrumValue[];
} {
  const nId = shifted.reduce((sum, { scored }) => sum + scored.values.length, id.values.length);
  const value = (
    row: MetricRow,
    of: readonly SpectrumSet[],
    prefix: string,
    title: string,
  ): SpectrumValue => {
    const metric = row.metric ?? 'auroc';
    const drawn = rankingEstimate(
      of.map(({ replicates }) => replicates),
      metric,
    );
    const estimate =
      metric === 'auroc'
        ? delongEstimate(
            drawn.value,
            of.map(({ placed }) => placed),
          )
        : drawn;
    const n = of.reduce((sum, { ood }) => sum + ood.values.length, nId);
    return {
      measure: `full-spectrum-${prefix}${row.id}`,
      title: `Full-spectrum ${title}${row.title}`,
      row,
      sets: of,
      estimate: { ...estimate, n },
    };
  };
  return {
    each: sets.flatMap((set) => averaged.map((row) => value(row, [set], '', ''))),
    means: averages.flatMap((average) => {
      const own = averagedAmong(sets).filter(({ ood }) => average.includes(ood.dataset));
      if (own.length === 0) return [];
      return averaged.map((row) => value(row, own, `${average.id}-`, `${average.title} `));
    }),
  };
}

/** Names of its measures. */
export const spectrumNames: readonly string[] = averaged.flatMap(({ id }) =>
  ['', ...averages.map((average) => `${average.id}-`)].map((prefix) => `full-spectrum-${prefix}${id}`),
);
