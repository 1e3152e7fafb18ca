import { nodesBetween } from '../autodiff/coverage.js';
import { sumTo } from '../autodiff/rules/linear.js';
import { GRADIENTS } from '../autodiff/table.js';
import { AssayError } from '../errors.js';
import type { GraphBuilder } from '../graph/build.js';
import { int, string } from '../graph/build.js';
import type { Graph } from '../graph/graph.js';
import { prune } from '../graph/prune.js';
import { type Bounded, dimsOf, isAffine, onConstants, type Step, siteOf, sizeOf } from './network.js';
import type { AffineRow } from './row.js';

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

/** A graph that takes lower bounds of linear functions of a value back to values before it. */
export interface BackwardGraph {
  graph: Graph;
  /** Input (n, rows, size of `from`): the functions. */
  rows: string;
  /** By node of a step. */
  lines: ReadonlyMap<string, LineInputs>;
  /** By value, of what steps give: input (n, 1, size), what one unit of its coefficient may cost by rounding. */
  errors: ReadonlyMap<string, string>;
  /** Outputs (n, rows, size), by value where the walk stops: f >= sum of coefficients * values + bias - error. */
  coefficients: ReadonlyMap<string, string>;
  /** Outputs (n, rows). */
  bias: string;
  error: string;
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
  const walk = new Walk(network, b, from);
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
  const graph = prune(b.build());
  refuseMissing(graph, network);
  return { graph, rows: walk.rowsInput, lines: walk.lines, errors: walk.errors, coefficients, bias, error };
}

class Walk {
  readonly lines = new Map<string, LineInputs>();
  readonly errors = new Map<string, string>();
  readonly rowsInput: string;
  /** (n, rows): as many as are fed. */
  private readonly lead: string;
  /** Coefficients of each value, (n * rows, ...), by the ways that they came. */
  private readonly ways = new Map<string, string[]>();
  /** Their sums. */
  private readonly met = new Map<string, string>();
  /** (n * rows) */
  private readonly biases: string[] = [];
  private readonly costs: string[] = [];

  constructor(
    private readonly network: Bounded,
    private readonly b: GraphBuilder,
    from: string,
  ) {
    this.rowsInput = b.input('rows', 'float32', ['N', 'R', sizeOf(network, from)]);
    this.lead = b.op('Shape', [this.rowsInput], { start: int(0), end: int(2) });
    this.add(from, b.op('Reshape', [this.rowsInput, b.ints([-1, ...dimsOf(network, from)])]));
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
    const offset = row.offset?.(s);
    node.outputs.forEach((output, i) => {
      const coefficients = incoming[i];
      if (coefficients === undefined) return;
      if (offset !== undefined) this.biases.push(this.summed(s.mul(coefficients, offset), output));
      if (network.rounded.has(output)) this.cost(output);
    });
    const gradient = GRADIENTS.get(node.op);
    gradient?.gradient(s).forEach((found, i) => {
      if (found === undefined || !s.varies(i)) return;
      this.add(node.inputs[i]!, gradient.broadcasts ? sumTo(s, found, node.inputs[i]!) : found);
    });
  }

  bent({ node, row }: Step): void {
    const { network, b } = this;
    const [input, second] = node.inputs as [string, string];
    const output = node.outputs[0]!;
    const coefficients = this.at(output);
    if (coefficients === undefined) return;
    const size = sizeOf(network, output);
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
    this.lines.set(node.outputs[0]!, lines);
    this.cost(output);
    const flat = this.flat(coefficients, size);
    const positive = b.op('Relu', [flat]);
    const negative = b.op('Min', [flat, b.scalar(0)]);
    const sides = (above: string, below: string) =>
      b.op('Add', [b.op('Mul', [positive, above]), b.op('Mul', [negative, below])]);
    const offset =
      lines.lowerIntercept === undefined
        ? b.op('Mul', [negative, lines.upperIntercept])
        : sides(lines.lowerIntercept, lines.upperIntercept);
    this.biases.push(this.summed(offset, output));
    const slopes = sides(lines.lowerSlope, lines.upperSlope);
    const back = lines.place === undefined ? slopes : this.scattered(slopes, lines.place, input);
    const arrives = (at: string, value: string) =>
      this.add(at, b.op('Reshape', [value, b.ints([-1, ...dimsOf(network, at)])]));
    arrives(input, back);
    if (lines.other) arrives(second, sides(lines.other.lowerSlope, lines.other.upperSlope));
  }

  /** (n * rows, ...) as (n, rows, size). */
  flat(value: string, size: number): string {
    return this.b.op('Reshape', [value, this.leading(size)]);
  }

  /** Bias and error, (n, rows). */
  sums(): { bias: string; error: string } {
    const { b } = this;
    const total = (parts: readonly string[], name: string) => {
      const zero = b.op('Mul', [
        b.op('ReduceSum', [this.rowsInput, b.ints([2])], { keepdims: int(0) }),
        b.scalar(0),
      ]);
      const sum = parts.length === 0 ? zero : b.op('Sum', parts);
      return b.outputAs(b.op('Reshape', [sum, this.lead]), b.fresh(name));
    };
    return { bias: total(this.biases, 'bias'), error: total(this.costs, 'error') };
  }

  private leading(size: number): string {
    return this.b.op('Concat', [this.lead, this.b.ints([size])], { axis: int(0) });
  }

  private add(value: string, coefficients: string): void {
    this.ways.set(value, [...(this.ways.get(value) ?? []), coefficients]);
  }

  private cost(value: string): void {
    const { b, network } = this;
    const size = sizeOf(network, value);
    const error = b.input('error_of', 'float32', ['N', 1, size]);
    this.errors.set(value, error);
    const ways = this.ways.get(value) ?? [];
    // Of two, the sum is rounded once; of more, those on the way are rounded as well.
    const sizes = (ways.length > 2 ? ways : [this.at(value) ?? '']).map((way) => b.op('Abs', [way]));
    const heft = sizes.length === 1 ? sizes[0]! : b.op('Sum', sizes);
    this.costs.push(this.summed(b.op('Mul', [this.flat(heft, size), error]), value));
  }

  /** Sums over all numbers of a value, axis by axis: fewer roundings meet in each number than in one long sum. */
  private summed(value: string, like: string): string {
    const { b, network } = this;
    const dims = dimsOf(network, like);
    let sum = b.op('Reshape', [value, b.ints([-1, ...dims])]);
    // Channels first: whole rows of memory are added up.
    for (const _ of dims) sum = b.op('ReduceSum', [sum, b.ints([1])], { keepdims: int(0) });
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
function refuseMissing(graph: Graph, { varying }: Bounded): void {
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
