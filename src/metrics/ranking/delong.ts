import { meanVariance } from '../estimates/mean-variance.js';
import type { Area } from './area-interval.js';
import { meanAuroc, type Ranking, rankScores } from './ranking.js';

/** How each example stands to those of the other class: the structural components of AUROC. */
export interface Placements {
  auroc: number;
  /** (n_ID) share of OOD examples below, ties counting half. */
  id: Float64Array;
  /** (n_OOD) share of ID examples above, ties counting half. */
  ood: Float64Array;
  /** Pairs of an ID and an OOD example that share none, where ID examples belong together. Default: the smaller number of the two. */
  pairs?: number;
}

/**
 * Structural components of AUROC (DeLong, DeLong & Clarke-Pearson 1988), from ranks among all and within the class (Sun
 * & Xu 2014): O(n log n). Infinite scores are allowed. Errors: `data-invalid` for a NaN score.
 */
export const placements = (idScores: ArrayLike<number>, oodScores: ArrayLike<number>): Placements =>
  placementsIn(rankScores(idScores, oodScores));

/**
 * The same of what is ranked already, in O(n).
 * @param counted (n_ID) 1 for the ID examples that count, 0 for those that never count as higher, whatever their score.
 * With those that are classified rightly, `auroc` is the area under the open-set classification rate: see oscr.ts.
 */
export function placementsIn({ groups, id, ood }: Ranking, counted?: ArrayLike<number>): Placements {
  const [n, m] = [id.length, ood.length];
  const inside = counted ? id.filter((_, i) => counted[i] === 1) : id;
  const [ofId, ofOod] = [lowerThan(inside, groups), lowerThan(ood, groups)];
  const placedId = Float64Array.from(id, (group, i) =>
    counted === undefined || counted[i] === 1 ? ofOod[group]! / m : 0,
  );
  // A share above is what is not below.
  const most = inside.length / n;
  const placedOod = Float64Array.from(ood, (group) => most - ofId[group]! / n);
  return { auroc: placedId.reduce((a, b) => a + b, 0) / n, id: placedId, ood: placedOod };
}

/** For each group, which are in descending order of score: how many examples score lower, half of its own among them. */
function lowerThan(group: Int32Array, groups: number): Float64Array {
  const counts = new Int32Array(groups);
  for (let i = 0; i < group.length; i++) counts[group[i]!]!++;
  const lower = new Float64Array(groups);
  let below = 0;
  for (let g = groups - 1; g >= 0; g--) {
    lower[g] = below + counts[g]! / 2;
    below += counts[g]!;
  }
  return lower;
}

/** The square of the standard error of the mean. */
const errorSquare = (values: Float64Array): number => meanVariance(values).variance / values.length;

/**
 * An AUROC with its standard error; of several OOD sets, the unweighted mean over them. Their ID examples are the same,
 * and so are averaged before their variance is taken; OOD sets are independent of each other.
 * @param sets one for each OOD set, of the same ID examples
 * @returns NaN for the error with fewer than two examples of a class
 */
export function delongMean(sets: readonly Placements[]): { value: number; error: number } {
  const id = new Float64Array(sets[0]!.id.length);
  let value = 0;
  let variance = 0;
  for (const set of sets) {
    value += set.auroc / sets.length;
    for (let i = 0; i < id.length; i++) id[i]! += set.id[i]! / sets.length;
    variance += errorSquare(set.ood) / sets.length ** 2;
  }
  return { value, error: Math.sqrt(variance + errorSquare(id)) };
}

/** An area with what its interval takes; of several OOD sets, the unweighted mean. Parameters as of `delongMean`. */
export const areaOf = (sets: readonly Placements[]): Area => ({
  value: meanAuroc(sets),
  error: delongMean(sets).error,
  pairs: Math.min(...sets.map(({ id, ood, pairs }) => pairs ?? Math.min(id.length, ood.length))),
});

/**
 * DeLong's variance of A - B, two AUROCs of the same examples, or their unweighted means over several OOD sets.
 * @param a by OOD set
 * @param b of the same sets and examples
 * @returns the difference and its standard error; NaN with fewer than two examples of a class
 */
export function delongDifference(
  a: readonly Placements[],
  b: readonly Placements[],
): { value: number; error: number } {
  return delongMean(
    a.map((one, s) => ({
      auroc: one.auroc - b[s]!.auroc,
      id: one.id.map((placed, i) => placed - b[s]!.id[i]!),
      ood: one.ood.map((placed, j) => placed - b[s]!.ood[j]!),
    })),
  );
}
