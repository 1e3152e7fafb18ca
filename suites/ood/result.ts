import { logitsOf } from '../../src/measurements.js';
import {
  bootstrapRankings,
  type Ranking,
  type RankingRange,
  type RankingReplicates,
  rankingRange,
  rankScores,
} from '../../src/metrics.js';
import { type ChosenScore, isMeasured, lackOf, type ScoreInputs } from '../../src/score.js';
import {
  AssayError,
  type CollectedRows,
  type DatasetInfo,
  type SuiteContext,
  type SystemInfo,
} from '../../src/suite.js';
import { requestsFor } from './requests.js';

/** A score of every example of a data set by a system. */
export interface Scored {
  system: SystemInfo;
  score: ChosenScore;
  dataset: DatasetInfo;
  /** (n) source indices. */
  indices: Int32Array;
  values: Float64Array;
  /** How far each value may be off for rounding. */
  rounding: Float64Array;
}

/** A score of an OOD set against a test set. */
export interface Separation {
  system: SystemInfo;
  score: ChosenScore;
  id: Scored;
  ood: Scored;
  ranking: Ranking;
  replicates: RankingReplicates;
  range: RankingRange;
}

/** Scores of each system on each data set, where the system supports the score and the rows are there. */
export function scoreAll(
  collected: CollectedRows,
  scores: readonly ChosenScore[],
  datasets: readonly DatasetInfo[],
  context: Pick<SuiteContext, 'systems' | 'datasets'>,
): Scored[] {
  return datasets.flatMap((dataset) =>
    context.systems.flatMap((system): Scored[] => {
      const asked = requestsFor(system, dataset, context, scores);
      const outputs = asked.outputs && collected.get(asked.outputs);
      const gradients = asked.gradients && collected.get(asked.gradients);
      const indices = (outputs ?? gradients)?.indices ?? new Int32Array(0);
      const inputs: ScoreInputs = {
        n: indices.length,
        ...(outputs?.rows.logits && { logits: logitsOf(outputs) }),
        ...(outputs?.rows.logPx && { logPx: outputs.rows.logPx.data }),
        ...(gradients && { logPxGradientNorm: gradients.rows.logPxGradientNorm.data }),
      };
      return scores
        .filter((score) => !lackOf(system, score, context.datasets))
        .flatMap((score): Scored[] => {
          const on = { system, score, dataset };
          if (isMeasured(score)) {
            const request = asked.measured.get(score.id);
            const measured = request && collected.get(request);
            if (!measured) return [];
            const { score: values, rounding } = measured.rows;
            const all = { values: values.data, rounding: rounding.data, indices: measured.indices };
            return [{ ...on, ...all }];
          }
          if (!outputs && !gradients) return [];
          const values = compute(score, inputs, system, dataset, indices);
          const rounding = score.rounding(inputs, values, score.settings);
          return [{ ...on, indices, values, rounding }];
        });
    }),
  );
}

/** Errors: `data-invalid` for a score that is not a number; the system, the data set and the score are named. */
function compute(
  score: ChosenScore,
  inputs: ScoreInputs,
  system: SystemInfo,
  dataset: DatasetInfo,
  indices: Int32Array,
): Float64Array {
  const place = `${score.id} of "${system.name}" on "${dataset.name}"`;
  try {
    const values = score.compute(inputs, score.settings);
    const nan = values.findIndex(Number.isNaN);
    if (nan < 0) return values;
    throw new AssayError('data-invalid', 'a score is NaN', {
      path: `example ${nan}, source index ${indices[nan]}`,
    });
  } catch (error) {
    if (!(error instanceof AssayError)) throw error;
    throw new AssayError(error.code, `${error.message} (${place})`, error.details);
  }
}

/** Every OOD set against every test set, by every system and score; intervals are paired. */
export function separate(
  scored: readonly Scored[],
  ids: readonly DatasetInfo[],
  oods: readonly DatasetInfo[],
  { resamples, seed, steps }: { resamples: number } & Pick<SuiteContext, 'seed' | 'steps'>,
): Separation[] {
  return ids.flatMap((id) =>
    oods.flatMap((ood) => {
      const pairs = scored
        .filter(({ dataset }) => dataset === id)
        .flatMap((of) => {
          const other = scored.find(
            ({ system, score, dataset }) => system === of.system && score === of.score && dataset === ood,
          );
          return other ? [{ id: of, ood: other, ranking: rankScores(of.values, other.values) }] : [];
        });
      const replicates = bootstrapRankings(
        pairs.map(({ ranking }) => ranking),
        {
          resamples,
          seed,
          id: id.name,
          ood: ood.name,
          step: steps?.(`resamples of ${ood.name} against ${id.name}`),
        },
      );
      return pairs.map((pair, i) => ({
        ...pair,
        system: pair.id.system,
        score: pair.id.score,
        replicates: replicates[i],
        range: rankingRange(pair.id.values, pair.ood.values, pair.id.rounding, pair.ood.rounding),
      }));
    }),
  );
}
