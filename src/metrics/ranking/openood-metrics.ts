import { drawnGroupCounts } from './group-order.js';
import { rankScores } from './ranking.js';

/** What OpenOOD prints of a score and an OOD set, as shares (Zhang et al. 2023, `compute_all_metrics` of its code). */
export interface OpenOodMetrics {
  /** FPR@95: OOD is positive; the share of ID rejected at the first threshold whose TPR is at least 0.95. */
  fpr95: number;
  /** AUPR_IN and AUPR_OUT: by the trapezoid rule, not average precision. */
  auprIn: number;
  auprOut: number;
}

/**
 * OpenOOD's conventions. Its AUROC is everyone's and not here. Its thresholds are those that scikit-learn's `roc_curve`
 * keeps: a distinct score is left out where both steps, of ID and of OOD examples, are as long as those before. Without
 * ties this changes nothing; with ties FPR@95 can be larger than at the first threshold that there is.
 * @returns a function of how often each ID and each OOD example was drawn; NaN when either is empty
 */
export function openOodMetrics(
  idScores: ArrayLike<number>,
  oodScores: ArrayLike<number>,
): (timesId: Uint8Array, timesOod: Uint8Array) => OpenOodMetrics {
  const { groups, id, ood } = rankScores(idScores, oodScores);
  const [countId, countOod] = [drawnGroupCounts(id, groups), drawnGroupCounts(ood, groups)];
  return (timesId, timesOod) => {
    const [ofId, ofOod] = [countId(timesId), countOod(timesOod)];
    return {
      fpr95: falsePositives(ofId, ofOod),
      auprIn: trapezoids(ofId, ofOod, 0),
      auprOut: trapezoids(ofOod, ofId, groups - 1),
    };
  };
}

const sum = (counts: Int32Array) => counts.reduce((a, b) => a + b, 0);

/** Groups are in descending order of score: OOD examples, the positives, are found from the end. */
function falsePositives(id: Int32Array, ood: Int32Array): number {
  const [nId, nOod] = [sum(id), sum(ood)];
  if (nId === 0 || nOod === 0) return Number.NaN;
  const order: [a: number, o: number][] = [];
  for (let g = id.length - 1; g >= 0; g--) if (id[g]! > 0 || ood[g]! > 0) order.push([id[g]!, ood[g]!]);
  let [fp, tp] = [0, 0];
  for (const [at, [a, o]] of order.entries()) {
    fp += a;
    tp += o;
    const next = order[at + 1];
    const isKept = at === 0 || next === undefined || next[0] !== a || next[1] !== o;
    // As numpy compares them: a share in float64 with 0.95.
    if (isKept && tp / nOod >= 0.95) return fp / nId;
  }
  return 1;
}

/** From recall 0 and precision 1. @param from the group with which positives begin: the first or the last */
function trapezoids(positives: Int32Array, negatives: Int32Array, from: number): number {
  const [n, m] = [sum(positives), sum(negatives)];
  if (n === 0 || m === 0) return Number.NaN;
  const step = from === 0 ? 1 : -1;
  let [tp, fp, precision, area] = [0, 0, 1, 0];
  for (let k = 0, g = from; k < positives.length; k++, g += step) {
    if (positives[g] === 0 && negatives[g] === 0) continue;
    tp += positives[g]!;
    fp += negatives[g]!;
    const next = tp / (tp + fp);
    area += (positives[g]! * (precision + next)) / 2;
    precision = next;
  }
  return area / n;
}
