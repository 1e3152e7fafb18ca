import type { Probabilities } from '../calibration/calibration.js';
import type { ConformalScore, ScoreSettings } from './score.js';

/** How sets are scored: by which score, with which options, and the draw of each example, (n); without, u = 0. */
export interface Scoring {
  score: ConformalScore;
  settings: ScoreSettings;
  u?: Float64Array;
}

/** Sets at one threshold: how many classes each holds, and whether the label is one. */
export interface PredictionSets {
  size: Float64Array;
  /** Absent without labels. */
  covered?: Uint8Array;
}

/** Fills `into` with row i, descending. */
function sortedRow({ classes, data }: Probabilities, i: number, into: Float64Array): void {
  for (let k = 0; k < classes; k++) into[k] = data[i * classes + k]!;
  into.sort().reverse();
}

/** The rank of class y in row i, from 0; equal probabilities are ranked by class number. */
function rankOf({ classes, data }: Probabilities, i: number, y: number): number {
  const row = i * classes;
  const own = data[row + y]!;
  let rank = 0;
  for (let k = 0; k < classes; k++) if (data[row + k]! > own || (data[row + k] === own && k < y)) rank++;
  return rank;
}

/** The score of every example's label, as a threshold is taken from. (n) */
export function labelScores(
  p: Probabilities,
  labels: ArrayLike<number>,
  { score, settings, u }: Scoring,
): Float64Array {
  const [sorted, scores] = [new Float64Array(p.classes), new Float64Array(p.classes)];
  return Float64Array.from({ length: p.n }, (_, i) => {
    const rank = rankOf(p, i, labels[i]!);
    sortedRow(p, i, sorted);
    if (score.ofLabel) return score.ofLabel(rank, sorted, u?.[i] ?? 0, settings);
    score.scores(sorted, u?.[i] ?? 0, settings, scores);
    return scores[rank]!;
  });
}

/**
 * The classes whose score is at most the threshold, at each of some thresholds. A set may be empty.
 * @param labels (n), where there are any
 */
export function predictionSets(
  p: Probabilities,
  labels: ArrayLike<number> | undefined,
  { score, settings, u }: Scoring,
  thresholds: readonly number[],
): PredictionSets[] {
  const [sorted, scores] = [new Float64Array(p.classes), new Float64Array(p.classes)];
  const sets = thresholds.map(() => ({
    size: new Float64Array(p.n),
    ...(labels && { covered: new Uint8Array(p.n) }),
  }));
  for (let i = 0; i < p.n; i++) {
    sortedRow(p, i, sorted);
    score.scores(sorted, u?.[i] ?? 0, settings, scores);
    const own = labels && scores[rankOf(p, i, labels[i]!)];
    thresholds.forEach((threshold, t) => {
      let size = 0;
      for (let r = 0; r < scores.length; r++) if (scores[r]! <= threshold) size++;
      sets[t]!.size[i] = size;
      const { covered } = sets[t]!;
      if (covered && own !== undefined) covered[i] = own <= threshold ? 1 : 0;
    });
  }
  return sets;
}
