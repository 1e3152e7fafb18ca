import { drawnGroupCounts } from './group-order.js';
import { type Ranking, type RankingMetrics, rankingMetrics } from './ranking.js';

/** All metrics of a ranking as a function of how often each ID and each OOD example was drawn. */
export function drawnRanking({
  groups,
  id,
  ood,
}: Ranking): (timesId: Uint8Array, timesOod: Uint8Array) => RankingMetrics {
  const [ofId, ofOod] = [drawnGroupCounts(id, groups), drawnGroupCounts(ood, groups)];
  return (timesId, timesOod) => rankingMetrics(ofId(timesId), ofOod(timesOod));
}
