import { groupCounts, rankScores } from './ranking.js';

/** Of a ROC curve: x, the share of OOD accepted, and y, the share of ID. Of precision and recall: recall and precision. */
export interface RocPoint {
  x: number;
  y: number;
}

/**
 * The ROC curve with ID as the positive class, from (0, 0) to (1, 1), one point per distinct score (ties are a
 * sloped segment). Empty when either set is.
 */
export function rocCurve(idScores: ArrayLike<number>, oodScores: ArrayLike<number>): RocPoint[] {
  if (idScores.length === 0 || oodScores.length === 0) return [];
  const ranking = rankScores(idScores, oodScores);
  const id = groupCounts(ranking.id, new Int32Array(ranking.groups));
  const ood = groupCounts(ranking.ood, new Int32Array(ranking.groups));
  const points: RocPoint[] = [{ x: 0, y: 0 }];
  let [tp, fp] = [0, 0];
  for (let g = 0; g < ranking.groups; g++) {
    tp += id[g]!;
    fp += ood[g]!;
    points.push({ x: fp / oodScores.length, y: tp / idScores.length });
  }
  return points;
}

/**
 * Precision (y) against recall (x), a point for each distinct score, from the highest. Positives are the examples of the
 * first argument, which should score higher. Empty when either set is.
 */
export function precisionRecall(positives: ArrayLike<number>, negatives: ArrayLike<number>): RocPoint[] {
  const [n, m] = [positives.length, negatives.length];
  return rocCurve(positives, negatives)
    .slice(1)
    .map(({ x, y }) => ({ x: y, y: (y * n) / (y * n + x * m) }));
}

/** Distance of p from the segment a-b. */
function distance(p: RocPoint, a: RocPoint, b: RocPoint): number {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const length = dx * dx + dy * dy;
  const t = length === 0 ? 0 : Math.max(0, Math.min(1, ((p.x - a.x) * dx + (p.y - a.y) * dy) / length));
  return Math.hypot(p.x - a.x - t * dx, p.y - a.y - t * dy);
}

/**
 * Drops points that a plot would not show: every dropped point lies within `tolerance` of the polyline that is
 * left (Douglas & Peucker 1973). 0.002 is a pixel on a plot of 500.
 */
export function thinCurve(points: readonly RocPoint[], tolerance = 0.002): RocPoint[] {
  if (points.length < 3) return [...points];
  const keep = new Uint8Array(points.length);
  keep[0] = keep[points.length - 1] = 1;
  const open: [number, number][] = [[0, points.length - 1]];
  for (let span = open.pop(); span; span = open.pop()) {
    const [start, end] = span;
    let [far, at] = [tolerance, -1];
    for (let i = start + 1; i < end; i++) {
      const d = distance(points[i]!, points[start]!, points[end]!);
      if (d > far) [far, at] = [d, i];
    }
    if (at < 0) continue;
    keep[at] = 1;
    open.push([start, at], [at, end]);
  }
  return points.filter((_, i) => keep[i]);
}
