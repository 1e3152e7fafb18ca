import { Extremes } from './extremes.js';
import type { EndArray, LinesOn } from './row.js';
import type { Shape } from './shape.js';
import { AROUND, REACH, Tabulated } from './tabulated.js';

/** Tries at a place; of every so many one halves what is left. */
const [TRIES, HALVED] = [60, 4];
/** What rounding in float64 may cost, relative to the numbers that meet. */
const ROUNDING = 1e-12;

/** How near a line is as good as any, relatively. */
const ENOUGH = 1e-7;

/** A stretch on which a derivative only rises or only falls: what is just past a turn, up to the next. */
interface Stretch {
  from: number;
  to: number;
  /** The turn before it, and the function there. */
  turn: number;
  f: number;
  /** Derivatives at both ends. */
  first: number;
  last: number;
  /** Made when first used. */
  extremes?: Extremes;
}

/**
 * Two lines that hold a function on [lower, upper]. Of a few slopes (the chord, tangents in the middle and at both ends)
 * each side takes the one whose line is nearest in the middle, which is that of the smallest area. Each line is moved outward
 * until it holds: the distance to a line is extreme at the ends, at kinks and where the slopes agree.
 */
export function linesAround(shape: Shape): LinesOn {
  const { f, slope, turns } = shape;
  let known: Tabulated | undefined;
  const tableOf = () => {
    if (shape.smooth) known ??= new Tabulated(shape);
    return known;
  };
  const stretches = stretchesOf(shape);
  const across = linesAcross(shape, stretches, tableOf);
  return (lowers, uppers, at, lines) => {
    const lower = lowers[at]!;
    const upper = uppers[at]!;
    for (let i = 0; i < turns.length; i++)
      if (turns[i]! > lower && turns[i]! < upper) return across(lowers, uppers, at, lines);
    const table = lower > -REACH && upper < REACH ? tableOf() : undefined;
    if (table)
      for (let i = 0; i < stretches.length; i++) {
        const stretch = stretches[i]!;
        const within = lower > stretch.from && upper < stretch.to;
        if (within && table.lines(lowers, uppers, at, stretch, ROUNDING, lines)) return;
      }
    const low = f(lower);
    const high = f(upper);
    const middle = (lower + upper) / 2;
    const k = slope(middle);
    const chord = upper > lower ? (high - low) / (upper - lower) : slope(lower);
    const spare = 1 + Math.abs(low) + Math.abs(high);
    const reach = Math.max(Math.abs(lower), Math.abs(upper));
    const along = low - chord * lower;
    const between = f(middle);
    const touching = between - k * middle;
    const spareAlong = ROUNDING * (spare + Math.abs(chord) * reach);
    const spareTouching = ROUNDING * (spare + Math.abs(k) * reach);
    // It bends one way: the chord is on one side, every tangent on the other.
    const [chordAt, tangentAt] = chord * middle + along > between ? [2, 0] : [0, 2];
    const outward = chordAt === 2 ? 1 : -1;
    lines[chordAt] = chord;
    lines[chordAt + 1] = along + outward * spareAlong;
    lines[tangentAt] = k;
    lines[tangentAt + 1] = touching - outward * spareTouching;
  };
}

/** Of lines with a few slopes, moved outward until they hold, those that are nearest in the middle. */
function linesAcross(
  shape: Shape,
  stretches: readonly Stretch[],
  tableOf: () => Tabulated | undefined,
): LinesOn {
  // Written to by calls, whose results would take memory.
  const known = new Float64Array(AROUND);
  const extreme = new Float64Array(1);
  return (lowers, uppers, at, lines) => {
    const lower = lowers[at]!;
    const upper = uppers[at]!;
    const middle = (lower + upper) / 2;
    const table = lower > -REACH && upper < REACH ? tableOf() : undefined;
    if (table) table.around(lowers, uppers, at, known);
    else shapeAround(shape, lowers, uppers, at, known);
    const off = table ? table.spare : 0;
    const low = known[0]!;
    const high = known[1]!;
    const between = known[2]!;
    const atLower = known[3]!;
    const atUpper = known[4]!;
    const touching = known[5]!;
    const before = known[6]!;
    const after = known[7]!;
    const touched = known[8]!;
    const touchedAt = known[9]!;
    const chord = (high - low) / (upper - lower);
    const size = 1 + Math.abs(low) + Math.abs(high);
    const reach = Math.max(Math.abs(lower), Math.abs(upper));
    // In the middle no line can be nearer than the function and the chord.
    const nearest = (low + high) / 2;
    const enough = ENOUGH * size;
    const lowest = Math.min(between, nearest) - enough;
    const highest = Math.max(between, nearest) + enough;
    let below = Number.NEGATIVE_INFINITY;
    let above = Number.POSITIVE_INFINITY;
    lines[0] = 0;
    lines[1] = Number.NEGATIVE_INFINITY;
    lines[2] = 0;
    lines[3] = Number.POSITIVE_INFINITY;
    let start = 0;
    while (stretches[start]!.to <= lower) start++;
    for (let candidate = 0; candidate < 4 && !(below >= lowest && above <= highest); candidate++) {
      const k = candidate === 0 ? chord : candidate === 1 ? touching : candidate === 2 ? atLower : atUpper;
      if (!Number.isFinite(k)) continue;
      const one = low - k * lower;
      const other = high - k * upper;
      let least = Math.min(one, other) - off;
      let most = Math.max(one, other) + off;
      const spare = ROUNDING * (size + Math.abs(k) * reach);
      for (let i = start; i < stretches.length; i++) {
        const stretch = stretches[i]!;
        if (stretch.turn >= upper) break;
        // Neither line can be nearer than those that are known.
        if (!(k * middle + least > below || k * middle + most < above)) break;
        // Also where no stretch begins, since an end is as near.
        if (stretch.turn > lower && stretch.turn < upper) {
          const distance = stretch.f - k * stretch.turn;
          least = Math.min(least, distance);
          most = Math.max(most, distance);
        }
        if (stretch.to <= lower || stretch.from >= upper) continue;
        const begins = stretch.from > lower;
        const ends = stretch.to < upper;
        const first = begins || before <= stretch.from ? stretch.first : atLower;
        const last = ends || after >= stretch.to ? stretch.last : atUpper;
        if (!((first - k) * (last - k) < 0)) continue;
        const rises = first < last;
        if (
          rises
            ? below >= lowest || !(k * middle + least > below)
            : above <= highest || !(k * middle + most < above)
        )
          continue;
        // The tangent's is where it touches.
        if (candidate === 1 && touched > stretch.from && touched < stretch.to) extreme[0] = touchedAt;
        else {
          extreme[0] = k;
          stretch.extremes ??= new Extremes(shape, stretch.from, stretch.to);
          if (!stretch.extremes.replace(extreme)) extreme[0] = extremeFarOut(shape, stretch, k, lower, upper);
        }
        if (rises) least = Math.min(least, extreme[0]!);
        else most = Math.max(most, extreme[0]!);
      }
      if (below < lowest && k * middle + least > below) {
        below = k * middle + least;
        lines[0] = k;
        lines[1] = least - spare;
      }
      if (above > highest && k * middle + most < above) {
        above = k * middle + most;
        lines[2] = k;
        lines[3] = most + spare;
      }
    }
  };
}

/** What `Tabulated.around` writes, without a table: no place beyond an end is known. */
function shapeAround(
  { f, slope }: Shape,
  lowers: EndArray,
  uppers: EndArray,
  at: number,
  known: Float64Array,
): void {
  const lower = lowers[at]!;
  const upper = uppers[at]!;
  const middle = (lower + upper) / 2;
  known[0] = f(lower);
  known[1] = f(upper);
  known[2] = f(middle);
  known[3] = slope(inward(lower, upper));
  known[4] = slope(inward(upper, lower));
  known[5] = slope(middle);
  known[6] = Number.POSITIVE_INFINITY;
  known[7] = Number.NEGATIVE_INFINITY;
  known[8] = middle;
  known[9] = known[2]! - known[5]! * middle;
}

/** Between turns, and beyond the first and the last. */
function stretchesOf({ f, slope, turns }: Shape): Stretch[] {
  const ends = [Number.NEGATIVE_INFINITY, ...turns, Number.POSITIVE_INFINITY];
  return ends.slice(1).map((to, i) => {
    const from = ends[i]!;
    const [first, last] = [past(from, 1), past(to, -1)];
    return { from: first, to: last, turn: from, f: f(from), first: slope(first), last: slope(last) };
  });
}

/**
 * The extreme of f(x) - k x where the derivative takes the value k, which it does between two places of a stretch; or what is
 * beyond it. Of slopes that a table of extremes does not have: far out, derivatives hardly change.
 */
function extremeFarOut(
  { f, slope }: Shape,
  stretch: Stretch,
  k: number,
  lower: number,
  upper: number,
): number {
  const from = Math.max(stretch.from, lower);
  const to = Math.min(stretch.to, upper);
  const x = whereSlopeIs(k, slope, from, to);
  const rises = slope(to) > slope(from);
  if (!x) return rises ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  return f(x.at) - k * x.at + (rises ? -x.spare : x.spare);
}

/** A little way from an end, where it may be a kink. */
const inward = (from: number, to: number) => from + (to - from) * 1e-9;
/** Beyond the first and the last turn there is no end. */
const past = (turn: number, direction: -1 | 1) =>
  Number.isFinite(turn) ? turn + direction * 1e-9 * Math.max(1, Math.abs(turn)) : turn;

/** Where the derivative is about right, and by how much the distance there may miss its extreme. */
interface Place {
  at: number;
  spare: number;
}

/**
 * Where a derivative that only rises or only falls takes a value; undefined where it does not within. By false position, in the
 * variant of Illinois (Dowell & Jarratt 1971). Between the place and the true one the derivative is no further from the value than
 * at the place, so that the distance misses its extreme by that times how far they may lie apart at most.
 */
function whereSlopeIs(k: number, slope: Shape['slope'], from: number, to: number): Place | undefined {
  let [a, b] = [inward(from, to), inward(to, from)];
  let [atA, atB] = [slope(a) - k, slope(b) - k];
  if (!(atA * atB < 0)) return undefined;
  let best: Place = { at: a, spare: Number.POSITIVE_INFINITY };
  let moved = 0;
  for (let i = 1; i <= TRIES && best.spare > ROUNDING; i++) {
    const x = i % HALVED === 0 ? (a + b) / 2 : a + ((b - a) * atA) / (atA - atB);
    const off = slope(x) - k;
    const spare = Math.abs(off) * (b - a);
    if (spare < best.spare) best = { at: x, spare };
    if (off * atB > 0) {
      b = x;
      atB = off;
      if (moved === 1) atA /= 2;
      moved = 1;
    } else {
      a = x;
      atA = off;
      if (moved === -1) atB /= 2;
      moved = -1;
    }
  }
  return best;
}
