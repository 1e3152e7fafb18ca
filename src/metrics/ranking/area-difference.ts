import { logitEnds } from '../estimates/logit-ends.js';
import { type Ends, hybridDifference, type Side } from '../tests/hybrid-difference.js';
import { type TestedDifference, waldTest } from '../tests/wald.js';
import { type Area, areaLimits } from './area-interval.js';
import { areaOf, delongDifference, type Placements } from './delong.js';
import { matchedArea, matchedDifference } from './matched-auroc.js';

/**
 * The difference of two areas of the same examples, A - B, by both intervals: see hybrid-difference.ts.
 *
 * Away from 0 and 1 this is the test of DeLong, DeLong & Clarke-Pearson (1988), on whose variances it rests. Close to them, that
 * test calls systems different which are not, where one of them has a few examples on the wrong side altogether and another none.
 * @param error the standard error of the difference
 */
export function areaDifference(a: Area, b: Area, error: number, level = 0.95): TestedDifference {
  // The error is not finite where there are fewer than two.
  const n = Math.max(2, Math.min(a.pairs, b.pairs));
  const usual = waldTest(a.value - b.value, error, n, { level, by: 'normal' });
  // No examples; or placements that are the same throughout, or differ by the same.
  if (usual.p === null || (error === 0 && (usual.value === 0 || a.error * b.error > 0))) return usual;
  return hybridDifference(sideOf(a), sideOf(b), error, { level });
}

const sideOf = (area: Area): Side => ({
  ...area,
  at({ z, alpha }) {
    const { value, error } = area;
    const own: Ends = error > 0 && value > 0 && value < 1 ? logitEnds(value, error, z) : [value, value];
    // A score that ties all examples has no error, and no interval of its own.
    return { own, limits: areaLimits(area, { z, alpha }) ?? [value, value] };
  },
});

/**
 * Of two AUROCs of the same examples, or of their unweighted means over several OOD sets.
 * @param a by OOD set
 * @param b of the same sets and examples
 */
export const delongTest = (
  a: readonly Placements[],
  b: readonly Placements[],
  level?: number,
): TestedDifference => areaDifference(areaOf(a), areaOf(b), delongDifference(a, b).error, level);

/** Of images against changed forms of the same images: see matched-auroc.ts. */
export const matchedTest = (
  a: readonly Placements[],
  b: readonly Placements[],
  level?: number,
): TestedDifference => areaDifference(matchedArea(a), matchedArea(b), matchedDifference(a, b).error, level);
