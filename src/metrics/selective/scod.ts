import { mapTuple } from '../../map-tuple.js';
import type { Placements } from '../ranking/delong.js';
import type { Ranking } from '../ranking/ranking.js';
import { riskInfluence } from './risk-influence.js';
import { areasOf, type LossGroups, type SelectiveAreas } from './selective-areas.js';

/** Areas under the risk of a pool, and how each of its examples moves them. */
export interface Scod {
  areas: SelectiveAreas;
  /** Components as those of an AUROC: their variances, over n_ID and n_OOD, add up to that of the area. */
  aurc: Placements;
  augrc: Placements;
}

/**
 * Selective classification with OOD examples in the pool (SCOD: Xia & Bouganis 2022): ID and OOD examples are kept or
 * rejected by one score, and what is kept costs 0 where an ID example is classified rightly, 1 where it is not, and
 * `oodCost` for an OOD example. The areas are those under the curves of this cost. The pool holds each example once, so
 * they depend on how many of each there are.
 * @param correct (n_ID) 1 where the prediction is right
 * @param oodCost 1: to accept an OOD example is as bad as a wrong prediction
 */
export function scod(ranking: Ranking, correct: ArrayLike<number>, oodCost: number): Scod {
  const { id, ood } = ranking;
  const [onceId, onceOod] = mapTuple([id, ood], ({ length }) => new Uint8Array(length).fill(1));
  const pool = pooledLosses(ranking, correct, oodCost, onceId, onceOod);
  const areas = areasOf(pool);
  const influence = riskInfluence(pool);
  const [n, m] = [id.length, ood.length];
  const components = (area: 'aurc' | 'augrc'): Placements => ({
    auroc: areas[area],
    id: Float64Array.from(id, (g, i) => (influence[area](g, correct[i] === 1 ? 0 : 1) * n) / (n + m)),
    ood: Float64Array.from(ood, (g) => (influence[area](g, oodCost) * m) / (n + m)),
  });
  return { areas, aurc: components('aurc'), augrc: components('augrc') };
}

/** The areas as a function of how often each ID and each OOD example was drawn. */
export const drawnScod =
  (
    ranking: Ranking,
    correct: ArrayLike<number>,
    oodCost: number,
  ): ((timesId: Uint8Array, timesOod: Uint8Array) => SelectiveAreas) =>
  (timesId, timesOod) =>
    areasOf(pooledLosses(ranking, correct, oodCost, timesId, timesOod));

function pooledLosses(
  { groups, id, ood }: Ranking,
  correct: ArrayLike<number>,
  oodCost: number,
  timesId: Uint8Array,
  timesOod: Uint8Array,
): LossGroups {
  const [counts, losses] = [new Float64Array(groups), new Float64Array(groups)];
  for (let i = 0; i < id.length; i++) {
    counts[id[i]!]! += timesId[i]!;
    if (correct[i] !== 1) losses[id[i]!]! += timesId[i]!;
  }
  for (let j = 0; j < ood.length; j++) {
    counts[ood[j]!]! += timesOod[j]!;
    losses[ood[j]!]! += timesOod[j]! * oodCost;
  }
  return { counts, losses };
}
