import { GraphBuilder } from '../../graph/build.js';
import type { Graph, Node, Tensor } from '../../graph/graph.js';
import { toNumbers } from '../../graph/tensor.js';
import { Writers } from './writers.js';

/** Functions that are not defined everywhere: what they read may be known to lie where they are. */
const BOUNDED_BELOW = new Set(['Sqrt', 'Reciprocal']);

/**
 * The graph with x / y, where y depends on the image, as x (1 / y), and with what is below no number for certain said to be so before
 * roots and reciprocals: intervals of sums go a little below 0 by rounding, where a sum of squares does not. It computes the same.
 * @param between nodes between pixels and logits
 */
export function withReciprocals(graph: Graph, between: readonly Node[]): Graph {
  const own = new Set(between);
  const varying = new Set(between.flatMap((node) => node.outputs));
  const writers = new Writers(graph);
  const floors = new Floors(graph, writers);
  const b = GraphBuilder.rewriting(graph);
  /** What a root or reciprocal reads. */
  const floored = (op: string, value: string): string => {
    const floor = floors.of(value);
    const isRoot = op === 'Reciprocal' && writers.of(value)?.op === 'Sqrt';
    return floor === undefined || isRoot ? value : b.op('Clip', [value, b.scalar(floor)]);
  };
  for (const node of graph.nodes) {
    const [x, y] = node.inputs as [string, string];
    if (own.has(node) && node.domain === '' && node.op === 'Div' && varying.has(y))
      b.within(node.name, () => {
        const reciprocal = b.op('Reciprocal', [floored('Reciprocal', y)]);
        b.add({ ...node, op: 'Mul', inputs: [x, reciprocal] });
      });
    else if (own.has(node) && node.domain === '' && BOUNDED_BELOW.has(node.op))
      b.within(node.name, () => b.add({ ...node, inputs: [floored(node.op, x)] }));
    else b.add(node);
  }
  return b.build();
}

/** Operators whose numbers are never below 0, whatever they read; and those that keep such numbers so. */
const NEVER_BELOW_ZERO = new Set(['Relu', 'Abs', 'Exp']);
const KEEPS = new Set(['ReduceSum', 'ReduceMean', 'AveragePool', 'GlobalAveragePool', 'Sqrt']);
const MOVES = new Set(['Identity', 'Reshape', 'Flatten', 'Squeeze', 'Unsqueeze', 'Transpose', 'Expand']);

/** Numbers that no float32 evaluation of a value falls below. */
class Floors {
  private readonly known = new Map<string, number | undefined>();

  constructor(
    private readonly graph: Graph,
    private readonly writers: Writers,
  ) {}

  /** At least 0; undefined where nothing is known. */
  of(value: string): number | undefined {
    if (this.known.has(value)) return this.known.get(value);
    const floor = this.found(value);
    const kept = floor !== undefined && floor >= 0 ? floor : undefined;
    this.known.set(value, kept);
    return kept;
  }

  private found(value: string): number | undefined {
    const constant = this.graph.initializers.get(value);
    if (constant) return constant.type === 'float32' ? leastOf(constant) : undefined;
    const node = this.writers.of(value);
    if (!node) return undefined;
    const { op, inputs } = node;
    const [first, second] = inputs as [string, string];
    if (NEVER_BELOW_ZERO.has(op) || this.writers.isSquare(node)) return 0;
    if (op === 'Clip') return this.writers.number(second);
    if (MOVES.has(op)) return this.of(first);
    if (KEEPS.has(op)) return this.of(first) === undefined ? undefined : 0;
    if (!['Add', 'Sum', 'Mul'].includes(op)) return undefined;
    const floors = inputs.flatMap((input) => this.of(input) ?? []);
    if (floors.length < inputs.length) return undefined;
    // What is added is not below 0: rounded or not, a sum is not below any of its parts.
    return op === 'Mul' ? 0 : Math.max(...floors);
  }
}

/** NaN where one is no number. */
const leastOf = (tensor: Tensor): number =>
  toNumbers(tensor).reduce((least, x) => Math.min(least, x), Number.POSITIVE_INFINITY);
