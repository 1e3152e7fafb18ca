import { rankScores } from './ranking.js';

/** How each example stands to those of the other class: the structural components of AUROC. */
export interface Placements {
  auroc: number;
  /** (n_ID) share of OOD examples below, ties counting half. */
  id: Float64Array;
  /** (n_OOD) share of ID examples above, ties counting half. */
  ood: Float64Array;
}

/**
 * Structural components of AUROC (DeLong, DeLong & Clarke-Pearson 1988), from ranks among all and within the class (Sun
 * & Xu 2014): O(n log n). Infinite scores are allowed. Errors: `data-invalid` for a NaN score.
 */
export function placements(idScores: ArrayLike<number>, oodScores: ArrayLike<number>): Placements {
  const { groups, id, ood } = rankScores(idScores, oodScores);
  const [n, m] = [id.length, ood.length];
  const [ofId, ofOod] = [lowerThan(id, groups), lowerThan(ood, groups)];
  const placedId = Float64Array.from(id, (group) => ofOod[group] / m);
  // A share above is what is not below.
  const placedOod = Float64Array.from(ood, (group) => 1 - ofId[group] / n);
  return { auroc: placedId.reduce((a, b) => a + b, 0) / n, id: placedId, ood: placedOod };
}

/** For each group, which are in descending order of score: how many examples score lower, half of its own among them. */
function lowerThan(group: Int32Array, groups: number): Float64Array {
  const counts = new Int32Array(groups);
  for (let i = 0; i < group.length; i++) counts[group[i]]++;
  const lower = new Float64Array(groups);
  let below = 0;
  for (let g = groups - 1; g >= 0; g--) {
    lower[g] = below + counts[g] / 2;
    below += counts[g];
  }
  return lower;
}

const varianceOf = (values: Float64Array): number => {
  const n = values.length;
  const mean = values.reduce((a, b) => a + b, 0) / n;
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
};

/**
 * DeLong's test of A - B, two AUROCs of the same examples. Of several OOD sets, the difference of the unweighted means
 * over the sets: their ID examples are the same, and so are averaged before their variance is taken; OOD sets are
 * independent of each other.
 * @param a by OOD set
 * @param b of the same sets and examples
 * @returns the difference and its standard error; NaN with fewer than two examples of a class
 */
export function delongDifference(
  a: readonly Placements[],
  b: readonly Placements[],
): { value: number; error: number } {
  const sets = a.length;
  const id = new Float64Array(a[0].id.length);
  let value = 0;
  let variance = 0;
  for (let s = 0; s < sets; s++) {
    value += (a[s].auroc - b[s].auroc) / sets;
    for (let i = 0; i < id.length; i++) id[i] += (a[s].id[i] - b[s].id[i]) / sets;
    const ood = a[s].ood.map((placed, j) => placed - b[s].ood[j]);
    variance += varianceOf(ood) / ood.length / sets ** 2;
  }
  return { value, error: Math.sqrt(variance + varianceOf(id) / id.length) };
}
