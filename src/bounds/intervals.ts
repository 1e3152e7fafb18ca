import { int } from '../graph/build.js';
import type { Graph } from '../graph/graph.js';
import { prune } from '../graph/prune.js';
import { type Bounded, dimsOf, isAffine, onConstants, readBy, type Step, siteOf } from './network.js';
import { TINY, UNIT } from './rounding.js';
import type { AffineRow, Interval } from './row.js';
import { loadOf } from './row.js';
import type { BoundSite } from './site.js';

/** A graph of intervals. Inputs `lower` and `upper` (n, C, H, W). */
export interface IntervalGraph {
  graph: Graph;
  /** Names of further inputs, by value: intervals that are known already. */
  known: ReadonlyMap<string, Interval>;
  /** Names of the outputs, by value: what steps that are not affine read and give. */
  intervals: ReadonlyMap<string, Interval>;
  /** Output (n): the width of all intervals that steps read which are not affine, together. Without one: nothing to be wide. */
  width?: string;
}

/**
 * Interval bound propagation (Gowal et al. 2018) as a graph: centre and radius through affine operators, both ends through the
 * others. Every interval holds what any float32 evaluation of the network gives, in any order of summation: radii grow by the
 * rounding of each step, times the magnitude of what is added up.
 * @param given values whose intervals are fed instead
 */
export function intervalGraph(network: Bounded, given: readonly string[] = []): IntervalGraph {
  const b = onConstants(network, 'intervals');
  const dims = ['N', ...network.shape];
  const known = new Map<string, Interval>([
    [network.pixels, { lower: b.input('lower', 'float32', dims), upper: b.input('upper', 'float32', dims) }],
  ]);
  const fed = new Map(
    given.map((value): [string, Interval] => {
      const shape = ['N', ...dimsOf(network, value)];
      const end = (name: string) => b.input(`${value}_${name}`, 'float32', shape);
      return [value, { lower: end('lower'), upper: end('upper') }];
    }),
  );
  for (const step of network.steps) {
    const site = siteOf(step.node, b, network);
    b.within(step.node.name, () => {
      const of = step.node.inputs.map((input) => known.get(input));
      const results = isAffine(step)
        ? affineIntervals(step, site, of, network)
        : [bentInterval(step, site, of, network)];
      for (const [i, result] of results.entries()) {
        const output = step.node.outputs[i]!;
        known.set(output, fed.get(output) ?? result);
      }
    });
  }
  const read = new Set(network.bent.flatMap(readBy));
  const wanted = new Set([...read, ...network.bent.map(({ node }) => node.outputs[0]!)]);
  const intervals = new Map<string, Interval>();
  for (const value of wanted) {
    const { lower, upper } = present(known.get(value));
    intervals.set(value, {
      lower: b.outputAs(lower, b.fresh('lower')),
      upper: b.outputAs(upper, b.fresh('upper')),
    });
  }
  const widths = [...read].map((value) => {
    const { lower, upper } = present(known.get(value));
    const axes = dimsOf(network, value).map((_, axis) => axis + 1);
    return b.op('ReduceSum', [b.op('Sub', [upper, lower]), b.ints(axes)], { keepdims: int(0) });
  });
  const width = widths.length > 0 ? b.outputAs(b.op('Sum', widths), b.fresh('width')) : undefined;
  return { graph: prune(b.build()), known: fed, intervals, ...(width && { width }) };
}

const present = (interval: Interval | undefined): Interval => interval as Interval;

function bentInterval(
  { row }: Step,
  s: BoundSite,
  of: readonly (Interval | undefined)[],
  { outward }: Bounded,
): Interval {
  if (row.kind === 'affine') throw new Error('an affine row');
  const ends = present(of[0]);
  if (outward && row.kind === 'curve' && row.roundedInterval) return row.roundedInterval(s, ends);
  const { lower, upper } =
    row.kind === 'product' ? row.interval(s, ends, present(of[1])) : row.interval(s, ends);
  if (!outward || row.kind === 'window') return { lower, upper };
  const { absolute, relative, argument } = row.kind === 'product' ? row.rounding : row.rounding(s);
  if (absolute === 0 && relative === 0) return { lower, upper };
  const common =
    argument === 0
      ? absolute
      : s.add(s.mul(s.emit('Max', ends.upper, s.neg(ends.lower)), argument), absolute);
  const error = (end: string) => s.add(s.mul(s.emit('Abs', end), relative), common);
  return { lower: s.sub(lower, error(lower)), upper: s.add(upper, error(upper)) };
}

/** Interval ends meet in sums of few numbers, which round as well. */
const ENDS = 4 * UNIT;
/** Products of each number: in the network, and twice in intervals. */
const LOST = 4;

function affineIntervals(
  { node, row }: Step<AffineRow>,
  s: BoundSite,
  of: readonly (Interval | undefined)[],
  { rounded, outward }: Bounded,
): Interval[] {
  const error = rounded.get(node.outputs[0]!)?.forward ?? 0;
  if (error === 0 && node.op !== 'Neg') {
    const lower = s.replaced(of.map((interval) => interval?.lower));
    const upper = s.replaced(of.map((interval) => interval?.upper));
    return lower.map((end, i) => ({ lower: end, upper: upper[i]! }));
  }
  const sums = of.map((interval) => interval && s.add(interval.lower, interval.upper));
  const centres = sums.map((sum) => sum && s.mul(sum, 0.5));
  const { ofRadius, ofCentre } = growths(error);
  const radii = of.map((interval, i) => {
    if (!interval) return undefined;
    const width = s.sub(interval.upper, interval.lower);
    if (!outward) return s.mul(width, 0.5);
    return s.emit(
      'Sum',
      s.mul(width, ofRadius / 2),
      s.mul(s.emit('Abs', sums[i] ?? ''), ofCentre / 2),
      LOST * TINY,
    );
  });
  const load = outward ? loadOf(row, s) : undefined;
  const spread = row.magnitude(s, radii);
  return s.replaced(centres).map((centre, i) => {
    const parts = load === undefined ? [spread[i]!] : [spread[i]!, s.mul(load, ofCentre)];
    // Too small for float32: in products of the network, of the centre and of the radius.
    const radius = outward ? s.emit('Sum', ...parts, (error / UNIT + 1) * LOST * TINY) : parts[0]!;
    return { lower: s.sub(centre, radius), upper: s.add(centre, radius) };
  });
}

/**
 * What radius and centre are multiplied by before a step adds up their products, so that its result holds everything: for the network's
 * own evaluation and for that of the centre, e each of |c| + r; for that of the radius, e of itself; and some units for sums of two,
 * of numbers that are no larger than what is added up.
 */
function growths(e: number): { ofRadius: number; ofCentre: number } {
  const magnitude = (2 * e + ENDS) * (1 + 2 * e) + 2 * ENDS;
  return { ofRadius: 1 + 2 * e + 3 * ENDS + magnitude, ofCentre: magnitude };
}
