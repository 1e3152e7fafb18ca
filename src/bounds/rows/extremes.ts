import type { Shape } from './shape.js';

/** Between which arguments slopes are tabulated, and in how many steps of 1. */
const [REACH, STEPS] = [16, 1024];
/** Ranges of slopes whose first place in the table is known. */
const BINS = 4096;

/**
 * How far a function lies from lines through 0 at most, by their slope k, on a stretch where its derivative only rises or only
 * falls: the extreme of f(x) - k x, which is its convex (or concave) conjugate. As a function of k, the least is concave and the largest is
 * convex, so that what a straight line between two known ones says never lies on the wrong side; it is off by f'' / 8 of a squared step, at most.
 */
export class Extremes {
  /** In ascending order, and what is extreme at each. */
  private readonly slopes: Float64Array;
  private readonly extremes: Float64Array;
  /** By bin of slopes, the last place below it. */
  private readonly bins: Int32Array;
  private readonly perSlope: number;

  /** @param from,to where the derivative is smooth and turns nowhere; it is looked at within `REACH` of 0 */
  constructor({ f, slope }: Shape, from: number, to: number) {
    const [first, last] = [Math.max(from, -REACH), Math.min(to, REACH)];
    const cells = Math.max(0, Math.ceil((last - first) * STEPS));
    const places = Float64Array.from({ length: cells + 1 }, (_, i) =>
      cells === 0 ? first : first + ((last - first) * i) / cells,
    );
    if (slope(first) > slope(last)) places.reverse();
    this.slopes = places.map(slope);
    this.extremes = places.map((x, i) => f(x) - this.slopes[i]! * x);
    const least = this.slopes[0]!;
    this.perSlope = BINS / (this.slopes[cells]! - least);
    this.bins = new Int32Array(BINS + 2);
    for (let bin = 0, at = 0; bin < this.bins.length; bin++) {
      while (at < cells && this.slopes[at + 1]! <= least + bin / this.perSlope) at++;
      this.bins[bin] = at;
    }
  }

  /**
   * Writes what is extreme in the place of a slope, and says whether it is known: between the least slope and the most.
   * @param slope one number
   */
  replace(slope: Float64Array): boolean {
    const { slopes, extremes, bins } = this;
    const k = slope[0]!;
    if (!(k > slopes[0]! && k < slopes[slopes.length - 1]!)) return false;
    const bin = Math.floor((k - slopes[0]!) * this.perSlope);
    // A bin to either side: quotients are rounded.
    let below = bins[Math.max(0, bin - 1)]!;
    let above = Math.min(slopes.length - 1, bins[Math.min(BINS + 1, bin + 2)]! + 1);
    while (above - below > 1) {
      const middle = (below + above) >> 1;
      if (slopes[middle]! <= k) below = middle;
      else above = middle;
    }
    const width = slopes[above]! - slopes[below]!;
    const share = width > 0 ? Math.min(1, Math.max(0, (k - slopes[below]!) / width)) : 0;
    slope[0] = extremes[below]! + share * (extremes[above]! - extremes[below]!);
    return true;
  }
}
