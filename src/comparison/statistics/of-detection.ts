import { type OpenOodMetrics, openOodMetrics } from '../../metrics/ranking/openood-metrics.js';
import { openSetPlacements } from '../../metrics/ranking/oscr.js';
import { type RankingMetrics, rankScores } from '../../metrics/ranking/ranking.js';
import { drawnScod } from '../../metrics/selective/scod.js';
import type { SelectiveAreas } from '../../metrics/selective/selective-areas.js';
import type { DetectionStatistic, RankingStatistic } from './statistic.js';

const ranking = (
  name: string,
  metric: keyof RankingMetrics,
  test: RankingStatistic['test'] = 'paired-bootstrap',
): RankingStatistic => ({ kind: 'ranking', name, roles: ['score'], metric, test });

const scod = (name: string, area: keyof SelectiveAreas): DetectionStatistic => ({
  kind: 'detection',
  name,
  roles: ['score', 'outcome'],
  options: ['oodCost'],
  test: 'paired-bootstrap',
  of(id, ood, { oodCost }) {
    const areas = drawnScod(rankScores(id.score, ood.score), id.outcome, Number(oodCost));
    return (timesId, timesOod) => areas(timesId, timesOod)[area];
  },
});

const openOod = (name: string, metric: keyof OpenOodMetrics): DetectionStatistic => ({
  kind: 'detection',
  name,
  roles: ['score'],
  test: 'paired-bootstrap',
  of(id, ood) {
    const metrics = openOodMetrics(id.score, ood.score);
    return (timesId, timesOod) => metrics(timesId, timesOod)[metric];
  },
});

/** In-distribution examples against others. */
export const ofDetection: readonly (RankingStatistic | DetectionStatistic)[] = [
  ranking('auroc', 'auroc', 'delong'),
  { ...ranking('auroc-matched', 'auroc', 'delong'), matched: true },
  ranking('aupr-in', 'auprIn'),
  ranking('aupr-out', 'auprOut'),
  ranking('fpr95-id-positive', 'fpr95IdPositive'),
  ranking('fpr95-ood-positive', 'fpr95OodPositive'),
  ranking('detection-error', 'detectionError'),
  {
    kind: 'detection',
    name: 'oscr',
    roles: ['score', 'outcome'],
    test: 'delong',
    placed: (id, ood) => openSetPlacements(rankScores(id.score, ood.score), id.outcome),
  },
  scod('scod-aurc', 'aurc'),
  scod('scod-augrc', 'augrc'),
  openOod('fpr95-openood', 'fpr95'),
  openOod('aupr-in-trapezoid', 'auprIn'),
  openOod('aupr-out-trapezoid', 'auprOut'),
];
