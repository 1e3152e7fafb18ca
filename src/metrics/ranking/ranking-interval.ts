import { normalQuantile } from '../distributions/distributions.js';
import type { Estimate } from '../estimates/estimate.js';
import { logitEnds } from '../estimates/logit-ends.js';
import { meanVariance } from '../estimates/mean-variance.js';
import { detectionErrorInterval } from './detection-error-interval.js';
import { fpr95Bound } from './fpr95-bound.js';
import type { RankingMetric, RankingReplicates } from './ranking-replicates.js';
import { apart, apartMetric, asFarAsApart, type Bounded } from './separation-bounds.js';

/** What is given of a metric, or of its mean over several rankings, in place of percentiles; undefined where these are right. */
type Interval = (results: readonly RankingReplicates[], resampled: Estimate) => Bounded | undefined;

/** With the standard error of the replicates, of the logit: percentiles next to 1 are too short (Boyd, Eng & Page 2013). */
const byLogit =
  (metric: RankingMetric): Interval =>
  (results, { value, level, interval }) => {
    if (!interval || !(value > 0 && value < 1)) return undefined;
    const means = results[0]!.replicates[metric].map(
      (_, b) => results.reduce((sum, { replicates }) => sum + replicates[metric][b]!, 0) / results.length,
    );
    const error = Math.sqrt(meanVariance(means).variance);
    return { interval: logitEnds(value, error, normalQuantile(level)), method: 'bootstrap-logit' };
  };

/** Percentiles, but for a rate of 0, of which resamples show little or nothing. */
const ofFalsePositives =
  (positive: 'id' | 'ood'): Interval =>
  (results, { value, level }) => {
    if (value !== 0) return undefined;
    const bounds = results.map(({ ranking: { id, ood } }) => {
      // Groups are in descending order of score.
      const [positives, negatives] = positive === 'id' ? [id.map((g) => -g), ood.map((g) => -g)] : [ood, id];
      return fpr95Bound(positives, negatives, 1 - level);
    });
    const known = bounds.filter((bound) => bound !== undefined);
    if (known.length < bounds.length)
      return {
        interval: null,
        method: 'none',
        why: 'no interval: too few positives to say where the threshold lies',
      };
    return {
      ...apart([0, Math.max(...known)]),
      why: 'one-sided exact interval (Clopper-Pearson), since no example of the other class passes',
    };
  };

/** Of one ranking: of a mean over several, percentiles. */
const ofDetectionError: Interval = (results, { level }) => {
  const interval = results.length === 1 ? detectionErrorInterval(results[0]!.ranking, level) : undefined;
  return interval && { interval, method: 'cross-fitted' };
};

const intervals: Readonly<Record<RankingMetric, Interval>> = {
  auroc: byLogit('auroc'),
  auprIn: byLogit('auprIn'),
  auprOut: byLogit('auprOut'),
  fpr95IdPositive: ofFalsePositives('id'),
  fpr95OodPositive: ofFalsePositives('ood'),
  detectionError: ofDetectionError,
};

/**
 * What is known of a metric of rankings by resampling, with the interval that is right for it. Scores that do not overlap have an exact
 * bound (separation-bounds.ts), and the interval of others, which cannot tell more, reaches at least as far.
 */
export function withInterval(
  resampled: Estimate,
  results: readonly RankingReplicates[],
  metric: RankingMetric,
): Estimate {
  const { why: _, ...about } = resampled;
  const { level, value } = resampled;
  const sizes = results.map(({ nId, nOod, values: { auroc } }) => ({ nId, nOod, auroc }));
  const exact = apartMetric(metric, sizes, level);
  if (exact) return { ...about, ...exact };
  if (!Number.isFinite(value)) return resampled;
  const other = intervals[metric](results, resampled);
  const own: Estimate = other ? { ...about, ...other } : resampled;
  const far = apartMetric(
    metric,
    sizes.map((size) => ({ ...size, auroc: 1 })),
    level,
  )?.interval;
  if (!own.interval || !far) return own;
  const [lo, hi] = own.interval;
  // Of rates the best is 0, not 1; AUROC has a mirror image.
  const least = far[1] < 1 ? lo : Math.min(lo, far[0]);
  const most = far[1] < 1 ? Math.max(hi, far[1]) : metric === 'auroc' ? Math.max(hi, 1 - far[0]) : hi;
  if (least === lo && most === hi) return own;
  return {
    ...own,
    interval: [least, most],
    why: own.why ?? asFarAsApart(least < lo ? 'lower' : 'upper'),
  };
}
