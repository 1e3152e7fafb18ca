import {
  bootstrapRankings,
  bootstrapTwoSided,
  type OpenOodMetrics,
  openOodMetrics,
  openSetPlacements,
  type Placements,
  placementsIn,
  type Ranking,
  type RankingMetrics,
  type RankingRange,
  type RankingReplicates,
  rankingRange,
  rankScores,
  type Scod,
  scod,
  type TwoSidedReplicates,
} from '../../src/metrics.js';
import type { ChosenScore } from '../../src/score.js';
import type { DatasetInfo, SuiteContext, SystemInfo } from '../../src/suite.js';
import { grouped } from './grouped.js';
import type { OodOptions } from './options.js';
import type { Scored } from './scored.js';
import type { Sets } from './sets.js';

/** A score of an OOD set against a test set. */
export interface Separation {
  system: SystemInfo;
  score: ChosenScore;
  id: Scored;
  ood: Scored;
  ranking: Ranking;
  ranked: RankingMetrics;
  replicates: RankingReplicates;
  range: RankingRange;
  placed: Placements;
  /** With what is classified rightly. */
  open?: { placed: Placements; scod: Scod };
  /** What accepting an OOD image costs in `open.scod`. */
  oodCost: number;
  openOod?: TwoSidedReplicates<keyof OpenOodMetrics>;
}

type SeparateOptions = Pick<OodOptions, 'resamples' | 'oodCost' | 'conventions'> &
  Pick<SuiteContext, 'seed' | 'steps'>;

/** Every OOD set against every test set, by every system and score; intervals are paired. */
export const separate = (
  scored: readonly Scored[],
  { ids, oods }: Sets,
  options: SeparateOptions,
): Separation[] =>
  ids.flatMap((id) =>
    oods.flatMap((ood) => {
      const pairs = scored
        .filter(({ dataset }) => dataset === id)
        .flatMap((of) => {
          const other = scored.find(
            ({ system, score, dataset }) => system === of.system && score === of.score && dataset === ood,
          );
          return other ? [{ id: of, ood: other }] : [];
        });
      // Systems that gave no result for an image have fewer: what has as many is resampled together.
      return grouped(pairs, (pair) => `${pair.id.values.length} ${pair.ood.values.length}`).flatMap((alike) =>
        separatePairs(alike, id, ood, options),
      );
    }),
  );

interface Pair {
  id: Scored;
  ood: Scored;
}

function separatePairs(
  pairs: readonly Pair[],
  id: DatasetInfo,
  ood: DatasetInfo,
  { resamples, seed, steps, oodCost, conventions }: SeparateOptions,
): Separation[] {
  const rankings = pairs.map((pair) => rankScores(pair.id.values, pair.ood.values));
  const draws = { resamples, seed, id: id.name, ood: ood.name };
  const step = (of: string) => steps?.(`resamples of ${ood.name} against ${id.name}${of}`);
  const sizes = { nId: pairs[0]!.id.values.length, nOod: pairs[0]!.ood.values.length };
  const replicates = bootstrapRankings(rankings, { ...draws, step: step('') });
  const asOpenOod = bootstrapTwoSided(
    conventions.includes('openood')
      ? pairs.map((pair) => openOodMetrics(pair.id.values, pair.ood.values))
      : [],
    sizes,
    { ...draws, step: step(", by OpenOOD's conventions") },
  );
  return pairs.map((pair, i) => {
    const { values, rounding, predicted } = pair.id;
    return {
      ...pair,
      system: pair.id.system,
      score: pair.id.score,
      ranking: rankings[i]!,
      ranked: replicates[i]!.values,
      replicates: replicates[i]!,
      range: rankingRange(values, pair.ood.values, rounding, pair.ood.rounding),
      placed: placementsIn(rankings[i]!),
      oodCost,
      ...(predicted?.correct && {
        open: {
          placed: openSetPlacements(rankings[i]!, predicted.correct),
          scod: scod(rankings[i]!, predicted.correct, oodCost),
        },
      }),
      ...(asOpenOod[i] && { openOod: asOpenOod[i] }),
    };
  });
}

/** A score of a system against all OOD sets, of one test set. */
export interface Detector {
  system: SystemInfo;
  score: ChosenScore;
  id: Scored;
  separations: readonly Separation[];
  /** Those that means are over. */
  averaged: readonly Separation[];
}

/** How attacked sets are made: `raise` moves OOD images towards the in-distribution, for one score. */
export const MOVED_BY = 'raise';

/**
 * What means over OOD sets are over: not over attacked forms of sets that are there themselves, which would count these twice
 * and make of a mean something that nobody else's is.
 */
export function averagedAmong<T extends { ood: { dataset: DatasetInfo } }>(all: readonly T[]): readonly T[] {
  const names = new Set(all.map(({ ood }) => ood.dataset.name));
  return all.filter(({ ood: { dataset } }) => {
    const { by, of = '' } = dataset.recipe ?? {};
    return by !== MOVED_BY || of === dataset.name || !names.has(of);
  });
}

/** By test set, system and score. */
export const detectorsOf = (separations: readonly Separation[]): Detector[] =>
  grouped(separations, ({ id }) => id).map((own) => {
    const { system, score, id } = own[0]!;
    return { system, score, id, separations: own, averaged: averagedAmong(own) };
  });

/** Those of one test set and system together. */
export const bySystem = (detectors: readonly Detector[]): Detector[][] =>
  grouped(detectors, ({ system, id }) => JSON.stringify([system.name, id.dataset.name]));

/** The OOD sets that some were told apart from, in order of first appearance. */
export const oodSetsOf = (detectors: readonly Detector[]): DatasetInfo[] => [
  ...new Set(detectors.flatMap(({ separations }) => separations.map(({ ood }) => ood.dataset))),
];
