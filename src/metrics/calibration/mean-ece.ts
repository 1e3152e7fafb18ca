import { drawn } from '../resampling/draw-counts.js';
import { equalWidth } from './binning.js';
import { drawnGaps } from './drawn-bins.js';

/** Predictions of one setting, such as a corruption at a severity, of the same n examples as those of the others. */
export interface Predicted {
  /** (n) of the top label. */
  confidence: Float64Array;
  /** (n) 1 where it was right. */
  correct: Uint8Array;
}

/**
 * The mean over settings of the ECE in each, bins of equal width, with the binning done once: a mean of absolute gaps of
 * settings, where the ECE of all their predictions together would let one setting's under-confidence cancel another's
 * over-confidence.
 * @returns a statistic for `jointBootstrap`
 */
export function meanEceOfDraws(settings: readonly Predicted[], bins: number): (times: Uint8Array) => number {
  const each = settings.map(({ confidence, correct }) =>
    drawnGaps(equalWidth(confidence, bins), confidence, correct),
  );
  return (times) => each.reduce((sum, gaps) => sum + gaps(times), 0) / (drawn(times) * each.length);
}
