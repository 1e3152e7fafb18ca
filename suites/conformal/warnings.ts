import { fewestFor } from '../../src/metrics.js';
import type { DatasetInfo, Warning } from '../../src/suite.js';
import { percent } from './measures.js';
import type { AtAlpha, ConformalResult } from './result.js';

/** Coverage that exchangeable examples would have less often than this is no accident. */
const UNLIKELY = 1e-3;

/** Levels that a system has too few calibration examples for, whatever the score. @param results of one system */
export function infiniteThresholds(suite: string, results: readonly ConformalResult[]): Warning[] {
  return results.slice(0, 1).flatMap(({ system, dataset, alphas }) =>
    alphas
      .filter(({ threshold }) => !Number.isFinite(threshold.value))
      .map(({ alpha, threshold }) => ({
        suite,
        model: system.name,
        dataset: dataset.name,
        code: 'threshold-infinite',
        severity: 'serious',
        message: `alpha = ${alpha} needs at least ${fewestFor(alpha)} calibration examples, and there ${threshold.n === 1 ? 'is' : 'are'} ${threshold.n}: every set holds all classes`,
        why: 'the guarantee then asks for a score that is larger than all that were seen',
        fix: `calibrate on at least ${fewestFor(alpha)} examples, or set a larger alpha`,
      })),
  );
}

/** What a reader of a score of a system should know. */
export function resultWarnings(suite: string, result: ConformalResult): Warning[] {
  const { system, dataset, source, alphas } = result;
  const at = { suite, model: system.name, dataset: dataset.name };
  return alphas.flatMap(({ alpha, labelled }) =>
    labelled && source.exchangeable && labelled.chance < UNLIKELY
      ? [notExchangeable(at, result, alpha, labelled)]
      : [],
  );
}

function notExchangeable(
  at: Pick<Warning, 'suite' | 'model' | 'dataset'>,
  { held, score }: ConformalResult,
  alpha: number,
  { coverage, chance }: NonNullable<AtAlpha['labelled']>,
): Warning {
  return {
    ...at,
    code: 'coverage-below-guarantee',
    severity: 'serious',
    message: `sets of ${score.title} cover ${(100 * coverage.value).toFixed(1)} % where ${percent(1 - alpha)} is guaranteed; of exchangeable examples, that has a chance of ${chance.toExponential(1)}`,
    why: score.ofLabel
      ? 'this score is computed in two ways, for comparison with public code'
      : `the calibration examples, ${held.on}, and these are not drawn from one distribution`,
    fix: score.ofLabel
      ? 'use the score that is consistent'
      : 'calibrate on examples like those that are reported',
  };
}

/** What holds for a data set, whatever the system. */
export function datasetWarnings(
  suite: string,
  dataset: DatasetInfo,
  results: readonly ConformalResult[],
): Warning[] {
  const [result] = results;
  if (!result) return [];
  const { held, source, indices } = result;
  const at = { suite, dataset: dataset.name };
  const warnings: Warning[] = [];
  if (held.split && source.dataset === dataset)
    warnings.push({
      ...at,
      code: 'calibrated-on-test-split',
      severity: 'note',
      message: `without a validation set, thresholds were taken from ${held.on}, and sets are reported of the other ${indices.length}`,
      fix: 'add a labelled data set with `role: validation`',
    });
  if (!source.exchangeable && dataset.role === 'test')
    warnings.push({
      ...at,
      code: 'coverage-not-guaranteed',
      severity: 'note',
      message: `"${dataset.name}" is not drawn as the calibration examples are (${held.on}): no coverage is guaranteed on it`,
      why: 'conformal prediction guarantees coverage of exchangeable examples only',
    });
  if (held.shared > 0)
    warnings.push({
      ...at,
      code: 'validation-overlaps-test',
      severity: 'serious',
      message: `${held.shared} examples are both in ${held.on} and in "${dataset.name}"; no threshold was taken from them`,
      why: 'sets cover what they were calibrated on more often than they should',
      fix: 'give the two sets different files, or `offset` and `limit` that do not overlap',
    });
  return warnings;
}
