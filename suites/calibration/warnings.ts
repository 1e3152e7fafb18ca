import type { DatasetInfo, Warning } from '../../src/suite.js';
import type { CalibrationResult } from './result.js';

/** A gap estimated from fewer examples than this is mostly noise. */
const FEW_PER_BIN = 10;

/** What a reader of a system's calibration should know. */
export function calibrationWarnings(suite: string, result: CalibrationResult): Warning[] {
  const { system, dataset, whole, fit, after } = result;
  const { n, classes } = whole.classified;
  if (n === 0) return [];
  const at = { suite, model: system.name, dataset: dataset.name };
  const warnings: Warning[] = [];
  if (classes === 1) {
    return [
      {
        ...at,
        code: 'single-class',
        severity: 'serious',
        message: `"${system.name}" has only one class, which it predicts with certainty`,
        why: 'it is calibrated by construction',
      },
    ];
  }
  const percent = (x: number) => `${(100 * x).toFixed(1)} %`;
  const thin = whole.bins.filter((bin) => bin.n > 0 && bin.n < FEW_PER_BIN);
  const worst = whole.bins.reduce((a, b) => (gap(b) > gap(a) ? b : a));
  if (n < FEW_PER_BIN * whole.bins.length) {
    warnings.push({
      ...at,
      code: 'few-examples-per-bin',
      severity: 'warning',
      message: `${n} examples in ${whole.bins.length} bins are fewer than ${FEW_PER_BIN} per bin`,
      why: 'with so few, binned calibration errors are too large even for a calibrated model',
      fix: 'measure more examples or set fewer `bins`',
    });
  } else if (thin.includes(worst)) {
    warnings.push({
      ...at,
      code: 'mce-from-few-examples',
      severity: 'note',
      message: `the MCE of ${percent(gap(worst))} comes from a bin with ${worst.n} example${worst.n === 1 ? '' : 's'}`,
      why: 'such a gap is mostly noise: compare ECE instead',
    });
  }
  if (whole.floor && whole.metrics.ece.value <= whole.floor.interval[1]) {
    warnings.push({
      ...at,
      code: 'ece-within-noise',
      severity: 'note',
      message: `an ECE of ${percent(whole.metrics.ece.value)} is what a calibrated model shows on ${n} examples`,
      why: 'no miscalibration was detected, and smaller values than this are not better',
    });
  }
  if (!fit.temperature.fitted) {
    warnings.push({
      ...at,
      code: 'temperature-refused',
      severity: 'warning',
      message: `no temperature was fitted on ${fit.on}: ${fit.temperature.reason}`,
      fix: 'fit on more examples, some of which the model gets wrong',
    });
  } else if (after && after.metrics.nll.value > result.before.metrics.nll.value) {
    warnings.push({
      ...at,
      code: 'temperature-does-not-transfer',
      severity: 'warning',
      message: `the temperature fitted on ${fit.on} raises the NLL of the reported examples`,
      why: 'the two sets differ, or the one it was fitted on is too small',
    });
  }
  if (fit.shared > 0) {
    warnings.push({
      ...at,
      code: 'validation-overlaps-test',
      severity: 'serious',
      message: `${fit.shared} examples are both in ${fit.on} and in "${dataset.name}"; they were not fitted on`,
      why: 'a temperature fitted on what is reported looks better than it is',
      fix: 'give the two sets different files, or `offset` and `limit` that do not overlap',
    });
  }
  return warnings;
}

const gap = ({ confidence, accuracy }: { confidence: number | null; accuracy: number | null }): number =>
  confidence === null || accuracy === null ? -1 : Math.abs(confidence - accuracy);

/** A note that half of the test set went into fitting. */
export function splitNote(
  suite: string,
  dataset: DatasetInfo,
  results: readonly CalibrationResult[],
): Warning[] {
  const split = results.find(({ fit }) => fit.split);
  if (!split) return [];
  return [
    {
      code: 'temperature-on-test-split',
      severity: 'note',
      suite,
      dataset: dataset.name,
      message: `without a validation set, temperatures were fitted on ${split.fit.on}, and are reported on the other ${split.fit.reported.length}`,
      fix: 'add a labelled data set with `role: validation`',
    },
  ];
}
