import { logitsOf } from '../../src/measurements.js';
import { type ChosenScore, isMeasured, lackOf, type ScoreInputs } from '../../src/score.js';
import {
  AssayError,
  type CollectedRows,
  type DatasetInfo,
  refusalOf,
  type SuiteContext,
  type SystemInfo,
  type SystemRefusal,
} from '../../src/suite.js';
import { type Predicted, predictionsOf } from './predictions.js';
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
  /** Of systems with classes. */
  predicted?: Predicted;
}

/**
 * Scores of each system on each data set, where the system supports the score and the rows are there.
 * @param refuse is told of those that are no numbers: the others are there without them
 */
export function scoreAll(
  collected: CollectedRows,
  scores: readonly ChosenScore[],
  datasets: readonly DatasetInfo[],
  context: Pick<SuiteContext, 'systems' | 'datasets'>,
  refuse: (refusal: SystemRefusal) => void,
): Scored[] {
  return datasets.flatMap((dataset) =>
    context.systems.flatMap((system): Scored[] => {
      const asked = requestsFor(system, dataset, context, scores);
      const outputs = asked.outputs && collected.get(asked.outputs);
      const gradients = asked.gradients && collected.get(asked.gradients);
      const indices = (outputs ?? gradients)?.indices ?? new Int32Array(0);
      const predicted = predictionsOf(outputs);
      const inputs: ScoreInputs = {
        n: indices.length,
        ...(outputs?.rows.logits && { logits: logitsOf(outputs) }),
        ...(outputs?.rows.logPx && { logPx: outputs.rows.logPx.data }),
        ...(gradients && { logPxGradientNorm: gradients.rows.logPxGradientNorm.data }),
      };
      return scores
        .filter((score) => !lackOf(system, score, context.datasets))
        .flatMap((score): Scored[] => {
          const on = { system, score, dataset, ...(predicted && { predicted }) };
          if (isMeasured(score)) {
            const request = asked.measured.get(score.id);
            const measured = request && collected.get(request);
            if (!measured) return [];
            const { score: values, rounding } = measured.rows;
            const all = { values: values.data, rounding: rounding.data, indices: measured.indices };
            return [{ ...on, ...all }];
          }
          if (!outputs && !gradients) return [];
          try {
            const values = compute(score, inputs, indices);
            const rounding = score.rounding(inputs, values, score.settings);
            return [{ ...on, indices, values, rounding }];
          } catch (error) {
            refuse({ system: system.name, ...refusalOf(`${score.title} on ${dataset.name}`, error) });
            return [];
          }
        });
    }),
  );
}

/** Errors: `data-invalid` for a score that is not a number. */
function compute(score: ChosenScore, inputs: ScoreInputs, indices: Int32Array): Float64Array {
  const values = score.compute(inputs, score.settings);
  const nan = values.findIndex(Number.isNaN);
  if (nan < 0) return values;
  throw new AssayError('data-invalid', 'a score is NaN', {
    path: `example ${indices[nan]}`,
    hint: 'leave the score out for this model',
  });
}
