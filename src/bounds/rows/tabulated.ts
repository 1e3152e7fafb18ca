import type { EndArray } from './row.js';
import type { Shape } from './shape.js';

/** Between which arguments a function is tabulated, and in how many cells of 1. */
export const REACH = 16;
const CELLS = 1024;
/** The place of 0. */
const ZERO = REACH * CELLS;
/** What `around` writes. */
export const AROUND = 10;

/**
 * A smooth function and its derivative at equal distances: within a stretch, where the derivative only rises or only falls, what lies
 * between two places is known from them. Straight lines between neighbours are on one side of the function, and tangents at places
 * on the other; a line is off by a quarter of a cell times the difference of the derivatives at most.
 */
export class Tabulated {
  private readonly values = new Float64Array(2 * ZERO + 1);
  private readonly slopes = new Float64Array(2 * ZERO + 1);
  /** What `value` is off by at most. */
  readonly spare: number;

  constructor({ f, slope, turns }: Shape) {
    const { values, slopes } = this;
    let most = 0;
    for (let i = 0; i < values.length; i++) {
      const x = placeOf(i);
      values[i] = f(x);
      slopes[i] = slope(x);
      if (i > 0) most = Math.max(most, Math.abs(slopes[i]! - slopes[i - 1]!) / 4);
    }
    // Where it turns in a cell: its derivative, and so its distance to a line, is between those at the ends and at the turn.
    for (const turn of turns) {
      const i = cellOf(turn);
      const [a, b, c] = [slopes[i]!, slopes[i + 1]!, slope(turn)];
      most = Math.max(most, Math.max(a, b, c) - Math.min(a, b, c));
    }
    this.spare = most / CELLS;
  }

  /**
   * Of an interval, written to `known`: values at its lower and upper end and in its middle, on straight lines between neighbours;
   * derivatives at the last places at or below its lower end, at the first above its upper end, and at or below its middle; those places
   * below and above; and the last of these places, with where the tangent there meets 0.
   */
  around(lowers: EndArray, uppers: EndArray, at: number, known: Float64Array): void {
    const { values, slopes } = this;
    const lower = lowers[at]! * CELLS;
    const upper = uppers[at]! * CELLS;
    const middle = ((lowers[at]! + uppers[at]!) / 2) * CELLS;
    const first = Math.floor(lower);
    const last = Math.floor(upper);
    const near = Math.floor(middle);
    const low = values[first + ZERO]!;
    const high = values[last + ZERO]!;
    const between = values[near + ZERO]!;
    known[0] = low + (lower - first) * (values[first + ZERO + 1]! - low);
    known[1] = high + (upper - last) * (values[last + ZERO + 1]! - high);
    known[2] = between + (middle - near) * (values[near + ZERO + 1]! - between);
    known[3] = slopes[first + ZERO]!;
    known[4] = slopes[last + ZERO + 1]!;
    known[5] = slopes[near + ZERO]!;
    known[6] = first / CELLS;
    known[7] = (last + 1) / CELLS;
    known[8] = near / CELLS;
    known[9] = between - (slopes[near + ZERO]! * near) / CELLS;
  }

  /**
   * Lines on an interval within a stretch, the places next to its ends too: the tangent at the place nearest to the middle, and the chord of
   * the straight lines between neighbours, which bend as the function does. False where the places are not in one stretch.
   * @param rounding what float64 may cost, relatively
   */
  lines(
    lowers: EndArray,
    uppers: EndArray,
    at: number,
    stretch: { from: number; to: number },
    rounding: number,
    lines: Float64Array,
  ): boolean {
    const lower = lowers[at]!;
    const upper = uppers[at]!;
    const { from, to } = stretch;
    // Written out: it is done for millions of numbers, and what a call gives would take memory.
    const { values, slopes } = this;
    const [below, above] = [lower * CELLS, upper * CELLS];
    const before = Math.floor(below);
    const after = Math.floor(above) + 1;
    if (!(before > from * CELLS && after < to * CELLS)) return false;
    const near = Math.round((below + above) / 2);
    const first = before + ZERO;
    const last = after + ZERO;
    const k = slopes[near + ZERO]!;
    const low = values[first]! + (below - before) * (values[first + 1]! - values[first]!);
    const high = values[last - 1]! + (above - after + 1) * (values[last]! - values[last - 1]!);
    const chord = upper > lower ? (high - low) / (upper - lower) : k;
    // The derivative rises: tangents are below.
    const rises = slopes[last]! >= slopes[first]!;
    const outward = rises ? rounding : -rounding;
    const tangentAt = rises ? 0 : 2;
    const size = 1 + Math.abs(low) + Math.abs(high);
    const reach = Math.max(Math.abs(lower), Math.abs(upper));
    lines[tangentAt] = k;
    lines[tangentAt + 1] = values[near + ZERO]! - (k * near) / CELLS - outward * (size + Math.abs(k) * reach);
    lines[2 - tangentAt] = chord;
    lines[3 - tangentAt] = low - chord * lower + outward * (size + Math.abs(chord) * reach);
    return true;
  }
}

const cellOf = (x: number): number => Math.floor(x * CELLS) + ZERO;
/** Without rounding: a multiple of a power of 2. */
const placeOf = (i: number): number => (i - ZERO) / CELLS;
