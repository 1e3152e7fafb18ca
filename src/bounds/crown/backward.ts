import { nodesBetween } from '../../autodiff/coverage.js';
import { sumTo } from '../../autodiff/rules/linear.js';
import { GRADIENTS } from '../../autodiff/table.js';
import { AssayError } from '../../errors.js';
import type { GraphBuilder } from '../../graph/build.js';
import { int, string } from '../../graph/build.js';
import type { Graph } from '../../graph/graph.js';
import { prune } from '../../graph/prune.js';
import {
  type Bounded,
  dimsOf,
  isAffine,
  onConstants,
  readersOf,
  type Step,
  siteOf,
  sizeOf,
} from '../network/network.js';
import { gamma, gammaOfAxes, mostOf } from '../network/rounding.js';
import type { AffineRow } from '../rows/row.js';

/** What a step that is not affine is replaced by: names of inputs (n, 1 or rows, size). */
export interface LineInputs {
  lowerSlope: string;
  upperSlope: string;
  /** None where it is 0. */
  lowerIntercept?: string;
  upperIntercept: string;
  /** (n, 1, size) int64, of windows: the place that the slopes belong to. */
  place?: string;
  /** Of products: the slopes of the second value. */
  other?: { lowerSlope: string; upperSlope: string };
}

/** Where a walk has lines and errors from. */
export interface Known {
  /** By the step's value. */
  lines(step: Step): LineInputs;
  /** (n, 1, size): what one unit of a coefficient of the value costs; and of one before it, where that is folded into it. */
  error(value: string, folded: string | undefined): string;
}

/** A graph that takes lower bounds of linear functions of a value back to values before it. */
export interface BackwardGraph {
  graph: Graph;
  /** Input (n, rows, size of `from`): the functions. */
  rows: string;
  /** By node of a step. */
  lines: ReadonlyMap<string, LineInputs>;
  /** By value, of what steps give: input (n, 1, size), what one unit of its coefficient may cost by rounding. */
  errors: ReadonlyMap<string, string>;
  /**
   * By the value of a step, a value before it whose cost is in the error of that step: what one unit of its coefficient costs, times
   * the steepest line.
   */
  folded: ReadonlyMap<string, string>;
  /** Outputs (n, rows, size), by value where the walk stops: f >= sum of coefficients * values + bias - error. */
  coefficients: ReadonlyMap<string, string>;
  /** Outputs (n, rows). */
  bias: string;
  error: string;
  /** The true error is at most this times that: its terms are none below 0, and are added up in float32. */
  errorSpare: number;
}

/**
 * CROWN (Zhang et al. 2018) as a graph: affine operators take their row of the gradient table as it is, others are replaced by the
 * line above or below, by the sign of the coefficient.
 * @param stops values where the walk ends: the pixels, or what steps give
 */
export function backwardGraph(
  network: Bounded,
  { from, stops }: { from: string; stops: readonly string[] },
): BackwardGraph {
  const b = onConstants(network, 'backward');
  const fed = new Fed(network, b);
  const rows = functionsOf(network, b, from);
  const found = walkedBack(network, b, fed, { from, rows, stops });
  const graph = prune(b.build());
  refuseMissing(graph, network);
  return { ...found, graph, rows, lines: fed.inputs, errors: fed.errors };
}

/** An input for functions of a value, (n, rows, size). */
export const functionsOf = (network: Bounded, b: GraphBuilder, value: string): string =>
  b.input('rows', 'float32', ['N', 'R', sizeOf(network, value)]);

/** What of a network a walk goes back through, with its functions. */
interface Way {
  from: string;
  rows: string;
  stops: readonly string[];
}

/** The same on a graph that has lines, errors and functions already, or inputs for them. */
export function walkedBack(
  network: Bounded,
  b: GraphBuilder,
  known: Known,
  way: Way,
): Omit<BackwardGraph, 'graph' | 'rows' | 'lines' | 'errors'> {
  const { from, stops } = way;
  const walk = new Walk(network, b, known, way);
  const between = new Set(nodesBetween(network.graph, stops, from));
  const ended = new Set(stops);
  for (const step of network.steps.toReversed()) {
    if (!between.has(step.node) || step.node.outputs.some((output) => ended.has(output))) continue;
    if (step.node.outputs.every((output) => walk.at(output) === undefined)) continue;
    b.within(step.node.name, () => (isAffine(step) ? walk.affine(step) : walk.bent(step)));
  }
  const coefficients = new Map<string, string>();
  for (const value of stops) {
    const found = walk.at(value);
    if (found === undefined) continue;
    walk.meet(value);
    coefficients.set(value, b.outputAs(walk.flat(found, sizeOf(network, value)), b.fresh('coefficients')));
  }
  const { bias, error } = walk.sums();
  return { folded: walk.folded, coefficients, bias, error, errorSpare: walk.errorSpare };
}

/** Lines and errors are inputs. */
class Fed implements Known {
  readonly inputs = new Map<string, LineInputs>();
  readonly errors = new Map<string, string>();

  constructor(
    private readonly network: Bounded,
    private readonly b: GraphBuilder,
  ) {}

  lines({ node, row }: Step): LineInputs {
    const { b } = this;
    const output = node.outputs[0]!;
    const size = sizeOf(this.network, output);
    // The same for all functions, or not.
    const line = (name: string) => b.input(name, 'float32', ['N', b.fresh(`functions_of_${name}`), size]);
    const lines: LineInputs = {
      lowerSlope: line('lower_slope'),
      upperSlope: line('upper_slope'),
      upperIntercept: line('upper_intercept'),
      ...(!(row.kind === 'curve' && row.throughZero) && { lowerIntercept: line('lower_intercept') }),
      ...(row.kind === 'window' && { place: b.input('place', 'int64', ['N', 1, size]) }),
      ...(row.kind === 'product' && {
        other: { lowerSlope: line('lower_slope'), upperSlope: line('upper_slope') },
      }),
    };
    this.inputs.set(output, lines);
    return lines;
  }

  error(value: string): string {
    const error = this.b.input('error_of', 'float32', ['N', 1, sizeOf(this.network, value)]);
    this.errors.set(value, error);
    return error;
  }
}

/** Longer sums are made axis by axis. */
const LONG = 2 ** 20;

class Walk {
  readonly folded = new Map<string, string>();
  errorSpare = 1;
  private readonly rows: string;
  /** The same, (n * rows, ...). */
  private readonly fed: string;
  /** (n, rows): as many as are fed. */
  private readonly lead: string;
  /** Coefficients of each value, (n * rows, ...), by the ways that they came. */
  private readonly ways = new Map<string, string[]>();
  /** Their sums. */
  private readonly met = new Map<string, string>();
  /** (n * rows) */
  private readonly biases: string[] = [];
  /** (n, rows, 1) or (n * rows) */
  private readonly costs: string[] = [];
  /** Of the network as it is here: a window of one may have fewer than the whole. */
  private readonly readers: ReadonlyMap<string, number>;
  private readonly stops: ReadonlySet<string>;

  constructor(
    private readonly network: Bounded,
    private readonly b: GraphBuilder,
    private readonly known: Known,
    { from, rows, stops }: Way,
  ) {
    this.stops = new Set(stops);
    this.rows = rows;
    this.readers = readersOf(network.steps);
    this.lead = b.op('Shape', [rows], { start: int(0), end: int(2) });
    this.fed = b.op('Reshape', [rows, b.ints([-1, ...dimsOf(network, from)])]);
    this.add(from, this.fed);
  }

  /** Once all steps that read the value are done. */
  at(value: string): string | undefined {
    const ways = this.ways.get(value);
    if (!ways) return undefined;
    const sum = this.met.get(value) ?? (ways.length === 1 ? ways[0]! : this.b.op('Sum', ways));
    this.met.set(value, sum);
    return sum;
  }

  /** Adds up what sums of more than two ways cost: coefficients may cancel each other out on the way. */
  meet(value: string): void {
    if ((this.ways.get(value)?.length ?? 0) > 2) this.cost(value);
  }

  affine(step: Step<AffineRow>): void {
    const { network, b } = this;
    const { node, row } = step;
    const incoming = node.outputs.map((output) => this.at(output));
    const s = siteOf(node, b, network, incoming);
    const ofChannels = row.channelOffset?.(s);
    const offset = ofChannels ?? row.offset?.(s);
    const folded = new Set(this.folded.values());
    node.outputs.forEach((output, i) => {
      const coefficients = incoming[i];
      if (coefficients === undefined) return;
      if (offset !== undefined)
        this.biases.push(
          ofChannels === undefined
            ? this.added(s.mul(coefficients, offset), output)
            : this.summedByChannel(coefficients, ofChannels, output),
        );
      if (network.rounded.has(output) && !folded.has(output)) this.cost(output);
    });
    const gradient = GRADIENTS.get(node.op);
    gradient?.gradient(s).forEach((found, i) => {
      if (found === undefined || !s.varies(i)) return;
      this.add(node.inputs[i]!, gradient.broadcasts ? sumTo(s, found, node.inputs[i]!) : found);
    });
  }

  /**
   * A step that is not affine: coefficients a of what it gives become a l + min(a, 0) (u - l) of what it reads, l and u the slopes of
   * the lines below and above, and so do intercepts. Computed, that is off by 6 units of |a| max(|l|, |u|) at most: a product and the
   * sum, one each; the difference, its product and the sum, one each of |u - l|, which is at most twice that maximum where it matters;
   * `stepLines` has room for that.
   */
  bent(step: Step): void {
    const { network, b } = this;
    const { node } = step;
    const [input, second] = node.inputs as [string, string];
    const output = node.outputs[0]!;
    const coefficients = this.at(output);
    if (coefficients === undefined) return;
    const size = sizeOf(network, output);
    const lines = this.known.lines(step);
    const folded = this.foldedInto(step);
    if (folded !== undefined) this.folded.set(output, folded);
    this.cost(output, folded);
    const flat = this.flat(coefficients, size);
    const negative = b.op('Min', [flat, b.scalar(0)]);
    const ends = (below: string, above: string): string =>
      b.op('Add', [b.op('Mul', [flat, below]), b.op('Mul', [negative, b.op('Sub', [above, below])])]);
    const offset =
      lines.lowerIntercept === undefined
        ? b.op('Mul', [negative, lines.upperIntercept])
        : ends(lines.lowerIntercept, lines.upperIntercept);
    this.biases.push(this.summed(offset, output));
    const slopes = ends(lines.lowerSlope, lines.upperSlope);
    const back = lines.place === undefined ? slopes : this.scattered(slopes, lines.place, input);
    const arrives = (at: string, value: string) =>
      this.add(at, b.op('Reshape', [value, b.ints([-1, ...dimsOf(network, at)])]));
    arrives(input, back);
    if (lines.other) arrives(second, ends(lines.other.lowerSlope, lines.other.upperSlope));
  }

  /** (n * rows, ...) as (n, rows, size). */
  flat(value: string, size: number): string {
    return value === this.fed ? this.rows : this.b.op('Reshape', [value, this.leading(size)]);
  }

  /** (n * rows, ...) as magnitudes (n, rows, size). What others read as well, a Reshape would copy: it comes last. */
  private magnitudes(value: string, size: number): string {
    const { b, fed, rows } = this;
    return value === fed ? b.op('Abs', [rows]) : this.flat(b.op('Abs', [value]), size);
  }

  /** Bias and error, (n, rows). */
  sums(): { bias: string; error: string } {
    const { b } = this;
    const total = (parts: readonly string[], name: string) => {
      const zero = b.op('Mul', [
        b.op('ReduceSum', [this.rows, b.ints([2])], { keepdims: int(0) }),
        b.scalar(0),
      ]);
      const shaped = (parts.length === 0 ? [zero] : parts).map((part) => b.op('Reshape', [part, this.lead]));
      return b.outputAs(shaped.length === 1 ? shaped[0]! : b.op('Sum', shaped), b.fresh(name));
    };
    return { bias: total(this.biases, 'bias'), error: total(this.costs, 'error') };
  }

  private leading(size: number): string {
    return this.b.op('Concat', [this.lead, this.b.ints([size])], { axis: int(0) });
  }

  private add(value: string, coefficients: string): void {
    this.ways.set(value, [...(this.ways.get(value) ?? []), coefficients]);
  }

  /**
   * The value of an affine step that only this curve reads: its coefficients are those of the curve times one of two slopes. The curve's
   * error has its cost in it, times the steeper, and nothing is added up at the value.
   */
  private foldedInto({ node, row }: Step): string | undefined {
    const input = node.inputs[0]!;
    const only = this.readers.get(input) === 1;
    const costs = row.kind === 'curve' && only && this.network.rounded.has(input) && !this.stops.has(input);
    return costs ? input : undefined;
  }

  private cost(value: string, folded?: string): void {
    const { b, network } = this;
    const size = sizeOf(network, value);
    const error = this.known.error(value, folded);
    const ways = this.ways.get(value) ?? [];
    // Of two, the sum is rounded once; of more, those on the way are rounded as well.
    const met = ways.length > 2 ? ways : [this.at(value) ?? ''];
    const sizes = met.map((way) => this.magnitudes(way, size));
    const heft = sizes.length === 1 ? sizes[0]! : b.op('Sum', sizes);
    const isLong = size > LONG;
    this.costs.push(
      isLong
        ? this.summed(b.op('Mul', [heft, error]), value)
        : b.op('MatMul', [heft, b.op('Reshape', [error, b.ints([-1, size, 1])])]),
    );
    // Nothing cancels out: a sum in any order is right but for a share of it.
    const share = isLong ? gammaOfAxes(dimsOf(network, value), network.steps.length) : gamma(size);
    this.errorSpare = Math.max(this.errorSpare, mostOf(share));
  }

  /** The sum over a value of coefficients times a number of each channel: of places first, axis by axis, then of channels. */
  private summedByChannel(coefficients: string, ofChannels: string, like: string): string {
    const { b, network } = this;
    let sum = coefficients;
    for (let axis = dimsOf(network, like).length; axis > 1; axis--)
      sum = b.op('ReduceSum', [sum, b.ints([axis])], { keepdims: int(0) });
    return b.op('ReduceSum', [b.op('Mul', [sum, ofChannels]), b.ints([1])], { keepdims: int(0) });
  }

  /** Sums over all numbers of a value, axis by axis: fewer roundings meet in each number than in one long sum. */
  private summed(value: string, like: string): string {
    const { b, network } = this;
    return this.added(b.op('Reshape', [value, b.ints([-1, ...dimsOf(network, like)])]), like);
  }

  /** The same of what has its shape already, (n * rows, ...). */
  private added(value: string, like: string): string {
    let sum = value;
    // Channels first: whole rows of memory are added up.
    for (const _ of dimsOf(this.network, like))
      sum = this.b.op('ReduceSum', [sum, this.b.ints([1])], { keepdims: int(0) });
    return sum;
  }

  /** Adds coefficients of windows at the places that they belong to. */
  private scattered(slopes: string, place: string, input: string): string {
    const { b, network } = this;
    const zeros = b.op('ConstantOfShape', [this.leading(sizeOf(network, input))]);
    const places = b.op('Expand', [place, b.op('Shape', [slopes])]);
    return b.op('ScatterElements', [zeros, places, slopes], {
      axis: int(2),
      reduction: string('add'),
    });
  }
}

/** A row of the gradient table that reads a value of the image cannot be used here. */
export function refuseMissing(graph: Graph, { varying }: Bounded): void {
  const written = new Set([
    ...graph.inputs.map(({ name }) => name),
    ...graph.nodes.flatMap((node) => node.outputs),
  ]);
  const lost = graph.nodes.find((node) =>
    node.inputs.some((input) => varying.has(input) && !written.has(input)),
  );
  if (lost)
    throw new AssayError(
      'op-unsupported',
      `no bounds: the gradient of ${lost.name} reads what depends on the image`,
      {
        path: `node "${lost.name}"`,
      },
    );
}
