import { float, type GraphBuilder, tensor } from '../../graph/build.js';
import type { Graph } from '../../graph/graph.js';
import { prune } from '../../graph/prune.js';
import { floats } from '../../graph/tensor.js';
import {
  type Bounded,
  dimsOf,
  isAffine,
  isSum,
  onConstants,
  readBy,
  type Step,
  siteOf,
} from '../network/network.js';
import { outward } from '../network/ranges.js';
import { UNIT } from '../network/rounding.js';
import { lastBends } from '../network/stops.js';
import { isBlocked, scaled, scaledSum } from '../rows/blocked.js';
import { type AffineRow, type Ends, type Interval, loadOf } from '../rows/row.js';
import type { BoundSite } from '../rows/site.js';
import { convPair } from './conv-pair.js';
import { type Ball, Known } from './forms.js';
import { ENDS, EXACTLY, type Growth, growthOf, LOST, spareFor } from './growth.js';
import { RANGE } from './guarded.js';

/** A graph of intervals. */
export interface IntervalGraph {
  graph: Graph;
  /** Names of inputs (n, C, H, W): those of the pixels. */
  pixels: Interval;
  /** Names of further inputs, by value: intervals that are known already. */
  known: ReadonlyMap<string, Interval>;
  /** Names of the outputs, by value: what steps that are not affine read and give. */
  intervals: ReadonlyMap<string, Interval>;
  /**
   * Output (n): a number that is finite only where all intervals are that steps read which are not affine, and what engines make of matrix
   * products before they multiply it by numbers. Without one: there are none.
   */
  finite?: string;
}

/**
 * Interval bound propagation (Gowal et al. 2018) as a graph: centre and radius through affine operators, both ends through the
 * others. Every interval holds what any float32 evaluation of the network gives, in any order of summation: radii grow by the
 * rounding of each step, times the magnitude of what is added up.
 * @param given values whose intervals are fed instead
 * @param wanted values whose intervals are outputs; default: of all that steps which are not affine read and give
 * @param guarded values of affine steps whose radii `finite` wants below a share of what float32 has; see `guardedValues`
 */
export function intervalGraph(
  network: Bounded,
  given: readonly string[] = [],
  wanted: Iterable<string> = bentValues(network),
  guarded: Iterable<string> = [],
): IntervalGraph {
  const b = onConstants(network, 'intervals');
  const fed = new Map<string, Interval>();
  const known = new Map<string, Known>();
  const feed = (value: string, lower: string, upper: string) => {
    const dims = ['N', ...dimsOf(network, value)];
    const ends = { lower: b.input(lower, 'float32', dims), upper: b.input(upper, 'float32', dims) };
    known.set(value, new Known(b, dimsOf(network, value), ends));
    return ends;
  };
  const pixels = feed(network.pixels, 'lower', 'upper');
  for (const value of given) fed.set(value, feed(value, `${value}_lower`, `${value}_upper`));
  const spares = sparesOf(network, given);
  const sums: string[] = [];
  for (const step of network.steps) {
    const s = siteOf(step.node, b, network);
    b.within(step.node.name, () => {
      const of = step.node.inputs.map((input) => known.get(input));
      const results = isAffine(step)
        ? affineForms(step, s, of, network, spares)
        : [bentEnds(step, s, of, network)];
      for (const [i, form] of results.entries()) {
        const output = step.node.outputs[i]!;
        if (!fed.has(output)) known.set(output, new Known(b, dimsOf(network, output), form));
        const times = network.outward ? network.larger.get(output) : undefined;
        if (times !== undefined) {
          const all = present(known.get(output));
          sums.push(s.mul(all.sum(sizeOfProduct(step, s, of, all)), times));
        }
      }
    });
  }
  for (const value of lookedAt(network, known))
    sums.push(...sumsOf(present(known.get(value)), value, network));
  for (const value of guarded) sums.push(...inRange(b, present(known.get(value))));
  const intervals = new Map<string, Interval>();
  const own = new Set([pixels, ...fed.values()].flatMap(({ lower, upper }) => [lower, upper]));
  /** Under its own name, once, where the graph makes it. */
  const output = (end: string, name: string) => {
    if (own.has(end)) return b.outputAs(end, b.fresh(name));
    own.add(end);
    b.output(end);
    return end;
  };
  for (const value of new Set(wanted)) {
    const { lower, upper } = present(known.get(value)).interval;
    intervals.set(value, { lower: output(lower, 'lower'), upper: output(upper, 'upper') });
  }
  const finite = sums.length > 0 ? b.outputAs(b.op('Sum', sums), b.fresh('finite')) : undefined;
  return { graph: prune(b.build()), pixels, known: fed, intervals, ...(finite && { finite }) };
}

/** Values that steps read and give which are not affine. */
export const bentValues = ({ bent }: Bounded): ReadonlySet<string> =>
  new Set(bent.flatMap((step) => [...readBy(step), step.node.outputs[0]!]));

function present<T>(known: T | undefined): T {
  if (known === undefined) throw new Error('a value is read before it is given');
  return known;
}

/**
 * Values whose numbers are looked at, of those that steps read which are not affine. What is no finite number in a ball that only steps read
 * which carry it comes out of each of these, goes through affine steps, and is noticed at the next such value, unless none follows.
 */
function lookedAt(network: Bounded, known: ReadonlyMap<string, Known>): string[] {
  const last = new Set(lastBends(network));
  const passedOn = (value: string) =>
    known.get(value)?.ball !== undefined &&
    network.bent.every((step) => {
      const output = step.node.outputs[0]!;
      return !readBy(step).includes(value) || (!last.has(output) && known.get(output)?.ends.carries);
    });
  return [...new Set(network.bent.flatMap(readBy))].filter((value) => !passedOn(value));
}

/**
 * Sums that are finite only where a value's ends are. Each end of a ball is a sum of its centre and radius, which is finite only where
 * both are: one is looked at, the upper, which is finite only where the lower is as well. Where ReLU alone reads it, it is the lower:
 * an upper one that overflows stays infinite, and reaches the next such sum, or the margin.
 */
function sumsOf(value: Known, name: string, network: Bounded): string[] {
  const { lower, upper } = value.ends;
  if (!value.ball) return [value.sum(lower), value.sum(upper)];
  const keep = network.bent.every((step) => !readBy(step).includes(name) || isLeak(step.node.op));
  return [value.sum(keep ? lower : upper)];
}

/** Of a ball, a number that is finite only where its radii are below 2^128 / `RANGE`. Ends are what was moved about, and have none. */
function inRange(b: GraphBuilder, value: Known): string[] {
  if (!value.ball) return [];
  const { radius, minus, room = 0 } = value.ball;
  const sum = radius === undefined ? b.op('Neg', [value.sum(minus!)]) : value.sum(radius);
  // Of values in blocks it is of means of places.
  const size = value.dims.reduce((product, d) => product * d, RANGE);
  return [b.op('Mul', [b.op('Add', [sum, b.scalar(room)]), b.scalar(size)])];
}

/** No number that is added up in a matrix product is larger. */
function sizeOfProduct({ row }: Step, s: BoundSite, of: readonly (Known | undefined)[], all: Known): string {
  const size = ({ interval: { lower, upper } }: Known) => s.emit('Max', upper, s.neg(lower));
  if (row.kind !== 'affine') return size(all);
  const sizes = of.map((one) => one && size(one));
  return row.magnitude(s, sizes)[0]!;
}

const isLeak = (op: string) => op === 'Relu' || op === 'LeakyRelu';

function bentEnds(
  { row }: Step,
  s: BoundSite,
  of: readonly (Known | undefined)[],
  { outward }: Bounded,
): Ends {
  if (row.kind === 'affine') throw new Error('an affine row');
  const value = present(of[0]);
  const { least } = row.kind === 'window' ? value.ends : row.kind === 'curve' ? row : {};
  const known = least === undefined ? {} : { least };
  if (outward && row.kind === 'curve' && row.roundedInterval) {
    const rounded = row.roundedInterval(s, value.interval);
    if (rounded) return { ...known, ...rounded };
  }
  const ends = value.interval;
  const { lower, upper } =
    row.kind === 'product' ? row.interval(s, ends, present(of[1]).interval) : row.interval(s, ends);
  if (!outward || row.kind === 'window') return { lower, upper, ...known };
  const { absolute, relative, argument } = row.kind === 'product' ? row.rounding : row.rounding(s);
  if (absolute === 0 && relative === 0) return { lower, upper, ...known };
  const common =
    argument === 0
      ? absolute
      : s.add(s.mul(s.emit('Max', ends.upper, s.neg(ends.lower)), argument), absolute);
  const error = (end: string) => s.add(s.mul(s.emit('Abs', end), relative), common);
  return { lower: s.sub(lower, error(lower)), upper: s.add(upper, error(upper)) };
}

/** Steps that add up no more than so many numbers leave magnitudes to radii, where they can. */
const FEW = 64 * UNIT;
/**
 * So do products that constants are added to. What another value takes in the midst of a product's sum is taken there: radii that have
 * spare room for that further up, before branches that make them larger, are several times as wide.
 */
const leavesMagnitudes = ({ node }: Step, error: number, { varying }: Bounded) =>
  error <= FEW || (isSum(node) && node.inputs.filter((input) => varying.has(input)).length === 1);

const errorOf = (step: Step, { rounded }: Bounded) => rounded.get(step.node.outputs[0]!)?.step ?? 0;

/**
 * What later steps take of the radius of a value that an affine step gives, relative to |c| + r, without looking at |c| themselves: sums of
 * its ends, and sums of few numbers. The product that the value is made by has it: |c| is at hand there.
 */
function sparesOf(network: Bounded, given: readonly string[]): ReadonlyMap<string, number> {
  const spares = new Map<string, number>();
  if (!network.outward) return spares;
  const affine = affineValues(network, given);
  for (const step of network.steps.toReversed()) {
    if (!isAffine(step)) continue;
    const wanted = Math.max(ENDS, ...step.node.outputs.map((output) => spares.get(output) ?? 0));
    for (const output of step.node.outputs) spares.set(output, wanted);
    const error = errorOf(step, network);
    const takes = error === 0 ? wanted : spareFor(error, wanted);
    if (!leavesMagnitudes(step, error, network)) continue;
    for (const input of step.node.inputs)
      if (affine.has(input)) spares.set(input, Math.max(spares.get(input) ?? 0, takes));
  }
  return spares;
}

/** Values that affine steps give, and not what is fed. */
function affineValues({ steps }: Bounded, given: readonly string[]): ReadonlySet<string> {
  const values = new Set(steps.filter(isAffine).flatMap(({ node }) => node.outputs));
  for (const value of given) values.delete(value);
  return values;
}

function affineForms(
  step: Step<AffineRow>,
  s: BoundSite,
  of: readonly (Known | undefined)[],
  network: Bounded,
  spares: ReadonlyMap<string, number>,
): (Ends | Ball)[] {
  const { node, row } = step;
  const error = errorOf(step, network);
  if (node.op === 'Neg') return [negated(s, present(of[0]))];
  if (error === 0) return moved(row, s, of);
  const { outward: rounds } = network;
  const growth = rounds ? growthOf(error, spares.get(node.outputs[0]!) ?? ENDS) : EXACTLY;
  const varying = of.filter((one) => one !== undefined);
  // What is read has spare room for it.
  const carried = leavesMagnitudes(step, error, network) && varying.every(({ ball }) => ball !== undefined);
  if (rounds && (node.op === 'Add' || node.op === 'Sub')) {
    const sum = carried ? addedBalls(s, of, growth) : addedInBlocks(s, of, growth);
    if (sum) return [sum];
  }
  const parts = of.map((one) => one && (carried ? asItIs(one) : growing(s, one, growth)));
  if (rounds && varying.length === 1) {
    const pair = productPair(s, parts, growth);
    if (pair) return [pair];
  }
  const times = (x: string, factor: number) => (factor === 1 ? x : s.mul(x, factor));
  // A matrix product takes a factor by itself.
  const factors = rounds && parts[0] && node.op === 'Gemm' ? parts[0] : undefined;
  const ofRadius = (part: Parts) => (factors ? part.radius : times(part.radius, part.radiusFactor));
  const ofCentre = (part: Parts) => (factors ? part.centre : times(part.centre, part.centreFactor));
  const spread = row.magnitude(
    s,
    parts.map((part) => part && ofRadius(part)),
    factors?.radiusFactor,
  );
  const centres = s.replaced(
    parts.map((part) => part && ofCentre(part)),
    factors && { ...node.attributes, alpha: float(s.number('alpha', 1) * factors.centreFactor) },
  );
  const rooms = rounds ? roomsOf(row, s, parts, growth) : [];
  return centres.map((centre, i) => ({
    centre,
    radius: rounds ? s.add(spread[i]!, rooms[i]!) : spread[i]!,
  }));
}

/** c, and p of `growthOf`: as numbers that they are so many times of, and what p is more. */
interface Parts {
  centre: string;
  centreFactor: number;
  radius: string;
  radiusFactor: number;
  room: number;
}

const asItIs = (of: Known): Parts => {
  const { centre, radius, room = 0 } = of.ball!;
  return { centre, centreFactor: 1, radius: radius ?? of.radius, radiusFactor: 1, room: radius ? room : 0 };
};

/**
 * The same of what a value is known by:
 *
 *     p = ofRadius (r + room + m |c|),   m = ofCentre / ofRadius.
 *
 * Of ends l and u, c = (l + u) / 2, and r = (u - l) / 2 + wobble:
 *
 *     p = ofRadius / 2 (u - l + 2 share (2 u - of) + m |l + u| + 2 room).
 *
 * Where ends are not below `least`, |l + u| <= l + u - 4 least, and elsewhere |x| = 2 max(x, 0) - x, which blocks have.
 */
function growing(s: BoundSite, of: Known, { ofRadius, ofCentre }: Growth): Parts {
  const m = ofCentre / ofRadius;
  const { b } = s;
  const { dims } = of;
  const grown = (radius: string, centre: string) =>
    m === 0 ? radius : s.add(radius, s.mul(s.emit('Abs', centre), m));
  if (of.ball) {
    const own = asItIs(of);
    const blocks = isBlocked(dims) && m > 0;
    const without = blocks ? scaledSum(b, dims, own.centre, -m, own.radius) : '';
    return {
      ...own,
      radius: blocks
        ? scaledSum(b, dims, s.emit('Relu', own.centre), 2 * m, without)
        : grown(own.radius, own.centre),
      radiusFactor: ofRadius,
      room: ofRadius * own.room,
    };
  }
  const { lower, upper, room = 0, wobble, least } = of.ends;
  const centre = scaledSum(b, dims, lower, 1, upper);
  const found = (radius: string, factor: number, more = 0): Parts => ({
    centre,
    centreFactor: 0.5,
    radius,
    radiusFactor: factor / 2,
    room: ofRadius * (room + more),
  });
  const { share, of: away } = wobble ?? { share: 0, of: '' };
  const wobbling = (radius: string, part: number) =>
    wobble ? scaledSum(b, dims, away, (-2 * share) / part, radius) : radius;
  if (least !== undefined) {
    const part = 1 + m + 4 * share;
    const radius = wobbling(scaledSum(b, dims, lower, -(1 - m) / part, upper), part);
    return found(radius, ofRadius * part, -2 * m * least);
  }
  if (!isBlocked(dims) || m === 0) {
    if (wobble) throw new Error('ends that wobble have a least number');
    return found(grown(s.sub(upper, lower), centre), ofRadius);
  }
  const part = 1 - m + 4 * share;
  const without = wobbling(scaledSum(b, dims, lower, -(1 + m) / part, upper), part);
  return found(scaledSum(b, dims, s.emit('Relu', centre), (2 * m) / part, without), ofRadius * part);
}

/** A convolution, or a product with one number, whose constants hold all that does not depend on the image. */
function productPair(s: BoundSite, parts: readonly (Parts | undefined)[], growth: Growth): Ball | undefined {
  const i = s.varying[0]!;
  const { centre, centreFactor, radius, radiusFactor, room } = present(parts[i]);
  const pair = convPair(s, growth, room);
  if (pair) return { centre: pair.centre(centre, centreFactor), minus: pair.minus(radius, radiusFactor) };
  const factor = s.node.op === 'Mul' && s.x.length === 2 ? s.scalar(1 - i) : undefined;
  const known = s.shape(s.x[i]!).length === s.shape(s.y).length && factor !== undefined;
  if (!known || !(Math.abs(factor) >= Math.max(2 ** -100, s.floor))) return undefined;
  const size = Math.abs(factor);
  return {
    centre: s.mul(centre, factor * centreFactor),
    radius: s.mul(radius, outward(size * radiusFactor, 1)),
    room: growth.constant + size * (2 * LOST + room),
  };
}

/** Sums of two values in blocks, and of one and constants: radii are added, and what constants take is a number. */
function addedBalls(s: BoundSite, of: readonly (Known | undefined)[], growth: Growth): Ball | undefined {
  const [one, other] = of.filter((value) => value !== undefined);
  const same = `${s.shape(s.x[s.varying[0]!]!)}` === `${s.shape(s.y)}`;
  if (!one || !same) return undefined;
  if (!other) {
    const constant = s.constant(s.x[1 - s.varying[0]!]!);
    if (!(constant?.data instanceof Float32Array)) return undefined;
    const load = constant.data.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    const { ball } = one;
    const centre = s.replaced(of.map((value) => value?.ball?.centre))[0]!;
    return { ...ball, centre, room: (ball!.room ?? 0) + growth.ofLoad * load + growth.constant };
  }
  if (s.node.op !== 'Add' || !isBlocked(one.dims) || `${one.dims}` !== `${other.dims}`) return undefined;
  const sum = (a: string, c: string) => scaledSum(s.b, one.dims, a, 1, c);
  return { centre: sum(one.ball!.centre, other.ball!.centre), minus: sum(one.minus, other.minus) };
}

/**
 * The sum of two balls in blocks, which magnitudes are added to where radii have no room for its rounding. As |c| = 2 max(c, 0) - c, it is 8
 * products and as many sums, each of numbers that are no larger than the radius.
 */
function addedInBlocks(s: BoundSite, of: readonly (Known | undefined)[], growth: Growth): Ball | undefined {
  const [one, other] = of;
  if (s.node.op !== 'Add' || !one?.ball || !other?.ball) return undefined;
  if (!isBlocked(one.dims) || `${one.dims}` !== `${other.dims}`) return undefined;
  const { b } = s;
  const { dims } = one;
  const times = (x: string, factor: number, z: string) => scaledSum(b, dims, x, factor, z);
  const { ofRadius, ofCentre, constant } = growth;
  const lost = outward(constant + 4 * LOST * ofRadius, 1);
  let minus = times(one.minus, ofRadius, scaled(b, dims[0]!, other.minus, ofRadius, -lost));
  for (const { centre } of [one.ball, other.ball])
    minus = times(centre, ofCentre, times(s.emit('Relu', centre), -2 * ofCentre, minus));
  return { centre: s.add(one.ball.centre, other.ball.centre), minus };
}

/** What radii take that does not depend on the image: of one image, and folded by engines. */
function roomsOf(
  row: AffineRow,
  s: BoundSite,
  parts: readonly (Parts | undefined)[],
  growth: Growth,
): string[] {
  const lost = parts.map((part, i) => {
    if (!part) return undefined;
    const value = tensor(floats([1], [2 * LOST + part.room * (1 + 4 * UNIT)]));
    return s.b.op('ConstantOfShape', [s.b.ints([1, ...s.shape(s.x[i]!).slice(1)])], { value });
  });
  const load = loadOf(row, s);
  const own = load === undefined ? undefined : s.mul(load, growth.ofLoad);
  return row.magnitude(s, lost).map((room) => {
    const whole = s.add(room, growth.constant);
    return own === undefined ? whole : s.add(whole, own);
  });
}

function negated(s: BoundSite, of: Known): Ends | Ball {
  if (of.ball) return { ...of.ball, centre: s.neg(of.ball.centre) };
  const { lower, upper } = of.interval;
  return { lower: s.neg(upper), upper: s.neg(lower) };
}

/** Nothing is computed: numbers change their places, and constants may come among them. */
function moved(row: AffineRow, s: BoundSite, of: readonly (Known | undefined)[]): (Ends | Ball)[] {
  const values = of.filter((one) => one !== undefined);
  const adds = row.offset?.(s) !== undefined;
  if (!adds && values.every(({ ball }) => ball)) {
    const centres = s.replaced(of.map((one) => one?.ball?.centre));
    const radii = s.replaced(of.map((one) => one?.radius));
    return centres.map((centre, i) => ({ centre, radius: radii[i]! }));
  }
  const [only, ...others] = values;
  if (!adds && only && others.length === 0) return movedEnds(s, of, only.ends);
  const lower = s.replaced(of.map((one) => one?.interval.lower));
  const upper = s.replaced(of.map((one) => one?.interval.upper));
  // Of the ends as they are here.
  const positive =
    !adds && values.every(({ ends: { least, room, wobble } }) => least === 0 && !room && !wobble);
  return lower.map((end, i) => ({ lower: end, upper: upper[i]!, ...(positive && { least: 0 }) }));
}

/** Of one value, what its ends leave out stays so; zeros may come among them, which are not below `least`. */
function movedEnds(s: BoundSite, of: readonly (Known | undefined)[], ends: Ends): Ends[] {
  const put = (x: string) => s.replaced(of.map((one) => one && x));
  const { lower, upper, room, wobble, least } = ends;
  const uppers = put(upper);
  const away = wobble && put(wobble.of);
  return put(lower).map((end, i) => ({
    lower: end,
    upper: uppers[i]!,
    ...(room !== undefined && { room }),
    ...(wobble && away && { wobble: { ...wobble, of: away[i]! } }),
    ...(least !== undefined && { least }),
  }));
}
