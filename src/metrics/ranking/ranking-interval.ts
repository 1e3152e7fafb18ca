import { normalQuantile } from '../distributions/distributions.js';
import type { Estimate } from '../estimates/estimate.js';
import { quantile } from '../estimates/intervals.js';
import { logitEnds } from '../estimates/logit-ends.js';
import { deviationOf } from '../estimates/mean-variance.js';
import { meansOverSets, twoSidedEstimate } from '../resampling/two-sided-bootstrap.js';
import type { Clusters } from '../tests/clusters.js';
import type { Ends, Reach, Side } from '../tests/hybrid-difference.js';
import { detectionErrorInterval } from './detection-error-interval.js';
import { fpr95Bound } from './fpr95-bound.js';
import type { RankingMetric, RankingReplicates } from './ranking-replicates.js';
import {
  apart,
  apartMetric,
  asFarAsApart,
  type Bounded,
  clusterSizes,
  type Sizes,
} from './separation-bounds.js';

/**
 * What is given of a metric, or of its mean over several rankings, in place of percentiles; undefined where these are right. It is asked
 * for at many levels.
 */
type Interval = (results: readonly RankingReplicates[]) => (resampled: Estimate) => Bounded | undefined;

/** With the standard error of the replicates, of the logit: percentiles next to 1 are too short (Boyd, Eng & Page 2013). */
const byLogit =
  (metric: RankingMetric): Interval =>
  (results) => {
    const error = deviationOf(meansOverSets(results, metric));
    return ({ value, level, interval }) => {
      if (!interval || !(value > 0 && value < 1)) return undefined;
      return { interval: logitEnds(value, error, normalQuantile(level)), method: 'bootstrap-logit' };
    };
  };

/** Percentiles, but for a rate of 0, of which resamples show little or nothing. */
const ofFalsePositives =
  (positive: 'id' | 'ood'): Interval =>
  (results) =>
  ({ value, level }) => {
    if (value !== 0) return undefined;
    const bounds = results.map(({ ranking: { id: each, ood }, clusters }) => {
      const id = clusters ? lastOf(each, clusters) : each;
      const even = clusters ? clusterSizes(clusters, ood.length).nId / clusters.count : 1;
      // Groups are in descending order of score.
      return positive === 'id'
        ? fpr95Bound(
            id.map((g) => -g),
            ood.map((g) => -g),
            1 - level,
            { positives: even },
          )
        : fpr95Bound(ood, id, 1 - level, { negatives: even });
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

/**
 * The lowest score of each cluster: more of these lie below a threshold than of all examples, and one cluster tells nothing of
 * another.
 */
function lastOf(groups: Int32Array, { count, of }: Clusters): Int32Array {
  const last = new Int32Array(count);
  for (let i = 0; i < of.length; i++) last[of[i]!] = Math.max(last[of[i]!]!, groups[i]!);
  return last;
}

/** Of one ranking of examples that do not belong together: of clusters, or of a mean over several, percentiles. */
const ofDetectionError: Interval =
  (results) =>
  ({ level }) => {
    const [one] = results;
    const isPlain = one && results.length === 1 && !one.clusters;
    const interval = isPlain ? detectionErrorInterval(one.ranking, level) : undefined;
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
  const sizes = sizesOf(results);
  const exact = apartMetric(metric, sizes, level);
  if (exact) return { ...about, ...exact };
  if (!Number.isFinite(value)) return resampled;
  const other = intervals[metric](results)(resampled);
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

/** Up to this level 1,000 resamples tell where the percentiles are. */
const TOLD = 0.98;

/**
 * One side of `hybridDifference`, with its replicates. Where scores do not overlap, and of an FPR95 of 0, nothing varies and the exact
 * bound is all; with too few examples for one, a rate can be anything. Others do not reach as far as that bound here: of two systems
 * whose scores nearly do not overlap, it would hide what hundreds of examples tell (docs/coverage.md). Beyond the level that resamples
 * tell, percentiles lie farther off as those of a normal number do.
 */
export function rankingSide(
  results: readonly RankingReplicates[],
  metric: RankingMetric,
): Side & { replicates: Float64Array } {
  const sizes = sizesOf(results);
  const usual = intervals[metric](results);
  const about = twoSidedEstimate(results, metric);
  const { value } = about;
  const replicates = meansOverSets(results, metric);
  const sorted = replicates.slice().sort();
  const percentiles = (level: number): Ends => {
    const tail = (1 - Math.min(level, TOLD)) / 2;
    const [lo, hi] = [quantile(sorted, tail), quantile(sorted, 1 - tail)];
    const farther = level > TOLD ? normalQuantile(level) / normalQuantile(TOLD) : 1;
    const [down, up] = [Math.max(0, value - lo), Math.max(0, hi - value)];
    return [Math.max(0, value - farther * down), Math.min(1, value + farther * up)];
  };
  const at = ({ alpha }: Reach): { own: Ends; limits: Ends } => {
    const level = 1 - alpha;
    const exact = apartMetric(metric, sizes, level);
    const other = exact ?? usual({ ...about, level });
    // Of a rate of 0 nothing varies: all that is known is a bound.
    if (exact || value === 0) return { own: [value, value], limits: other?.interval ?? [0, 1] };
    const own = other?.interval ?? percentiles(level);
    return { own, limits: own };
  };
  return { value, error: deviationOf(replicates), replicates, at };
}

/** Sizes of each ranking, and whether its scores overlap. */
const sizesOf = (results: readonly RankingReplicates[]): (Sizes & { auroc: number })[] =>
  results.map(({ nId, nOod, values: { auroc }, clusters }) => ({
    ...(clusters ? clusterSizes(clusters, nOod) : { nId, nOod }),
    auroc,
  }));
