import { nodesBetween } from '../../autodiff/coverage.js';
import { GraphBuilder, int } from '../../graph/build.js';
import type { Graph } from '../../graph/graph.js';
import { prune } from '../../graph/prune.js';
import { bentValues, type IntervalGraph, intervalGraph } from '../intervals/intervals.js';
import { addMagnitudes } from '../intervals/magnitudes.js';
import { type Bounded, dimsOf, type Step, siteOf, sizeOf } from '../network/network.js';
import { gamma, gammaOfAxes, TINY, UNIT } from '../network/rounding.js';
import type { Interval } from '../rows/row.js';
import {
  type BackwardGraph,
  functionsOf,
  type Known,
  type LineInputs,
  refuseMissing,
  walkedBack,
} from './backward.js';
import { COEFFICIENT } from './step-lines.js';
import { SIDES, SPARE } from './walks.js';

/** What a walk of a graph says: outputs, and what reading them off takes. */
export interface TogetherWalk extends Pick<BackwardGraph, 'coefficients' | 'bias' | 'error' | 'errorSpare'> {
  /** Output (n): the largest number there is. */
  most: string;
  /** What products that are too small for float32 lose of any function, of an image whose largest number is 1 less. */
  lost: number;
}

/**
 * Intervals, the lines on them, what rounding may cost, and walks back from the logits, in one graph. Inputs are the ends of pixels,
 * (n, C, H, W), and the functions, (n, rows, classes).
 */
export interface TogetherGraph extends Pick<BackwardGraph, 'graph' | 'rows'> {
  /** Inputs. */
  pixels: Interval;
  /** Outputs in the shape of some values: their intervals. */
  intervals: ReadonlyMap<string, Interval>;
  /** Output (n): a number that is finite only where all intervals are. */
  finite: string;
  walk: TogetherWalk;
  /** That of IBP, beside that of CROWN-IBP: the nodes are those of `ibpGraph`, and so are the digits. */
  propagated?: TogetherWalk;
  /** The largest of the values that coefficients are of has so many numbers, of one image. */
  widest: number;
}

/**
 * CROWN-IBP (Zhang et al. 2020): back to the pixels; and IBP's own walk. Undefined where the lines of some step are not made by a graph.
 * @param stops values after which every step is affine
 */
export function togetherGraph(network: Bounded, stops: readonly string[]): TogetherGraph | undefined {
  const inGraph = network.bent.every((step) => step.row.kind === 'curve' && step.row.emitLines);
  if (!inGraph) return undefined;
  const after = new Set(nodesBetween(network.graph, stops, network.logits));
  // One of several stops may be before another.
  const isAffineAfter = !network.bent.some(({ node }) => after.has(node));
  const walks = [[network.pixels], ...(isAffineAfter ? [stops] : [])];
  return walksOnIntervals(network, walks, stops, bentValues(network));
}

/**
 * IBP (Gowal et al. 2018): back to where all is affine from on.
 * @param stops values after which every step is affine
 */
export function ibpGraph(network: Bounded, stops: readonly string[]): TogetherGraph | undefined {
  return walksOnIntervals(network, [stops], stops);
}

/**
 * @param walks where each stops: the first is that of the method, and a second that of IBP
 * @param wanted values whose intervals are outputs, but for the pixels
 * @param others further values whose intervals walks are on
 */
function walksOnIntervals(
  network: Bounded,
  walks: readonly (readonly string[])[],
  wanted: readonly string[],
  others: Iterable<string> = [],
): TogetherGraph | undefined {
  const inner = wanted.filter((value) => value !== network.pixels);
  const intervals = intervalGraph(network, [], [...others, ...inner]);
  if (intervals.finite === undefined) return undefined;
  const b = onIntervals(network, intervals.graph);
  const stops = new Set(walks.flat());
  const between = nodesBetween(network.graph, [...stops], network.logits);
  const lines = new Lines(network, b, intervals, stops);
  if (network.bent.some(({ node }) => between.includes(node) && !lines.of.has(node.outputs[0]!)))
    return undefined;
  const rows = functionsOf(network, b, network.logits);
  const walked = walks.map((ends): TogetherWalk => {
    const numbers = new Numbers(network, b, lines, ends);
    const walk = walkedBack(network, b, numbers, { from: network.logits, rows, stops: ends });
    const most = b.outputAs(numbers.most(), b.fresh('most'));
    return { ...walk, most, lost: numbers.products * numbers.count * TINY };
  });
  const [walk, propagated] = walked;
  if (!walk) return undefined;
  const graph = b.build();
  const asked = new Map(inner.map((value) => [value, intervals.intervals.get(value)!]));
  const outputs = [
    ...[...asked.values()].flatMap(({ lower, upper }) => [lower, upper]),
    intervals.finite,
    ...walked.flatMap(({ most, bias, error, coefficients }) => [most, bias, error, ...coefficients.values()]),
  ];
  const pruned = prune({ ...graph, outputs: graph.outputs.filter(({ name }) => outputs.includes(name)) });
  refuseMissing(pruned, network);
  const values = [...stops, ...between.flatMap(({ outputs }) => outputs)];
  return {
    graph: pruned,
    rows,
    pixels: intervals.pixels,
    intervals: asked,
    finite: intervals.finite,
    walk,
    ...(propagated && { propagated }),
    widest: Math.max(...values.map((value) => sizeOf(network, value))),
  };
}

/** No error is nearer to 0: products with coefficients would be below the range in which float32 is computed fast. */
const NEAR = 2 ** -80;

/** The graph of intervals, with the constants of the network that it does without. */
function onIntervals(network: Bounded, graph: Graph): GraphBuilder {
  const made = new Set(graph.nodes.flatMap(({ outputs }) => outputs));
  const own = new Set(network.steps.map(({ node }) => node));
  const b = new GraphBuilder({
    ...graph,
    initializers: new Map([...network.graph.initializers, ...graph.initializers]),
  });
  b.reserve(network.graph.nodes.flatMap(({ outputs }) => outputs));
  b.reserve(network.graph.inputs.map(({ name }) => name));
  for (const node of network.graph.nodes)
    if (!own.has(node) && !node.outputs.some((output) => made.has(output))) b.add(node);
  return b;
}

/** Lines and the largest magnitudes, from intervals of the same graph. */
class Lines {
  /** By a step's value. */
  readonly of = new Map<string, LineInputs>();
  /** By a step's value, (n, 1, size): the largest magnitude of what it reads. */
  readonly reaches = new Map<string, string>();
  /** By value, (n, ...): the largest magnitudes of where walks stop, and of what steps give that are not affine. */
  readonly largest = new Map<string, string>();
  /** By value, (n, ...): what affine steps add up at most. */
  readonly sums: ReadonlyMap<string, string>;

  constructor(
    network: Bounded,
    private readonly b: GraphBuilder,
    { pixels, intervals }: IntervalGraph,
    stops: Iterable<string>,
  ) {
    for (const value of stops) {
      const ends = value === network.pixels ? pixels : intervals.get(value);
      if (ends) this.largest.set(value, this.magnitude(ends));
    }
    for (const { node, row } of network.bent) {
      const output = node.outputs[0]!;
      const [of, image] = [intervals.get(node.inputs[0]!), intervals.get(output)];
      if (row.kind !== 'curve' || !of || !image) continue;
      if (!this.largest.has(output)) this.largest.set(output, this.magnitude(image));
      b.within(node.name, () => {
        const s = siteOf(node, b, network);
        const size = sizeOf(network, output);
        const ends = { lower: flat(b, of.lower, size), upper: flat(b, of.upper, size) };
        const lines = row.emitLines?.(s, ends);
        if (!lines) return;
        this.of.set(output, lines);
        this.reaches.set(output, this.magnitude(ends));
      });
    }
    this.sums = addMagnitudes(network, b, this.largest);
  }

  private magnitude({ lower, upper }: Interval): string {
    return this.b.op('Max', [upper, this.b.op('Neg', [lower])]);
  }
}

/** Of (n, ...), (n, 1, size). */
const flat = (b: GraphBuilder, value: string, size: number): string =>
  b.op('Reshape', [value, b.ints([-1, 1, size])]);

/** Lines and errors of one walk. */
class Numbers implements Known {
  /** The most products that a number takes. */
  products = SIDES;
  /** Numbers of all values that coefficients meet. */
  count = 0;
  /** (n): the largest of each value. */
  private readonly largest: string[] = [];

  constructor(
    private readonly network: Bounded,
    private readonly b: GraphBuilder,
    private readonly known: Lines,
    private readonly stops: readonly string[],
  ) {}

  lines({ node }: Step): LineInputs {
    return this.known.of.get(node.outputs[0]!)!;
  }

  /**
   * As `stepLines` and `Walks` have it: sums of numbers none of which is below 0, which float32 makes with an error that `SPARE` has
   * room for.
   */
  error(value: string, folded?: string): string {
    const { network, b } = this;
    const readers = network.readers.get(value) ?? 0;
    const stops = this.stops.includes(value);
    const step = stops ? undefined : network.bent.find(({ node }) => node.outputs[0] === value);
    const times = (x: string, factor: number) => b.op('Mul', [x, b.scalar(factor * SPARE)]);
    const sum = (terms: readonly string[]) => (terms.length === 1 ? terms[0]! : b.op('Sum', terms));
    const terms: string[] = [];
    let room = NEAR;
    for (const own of folded === undefined ? [value] : [value, folded]) {
      this.look(own);
      const { forward, backward } = network.rounded.get(own) ?? { forward: 0, backward: 0 };
      const products = (forward + backward) / UNIT;
      this.products = Math.max(this.products, products);
      // Slopes are at most 2.
      room += 2 * products * TINY;
    }
    if (step && 'rounding' in step) {
      const { absolute, relative, argument } = step.rounding;
      const { lowerSlope, lowerIntercept, upperSlope, upperIntercept } = this.lines(step);
      const larger = (one: string, other: string) =>
        b.op('Max', lowerIntercept === undefined ? [one, other] : [b.op('Abs', [one]), b.op('Abs', [other])]);
      const axes = gammaOfAxes(dimsOf(network, value), network.steps.length);
      room += absolute;
      const reach = this.known.reaches.get(value) ?? '';
      const read = [times(reach, COEFFICIENT)];
      if (folded !== undefined) read.push(times(this.flatMagnitude(folded), this.affineError(folded)));
      terms.push(b.op('Mul', [sum(read), larger(lowerSlope, upperSlope)]));
      if (relative + gamma(readers) > 0)
        terms.push(times(this.flatMagnitude(value), relative + gamma(readers)));
      if (argument > 0) terms.push(times(reach, argument));
      const intercept =
        lowerIntercept === undefined ? upperIntercept : larger(lowerIntercept, upperIntercept);
      terms.push(times(intercept, COEFFICIENT + axes));
    } else if (stops) terms.push(times(this.flatMagnitude(value), gamma(readers)));
    else terms.push(times(this.flatMagnitude(value), this.affineError(value)));
    return b.op('Sum', [...terms, b.scalar(room)]);
  }

  /** Of each image, (n), the largest magnitude that was looked at, and where the walk stops. */
  most(): string {
    for (const value of this.stops) this.look(value);
    return this.b.op('Max', this.largest);
  }

  private affineError(value: string): number {
    const { network } = this;
    const { forward, backward } = network.rounded.get(value) ?? { forward: 0, backward: 0 };
    return forward + backward + gammaOfAxes(dimsOf(network, value), network.steps.length);
  }

  private look(value: string): void {
    const { b } = this;
    this.count += sizeOf(this.network, value);
    this.largest.push(b.op('ReduceMax', [this.flatMagnitude(value), b.ints([1, 2])], { keepdims: int(0) }));
  }

  /** Of a value where the walk stops, its own; of another that an affine step gives, that of what is added up. */
  private flatMagnitude(value: string): string {
    const { largest, sums } = this.known;
    const summed = this.stops.includes(value) ? undefined : sums.get(value);
    return flat(this.b, summed ?? largest.get(value) ?? '', sizeOf(this.network, value));
  }
}
