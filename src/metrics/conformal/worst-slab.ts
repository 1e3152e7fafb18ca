import { stream } from '../../random/stream.js';
import { ascendingOrder } from '../ranking/ascending-order.js';
import type { Logits } from '../softmax.js';

export interface WorstSlabOptions {
  seed: number;
  /** Least share of examples that a slab holds. Default 0.1. */
  mass?: number;
  /** Directions that are tried. Default 200. */
  directions?: number;
}

/** About so many examples a slab is sought among, at most: the search takes the square of their number. */
const SOUGHT = 2000;
/** Share of the examples that a slab is sought among, unless that is more; coverage is told of the others. */
const SHARE = 0.25;

/**
 * Worst-slab coverage (Cauchois, Gupta & Duchi 2021; Romano, Sesia & Candès 2020, section 4): of all slabs a <= v.x <= b with
 * at least a share `mass` of the examples, v one of some random directions, the one that is covered worst. It is sought
 * among a quarter of the examples (of more than 8,000, about 2,000), drawn by source index, and its coverage is that of the
 * others in it, so that the search itself does not lower it.
 * @param x (n, width) what slabs are cut in
 * @param indices (n) source indices: whether an example is sought among depends on the others by their number alone
 * @returns for each vector of coverage, (n): 1 for the examples, not sought among, that lie in its worst slab
 */
export function worstSlabs(
  x: Logits,
  indices: ArrayLike<number>,
  covered: readonly Uint8Array[],
  { seed, mass = 0.1, directions = 200 }: WorstSlabOptions,
): Uint8Array[] {
  const share = Math.min(SHARE, SOUGHT / x.n);
  const sides = Uint8Array.from({ length: x.n }, (_, i) =>
    stream({ seed, purpose: 'conformal/slab', example: indices[i]! }).uniform() < share ? 1 : 0,
  );
  const sought = Int32Array.from({ length: x.n }, (_, i) => i).filter((i) => sides[i] === 1);
  const worst = covered.map(() => ({ coverage: Number.POSITIVE_INFINITY, direction: -1, lo: 0, hi: 0 }));
  const length = Math.max(1, Math.ceil(mass * sought.length));
  if (sought.length > 0)
    for (let d = 0; d < directions; d++) {
      const along = projected(x, directionOf(d, x.classes, seed), sought);
      const order = ascendingOrder(along);
      covered.forEach((of, c) => {
        const slab = leastMean(
          order.map((at) => of[sought[at]!]!),
          length,
        );
        if (slab.mean >= worst[c]!.coverage) return;
        const [lo, hi] = [along[order[slab.from]!]!, along[order[slab.to - 1]!]!];
        worst[c] = { coverage: slab.mean, direction: d, lo, hi };
      });
    }
  const all = Int32Array.from({ length: x.n }, (_, i) => i);
  return worst.map(({ direction, lo, hi }) => {
    if (direction < 0) return new Uint8Array(x.n);
    const along = projected(x, directionOf(direction, x.classes, seed), all);
    return Uint8Array.from(along, (at, i) => (sides[i] === 0 && at >= lo && at <= hi ? 1 : 0));
  });
}

/** A direction, normal in every coordinate: its length does not matter. */
function directionOf(d: number, width: number, seed: number): Float64Array {
  const v = new Float64Array(width);
  stream({ seed, purpose: 'conformal/direction', example: 0, step: d }).normals(v);
  return v;
}

function projected({ classes, data }: Logits, v: Float64Array, at: Int32Array): Float64Array {
  return Float64Array.from(at, (i) => {
    let sum = 0;
    for (let k = 0; k < classes; k++) sum += v[k]! * data[i * classes + k]!;
    return sum;
  });
}

/**
 * The run of at least `length` neighbours with the least mean. One of twice the length can be cut in two, of which one has no
 * greater mean, so longer ones need not be looked at.
 */
export function leastMean(
  values: ArrayLike<number>,
  length: number,
): { from: number; to: number; mean: number } {
  const n = values.length;
  const before = new Float64Array(n + 1);
  for (let i = 0; i < n; i++) before[i + 1] = before[i]! + values[i]!;
  let best = { from: 0, to: n, mean: before[n]! / n };
  for (let from = 0; from + length <= n; from++) {
    const most = Math.min(n, from + 2 * length - 1);
    for (let to = from + length; to <= most; to++) {
      const mean = (before[to]! - before[from]!) / (to - from);
      if (mean < best.mean) best = { from, to, mean };
    }
  }
  return best;
}
