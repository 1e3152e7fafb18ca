import { drawnGroupSums, type GroupSums } from '../ranking/ordered-groups.js';

/** More bins are not tried: of outcomes that rise with the prediction throughout, there is no end before n. */
const MOST_BINS = 1000;

/** An error and how many bins it was found with. */
export interface SweepEce {
  value: number;
  bins: number;
}

/**
 * ECE with as many bins of equal mass as possible (Roelofs et al. 2022, "Mitigating bias in calibration error estimation"):
 * the largest B for which the bins' mean outcomes rise with the prediction for every number of bins up to B, at most 1,000.
 * Equal predictions share a bin, as in `equalMass`. The bins of a resample are its own.
 * @param predicted (n) in [0, 1]
 * @param observed (n) 0 or 1
 * @returns a function of how often each example was drawn, (n); NaN for none
 */
export function sweepEce(
  predicted: Float64Array,
  observed: ArrayLike<number>,
): (times: Uint8Array) => SweepEce {
  const sumsOf = drawnGroupSums(predicted, observed);
  return (times) => {
    const upTo = cumulated(sumsOf(times));
    const n = upTo.count.at(-1) ?? 0;
    let best: SweepEce = { value: n === 0 ? Number.NaN : errorOf([upTo.count.length - 1], upTo), bins: 1 };
    for (let bins = 2; bins <= Math.min(n, MOST_BINS); bins++) {
      const ends = chunkEnds(upTo.count, bins);
      if (!rises(ends, upTo)) break;
      best = { value: errorOf(ends, upTo), bins };
    }
    return best;
  };
}

/** Sums over all groups up to each, without groups that hold nothing. */
function cumulated({ count, predicted, observed }: GroupSums): GroupSums {
  const held = Array.from(count.keys()).filter((g) => count[g]! > 0);
  const running = (sums: Float64Array) => {
    let sum = 0;
    return Float64Array.from(held, (g) => (sum += sums[g]!));
  };
  return { count: running(count), predicted: running(predicted), observed: running(observed) };
}

/** The last group of each chunk of equal size: a group belongs to the chunk where the first of it lies. */
function chunkEnds(upTo: Float64Array, bins: number): number[] {
  const n = upTo[upTo.length - 1]!;
  const ends: number[] = [];
  for (let b = 1; b < bins; b++) {
    const start = b * Math.floor(n / bins) + Math.min(b, n % bins);
    const end = groupOf(start, upTo);
    if (end > (ends.at(-1) ?? -1) && end < upTo.length - 1) ends.push(end);
  }
  ends.push(upTo.length - 1);
  return ends;
}

/** The first group up to which at least this many lie. */
function groupOf(many: number, upTo: Float64Array): number {
  let [lo, hi] = [0, upTo.length - 1];
  while (lo < hi) {
    const middle = (lo + hi) >> 1;
    if (upTo[middle]! >= many) hi = middle;
    else lo = middle + 1;
  }
  return lo;
}

const between = (sums: Float64Array, from: number, to: number) => sums[to]! - (from < 0 ? 0 : sums[from]!);

function rises(ends: readonly number[], { count, observed }: GroupSums): boolean {
  let before = -1;
  for (let b = 0; b < ends.length; b++) {
    const [from, to] = [b === 0 ? -1 : ends[b - 1]!, ends[b]!];
    const share = between(observed, from, to) / between(count, from, to);
    if (share < before) return false;
    before = share;
  }
  return true;
}

function errorOf(ends: readonly number[], { count, predicted, observed }: GroupSums): number {
  const gaps = ends.map((to, b) => {
    const from = b === 0 ? -1 : ends[b - 1]!;
    return Math.abs(between(predicted, from, to) - between(observed, from, to));
  });
  return gaps.reduce((sum, gap) => sum + gap, 0) / (count.at(-1) as number);
}
