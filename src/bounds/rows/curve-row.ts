import { linesAround } from './lines.js';
import type { CurveRounding, CurveRow, Interval, LinesOn } from './row.js';
import type { Shape } from './shape.js';
import type { BoundSite } from './site.js';

/** At least twice what float32 functions of engines are off by; checked by a test on the engine that computes them. */
export const COMPUTED: CurveRounding = { absolute: 1e-6, relative: 4e-6, argument: 0 };
/** Of one or two operations that are rounded each, which is at most 2^-24 of what they give; and what is too small for float32. */
export const DIRECT: CurveRounding = { absolute: 1e-37, relative: 2 ** -21, argument: 0 };
export const EXACT: CurveRounding = { absolute: 0, relative: 0, argument: 0 };

/** The operator itself, on another input. */
const itself = (s: BoundSite, x: string): string => s.again([x, ...s.x.slice(1)])[0]!;

/** On both ends: functions that never fall. */
export const bothEnds = (s: BoundSite, { lower, upper }: Interval, emit = itself): Interval => ({
  lower: emit(s, lower),
  upper: emit(s, upper),
});

/** Where a function is defined. */
interface Domain {
  holds(lower: number, upper: number): boolean;
  /** The same as a graph. */
  emit(s: BoundSite, of: Interval): string;
}
export const POSITIVE: Domain = { holds: (lower) => lower > 0, emit: (s, { lower }) => s.greater(lower, 0) };
export const NOT_NEGATIVE: Domain = {
  holds: (lower) => lower >= 0,
  emit: (s, { lower }) => s.emit('GreaterOrEqual', lower, 0),
};
export const NOT_ZERO: Domain = {
  holds: (lower, upper) => lower > 0 || upper < 0,
  emit: (s, { lower, upper }) => s.emit('Or', s.greater(lower, 0), s.less(upper, 0)),
};

/** A function of each number by itself, by its shape. */
export interface Curve {
  op: string;
  /** Its ends change places: it never rises, on either side of where it is not defined. */
  falls?: true;
  /** Default: everywhere. Of an interval that is not in there nothing is known. */
  domain?: Domain;
  /** As a graph; default: the operator itself. */
  emit?(s: BoundSite, x: string): string;
  shape(s: BoundSite): Shape;
  rounding?: CurveRow['rounding'];
  refuses?: CurveRow['refuses'];
  roundedInterval?: CurveRow['roundedInterval'];
  emitLines?: CurveRow['emitLines'];
  least?: number;
}

/** The smallest and the largest value on an interval, from its ends and extremes within. */
function imageOf({ f, extremes = [] }: Shape, domain?: Domain) {
  return (lower: number, upper: number): [number, number] => {
    if (domain && !domain.holds(lower, upper)) return [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
    const values = [lower, upper, ...extremes.filter((x) => x > lower && x < upper)].map(f);
    return [Math.min(...values), Math.max(...values)];
  };
}

/** The graph's form of `imageOf`: where an extreme lies within, its value counts. */
function intervalOf(s: BoundSite, of: Interval, { emit = itself, shape, falls, domain }: Curve): Interval {
  const { f, extremes = [] } = shape(s);
  const ends = bothEnds(s, falls ? { lower: of.upper, upper: of.lower } : of, emit);
  if (domain) {
    const defined = domain.emit(s, of);
    return {
      lower: s.where(defined, ends.lower, Number.NEGATIVE_INFINITY),
      upper: s.where(defined, ends.upper, Number.POSITIVE_INFINITY),
    };
  }
  const [bottom, ...others] = extremes;
  if (bottom === undefined) return ends;
  let upper = s.emit('Max', ends.lower, ends.upper);
  // Of a valley the lowest is at its bottom, or at the nearer end.
  if (others.length === 0 && f(bottom - 1) > f(bottom))
    return { lower: emit(s, s.emit('Max', of.lower, s.emit('Min', of.upper, bottom))), upper };
  let lower = s.emit('Min', ends.lower, ends.upper);
  for (const x of extremes) {
    const within = s.emit('And', s.less(of.lower, x), s.greater(of.upper, x));
    lower = s.where(within, s.emit('Min', lower, f(x)), lower);
    upper = s.where(within, s.emit('Max', upper, f(x)), upper);
  }
  return { lower, upper };
}

/** Lines that say nothing. */
const UNDEFINED = [0, Number.NEGATIVE_INFINITY, 0, Number.POSITIVE_INFINITY];

/** Its row: intervals and lines from the shape. */
export function curve(own: Curve): CurveRow {
  const { op, shape, rounding = () => COMPUTED, refuses, domain, roundedInterval, emitLines, least } = own;
  return {
    kind: 'curve',
    op,
    interval: (s, of) => intervalOf(s, of, own),
    image: (s) => imageOf(shape(s), domain),
    lines(s) {
      const around = linesOf(shape(s));
      if (!domain) return around;
      return (lowers, uppers, i, lines) => {
        if (domain.holds(lowers[i]!, uppers[i]!)) around(lowers, uppers, i, lines);
        else lines.set(UNDEFINED);
      };
    },
    rounding,
    ...(domain && { defined: domain.holds }),
    ...(refuses && { refuses }),
    ...(roundedInterval && { roundedInterval }),
    ...(emitLines && { emitLines }),
    ...(least !== undefined && { least }),
  };
}

const known = new WeakMap<Shape, LinesOn>();

/** What is tabulated of a shape is so once. */
function linesOf(shape: Shape): LinesOn {
  const made = known.get(shape) ?? linesAround(shape);
  known.set(shape, made);
  return made;
}
