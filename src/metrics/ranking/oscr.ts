import { type Placements, placementsIn } from './delong.js';
import { type Ranking, rankScores } from './ranking.js';

/**
 * Structural components of the area under the open-set classification rate (OSCR, Dhamija et al. 2018): the share of ID
 * examples that are classified rightly and accepted, against the share of OOD examples that are accepted. By trapezoids
 * it is P(an ID example is classified rightly and scores higher than an OOD example), ties counting half: an AUROC in
 * which what is classified wrongly never scores higher. So at most the accuracy, and its variance is DeLong's.
 * @param correct (n_ID) 1 where the prediction is right
 */
export const openSetPlacements = (ranking: Ranking, correct: ArrayLike<number>): Placements =>
  placementsIn(ranking, correct);

/** The area itself. NaN when either set is empty. */
export function oscr(
  idScores: ArrayLike<number>,
  correct: ArrayLike<number>,
  oodScores: ArrayLike<number>,
): number {
  const [n, m] = [idScores.length, oodScores.length];
  return n === 0 || m === 0 ? Number.NaN : openSetPlacements(rankScores(idScores, oodScores), correct).auroc;
}
