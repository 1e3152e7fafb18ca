import {
  drawnBinSums,
  ece,
  equalWidth,
  fitRecalibrator,
  jointBootstrap,
  meanOfDraws,
  pairedCounts,
  type Recalibrator,
  testedShares,
  wilson,
} from '../../src/metrics.js';
import type { Picked } from './fit.js';
import {
  type Calibration,
  type CalibrationSettings,
  calibrationOf,
  type Recalibrated,
  type Recalibrations,
  type Reported,
  type Standing,
} from './result.js';

/** Fits every recalibrator on the same examples and reports them on others. */
export function recalibrate(
  recalibrators: readonly Recalibrator[],
  fitted: Picked,
  reported: Picked,
  before: Calibration,
  settings: CalibrationSettings,
): Recalibrations {
  const made = recalibrators.map((recalibrator): Made => {
    const fit = fitRecalibrator(recalibrator, fitted.logits, fitted.labels);
    if (!fit.fitted) return { recalibrator, fit };
    // As a network's outputs are: so the sheet holds them to the last bit.
    const logP = Float32Array.from(fit.apply(reported.logits));
    const predictions = { logits: { ...reported.logits, data: logP }, labels: reported.labels };
    return { recalibrator, fit, after: { logP, calibration: calibrationOf(predictions, 1, settings) } };
  });
  const after = made.flatMap((one) => (one.after ? [one.after.calibration] : []));
  const changes = changesFrom(before, after, settings);
  const [beforeStanding, ...standings] = standingsOf([before, ...after], settings);
  return {
    before,
    beforeAccuracy: accuracyOf(before),
    beforeStanding: beforeStanding!,
    each: made.map(({ recalibrator, fit, after: own }) => {
      if (!own) return { recalibrator, fit };
      const at = after.indexOf(own.calibration);
      const [accuracy, standing] = [accuracyOf(own.calibration), standings[at]!];
      return { recalibrator, fit, reported: { ...own, accuracy, ...changes[at]!, standing } };
    }),
  };
}

type Made = Pick<Recalibrated, 'recalibrator' | 'fit'> & {
  after?: Pick<Reported, 'logP' | 'calibration'>;
};

const accuracyOf = ({ classified: { correct, n } }: Calibration) =>
  wilson(
    correct.reduce((sum, right) => sum + right, 0),
    n,
  );

type Changes = Pick<Reported, 'nllChange' | 'eceChange' | 'accuracyChange'>;

/** What changed from one to each of the others, on the same resamples. */
function changesFrom(
  before: Calibration,
  after: readonly Calibration[],
  { bins, seed, resamples }: CalibrationSettings,
): Changes[] {
  const eceOf = ({ classified: { confidence, correct } }: Calibration) => {
    const sums = drawnBinSums(equalWidth(confidence, bins), confidence, correct);
    return (times: Uint8Array) => ece(sums(times));
  };
  const { n } = before.classified;
  const [own, others] = [eceOf(before), after.map(eceOf)];
  const nlls = after.map(({ classified }) => meanOfDraws(differences(classified.nll, before.classified.nll)));
  const estimates = jointBootstrap<{
    of: (times: Uint8Array) => Record<string, number>;
    centred?: string[];
    gaps?: Record<string, number>;
    within?: [number, number];
  }>(
    n,
    [
      { of: (times) => Object.fromEntries(nlls.map((nll, i) => [`nll ${i}`, nll(times)])) },
      {
        of: (times) => {
          const base = own(times);
          return Object.fromEntries(others.map((other, i) => [`ece ${i}`, other(times) - base]));
        },
        centred: others.map((_, i) => `ece ${i}`),
        gaps: Object.fromEntries(others.map((_, i) => [`ece ${i}`, 2])),
        within: [-1, 1],
      },
    ],
    { seed, resamples },
  );
  return after.map(({ classified }, i) => {
    const counts = pairedCounts(classified.correct, before.classified.correct);
    return {
      nllChange: estimates[`nll ${i}`]!,
      eceChange: estimates[`ece ${i}`]!,
      accuracyChange: testedShares(counts),
    };
  });
}

const differences = (a: Float64Array, b: Float64Array): Float64Array => a.map((value, i) => value - b[i]!);

/**
 * Which has the least NLL, and which are not told apart from it: the paired bootstrap interval of the difference holds 0, at 95 % for
 * all of them together (Bonferroni).
 */
function standingsOf(all: readonly Calibration[], { seed, resamples }: CalibrationSettings): Standing[] {
  const values = all.map(({ metrics }) => metrics.nll.value);
  const best = values.indexOf(Math.min(...values));
  const { classified } = all[0]!;
  if (best < 0 || classified.n === 0) return all.map(() => 'not told apart');
  const means = all.map((one) => meanOfDraws(differences(one.classified.nll, all[best]!.classified.nll)));
  const estimates = jointBootstrap(
    classified.n,
    [
      {
        of: (times: Uint8Array): Record<string, number> =>
          Object.fromEntries(means.map((mean, i) => [`${i}`, mean(times)])),
      },
    ],
    { seed, resamples, level: 1 - 0.05 / Math.max(1, all.length - 1) },
  );
  return all.map((_, i) => {
    const { interval } = estimates[`${i}`]!;
    if (i === best) return 'best';
    return interval && interval[0] > 0 ? 'worse' : 'not told apart';
  });
}
