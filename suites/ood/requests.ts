import {
  clean,
  type FittedScoreRows,
  fittedScoreRequest,
  type InputGradientRows,
  inputGradient,
  type OutputRows,
} from '../../src/measurements.js';
import { fittedTo, lackOf, type ScoreOptions, scoresNamed } from '../../src/score.js';
import {
  type DatasetInfo,
  type Request,
  request,
  type SuiteContext,
  type SystemInfo,
} from '../../src/suite.js';

/** What the scores that a system supports need of a data set. */
export interface ScoreRequests {
  outputs?: Request<OutputRows>;
  gradients?: Request<InputGradientRows>;
  /** Scores that are fitted to other images, by id: measured, not computed from rows. */
  fitted: ReadonlyMap<string, Request<FittedScoreRows>>;
}

export const allOf = ({ outputs, gradients, fitted }: ScoreRequests): Request[] =>
  [outputs, gradients, ...fitted.values()].filter((one) => one !== undefined);

/** @param context all data sets of the run: scores are fitted to some of them */
export function requestsFor(
  system: SystemInfo,
  dataset: DatasetInfo,
  { datasets, catalogue }: Pick<SuiteContext, 'datasets' | 'catalogue'>,
  { scores, temperature }: { scores: readonly string[] } & ScoreOptions,
): ScoreRequests {
  const supported = scoresNamed(scores, catalogue).filter((score) => !lackOf(system, score, datasets));
  const on = { system: system.name, dataset: dataset.name };
  const direct = supported.filter(({ fit }) => !fit);
  const byGradient = direct.filter(({ needs }) => needs.includes('inputGradient'));
  const fitted = supported.flatMap(({ id, fit }) => {
    const to = fit && fittedTo(fit, datasets);
    const params = { score: id, options: { temperature } };
    return to ? [[id, fittedScoreRequest(system.name, dataset, params, to)] as const] : [];
  });
  return {
    ...(byGradient.length < direct.length && { outputs: request({ measurement: clean, ...on }) }),
    ...(byGradient.length > 0 && { gradients: request({ measurement: inputGradient, ...on }) }),
    fitted: new Map(fitted),
  };
}
