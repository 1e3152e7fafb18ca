import type { DatasetInfo } from '../../src/data/dataset.js';
import type { SystemInfo } from '../../src/models/system.js';
import { scoreNamed } from '../../src/scores/registry.js';
import { type Request, request } from '../../src/suites/contract.js';
import { clean, type OutputRows } from '../../src/suites/measurements/clean.js';
import { type InputGradientRows, inputGradient } from '../../src/suites/measurements/input-gradient.js';
import { missing } from '../../src/suites/score-support.js';

/** What the scores that a system supports need of a data set. */
export interface ScoreRequests {
  outputs?: Request<OutputRows>;
  gradients?: Request<InputGradientRows>;
}

export function requestsFor(
  system: SystemInfo,
  { name: dataset }: DatasetInfo,
  scores: readonly string[],
): ScoreRequests {
  const supported = scores.map(scoreNamed).filter((score) => !missing(system, score));
  const on = { system: system.name, dataset };
  const byGradient = supported.filter(({ needs }) => needs.includes('inputGradient'));
  return {
    ...(byGradient.length < supported.length && { outputs: request({ measurement: clean, ...on }) }),
    ...(byGradient.length > 0 && { gradients: request({ measurement: inputGradient, ...on }) }),
  };
}
