import { equalMass } from './binning.js';
import { ofClass, type Probabilities } from './calibration.js';
import { drawnGaps } from './drawn-bins.js';

/**
 * ACE and, with a threshold, TACE (Nixon et al. 2019, equations 3 and 4) of resamples: the mean over classes of the ECE of
 * that class's probability over bins of equal mass; with a threshold, of those probabilities alone that are above it. Bins
 * are weighted by their mass, which is the papers' plain mean where no ties make them uneven, and stay those of the data in
 * every resample. A class with no probability above the threshold is left out of the mean.
 * @returns a function of how often each example was drawn, (n); NaN where nothing is left
 */
export function adaptiveEce(
  p: Probabilities,
  labels: ArrayLike<number>,
  bins: number,
  threshold = -1,
): (times: Uint8Array) => number {
  const each = Array.from({ length: p.classes }, (_, k) => {
    const { column, isClass } = ofClass(k, p, labels);
    const kept = Int32Array.from(column.keys()).filter((i) => column[i]! > threshold);
    const values = Float64Array.from(kept, (i) => column[i]!);
    const outcomes = Uint8Array.from(kept, (i) => isClass[i]!);
    const gaps = drawnGaps(equalMass(values, bins), values, outcomes);
    return { kept, drawnOf: new Uint8Array(kept.length), gaps };
  }).filter(({ kept }) => kept.length > 0);
  return (times) => {
    let [sum, classes] = [0, 0];
    for (const { kept, drawnOf, gaps } of each) {
      let n = 0;
      for (let at = 0; at < kept.length; at++) {
        drawnOf[at] = times[kept[at]!]!;
        n += drawnOf[at]!;
      }
      if (n === 0) continue;
      sum += gaps(drawnOf) / n;
      classes++;
    }
    return sum / classes;
  };
}
