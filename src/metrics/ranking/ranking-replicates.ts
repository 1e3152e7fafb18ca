import type { TwoSidedReplicates } from '../resampling/two-sided-bootstrap.js';
import type { Clusters } from '../tests/clusters.js';
import type { Ranking, RankingMetrics } from './ranking.js';

export type RankingMetric = keyof RankingMetrics;

/** The metrics of one ranking, and what they are on each resample. */
export interface RankingReplicates extends TwoSidedReplicates<RankingMetric> {
  ranking: Ranking;
  /** Which ID examples were drawn together; each by itself where there are none. */
  clusters?: Clusters;
}
