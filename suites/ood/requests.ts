import {
  clean,
  type FittedScoreRows,
  fittedScoreRequest,
  type InputGradientRows,
  inputGradient,
  type OutputRows,
} from '../../src/measurements.js';
import { type ChosenScore, fittedTo, isMeasured, lackOf } from '../../src/score.js';
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
  /** Scores that are fitted to other images or read off features, by id: measured, not computed from rows. */
  measured: ReadonlyMap<string, Request<FittedScoreRows>>;
}

export const allOf = ({ outputs, gradients, measured }: ScoreRequests): Request[] =>
  [outputs, gradients, ...measured.values()].filter((one) => one !== undefined);

/** @param context all data sets of the run: scores are fitted to some of them */
export function requestsFor(
  system: SystemInfo,
  dataset: DatasetInfo,
  { datasets }: Pick<SuiteContext, 'datasets'>,
  scores: readonly ChosenScore[],
): ScoreRequests {
  const supported = scores.filter((score) => !lackOf(system, score, datasets));
  const on = { system: system.name, dataset: dataset.name };
  const direct = supported.filter((score) => !isMeasured(score));
  const byGradient = direct.filter(({ needs }) => needs.includes('inputGradient'));
  const measured = supported.filter(isMeasured).map((score) => {
    const to = score.fit && fittedTo(score.fit, datasets);
    const asked = fittedScoreRequest(system, dataset, { ...score, id: score.row }, score.settings, to);
    return [score.id, asked] as const;
  });
  // Right and wrong are told by logits.
  const isJudged = dataset.role === 'test' && dataset.labelled && system.offers.includes('logits');
  return {
    ...((byGradient.length < direct.length || (isJudged && supported.length > 0)) && {
      outputs: request({ measurement: clean, ...on }),
    }),
    ...(byGradient.length > 0 && { gradients: request({ measurement: inputGradient, ...on }) }),
    measured: new Map(measured),
  };
}
