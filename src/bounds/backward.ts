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
  lowerIntercept: string;
  upperIntercept: string;
  /** (n, 1, size) int64, of windows: the place that the slopes belong to. */
  place?: string;
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
 * @param rows linear functions of each image
 * @param stops values where the walk ends: the pixels, or what steps give
 */
export function backwardGraph(
  network: Bounded,
  { from, rows, stops }: { from: string; rows: number; stops: readonly string[] },
): BackwardGraph {
  const b = onConstants(network, 'backward');
  const walk = new Walk(network, b, rows, from);
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
    const flat = b.op('Reshape', [found, b.ints([-1, rows, sizeOf(network, value)])]);
    coefficients.set(value, b.outputAs(flat, b.fresh('coefficients')));
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
    private readonly rows: number,
    from: string,
  ) {
    const size = sizeOf(network, from);
    this.rowsInput = b.input('rows', 'float32', ['N', rows, size]);
    this.add(from, b.op('Reshape', [this.rowsInput, b.ints([-1, ...dimsOf(network, from)])]));
  }

  /** Once all steps that read the value are done. */
  at(value: string): string | undefined {
    const ways = this.ways.get(value);
    if (!ways) return undefined;
    const sum = this.met.get(value) ?? (ways.length === 1 ? ways[0] : this.b.op('Sum', ways));
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
      this.add(node.inputs[i], gradient.broadcasts ? sumTo(s, found, node.inputs[i]) : found);
    });
  }

  bent({ node, row }: Step): void {
    const { network, b, rows } = this;
    const [input] = node.inputs;
    const [output] = node.outputs;
    const coefficients = this.at(output);
    if (coefficients === undefined) return;
    const size = sizeOf(network, output);
    const lines: LineInputs = {
      lowerSlope: b.input('lower_slope', 'float32', ['N', 'R', size]),
      upperSlope: b.input('upper_slope', 'float32', ['N', 'R', size]),
      lowerIntercept: b.input('lower_intercept', 'float32', ['N', 'R', size]),
      upperIntercept: b.input('upper_intercept', 'float32', ['N', 'R', size]),
      ...(row.kind === 'window' && { place: b.input('place', 'int64', ['N', 1, size]) }),
    };
    this.lines.set(node.outputs[0], lines);
    this.cost(output);
    const flat = b.op('Reshape', [coefficients, b.ints([-1, rows, size])]);
    const positive = b.op('Relu', [flat]);
    const negative = b.op('Min', [flat, b.scalar(0)]);
    const sides = (above: string, below: string) =>
      b.op('Add', [b.op('Mul', [positive, above]), b.op('Mul', [negative, below])]);
    this.biases.push(this.summed(sides(lines.lowerIntercept, lines.upperIntercept), output));
    const slopes = sides(lines.lowerSlope, lines.upperSlope);
    const back = lines.place === undefined ? slopes : this.scattered(slopes, lines.place, input);
    this.add(input, b.op('Reshape', [back, b.ints([-1, ...dimsOf(network, input)])]));
  }

  /** Bias and error, (n, rows). */
  sums(): { bias: string; error: string } {
    const { b, rows } = this;
    const total = (parts: readonly string[], name: string) => {
      const zero = b.op('Mul', [
        b.op('ReduceSum', [this.rowsInput, b.ints([2])], { keepdims: int(0) }),
        b.scalar(0),
      ]);
      const sum = parts.length === 0 ? zero : b.op('Sum', parts);
      return b.outputAs(b.op('Reshape', [sum, b.ints([-1, rows])]), b.fresh(name));
    };
    return { bias: total(this.biases, 'bias'), error: total(this.costs, 'error') };
  }

  private add(value: string, coefficients: string): void {
    this.ways.set(value, [...(this.ways.get(value) ?? []), coefficients]);
  }

  private cost(value: string): void {
    const { b, network, rows } = this;
    const size = sizeOf(network, value);
    const error = b.input('error_of', 'float32', ['N', 1, size]);
    this.errors.set(value, error);
    const ways = this.ways.get(value) ?? [];
    // Of two, the sum is rounded once; of more, those on the way are rounded as well.
    const sizes = (ways.length > 2 ? ways : [this.at(value) ?? '']).map((way) => b.op('Abs', [way]));
    const heft = sizes.length === 1 ? sizes[0] : b.op('Sum', sizes);
    const flat = b.op('Reshape', [heft, b.ints([-1, rows, size])]);
    this.costs.push(this.summed(b.op('Mul', [flat, error]), value));
  }

  /** Sums over all numbers of a value, axis by axis: fewer roundings meet in each number than in one long sum. */
  private summed(value: string, like: string): string {
    const { b, network } = this;
    const dims = dimsOf(network, like);
    let sum = b.op('Reshape', [value, b.ints([-1, ...dims])]);
    for (let axis = dims.length; axis > 0; axis--)
      sum = b.op('ReduceSum', [sum, b.ints([axis])], { keepdims: int(0) });
    return sum;
  }

  /** Adds coefficients of windows at the places that they belong to. */
  private scattered(slopes: string, place: string, input: string): string {
    const { b, network, rows } = this;
    const images = b.op('Shape', [place], { start: int(0), end: int(1) });
    const shape = b.op('Concat', [images, b.ints([rows, sizeOf(network, input)])], { axis: int(0) });
    const places = b.op('Expand', [place, b.op('Shape', [slopes])]);
    return b.op('ScatterElements', [b.op('ConstantOfShape', [shape]), places, slopes], {
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
