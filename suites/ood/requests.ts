import type { DatasetInfo } from '../../src/data/dataset.js';
import type { SystemInfo } from '../../src/models/system.js';
import type { ScoreOptions } from '../../src/scores/score.js';
import { type Request, request, type SuiteContext } from '../../src/suites/contract.js';
import { clean, type OutputRows } from '../../src/suites/measurements/clean.js';
import { type FittedScoreRows, fittedScoreRequest } from '../../src/suites/measurements/fitted-score.js';
import { type InputGradientRows, inputGradient } from '../../src/suites/measurements/input-gradient.js';
import { fittedTo, missing, scoresNamed } from '../../src/suites/score-support.js';

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
  const supported = scoresNamed(scores, catalogue).filter((score) => !missing(system, score, datasets));
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
