import type { Graph, Node } from '../../graph/graph.js';
import { GELU, RSQRT, SQUARE } from './curves.js';
import { SILU } from './silu.js';
import { Writers } from './writers.js';

/** The domain of operators that only bounds know. */
export const OWN = 'assay.bounds';

/** A function of one value. */
interface Found {
  op: string;
  of: string;
}

/**
 * The graph with x sigmoid(x), x^2, 1 / sqrt(x) and GELU as one operator each: of the product of two values that both depend on the image,
 * bounds would lose that they are about the same x. Such a graph is for walks, not for engines.
 * @param own what nodes are to bounds, by the value that they give
 */
export function fused(graph: Graph, own: ReadonlyMap<string, string> = new Map()): Graph {
  const pattern = new Pattern(graph);
  const nodes = graph.nodes.map((node): Node => {
    const op = own.get(node.outputs[0]!);
    if (op !== undefined) return { ...node, op, domain: OWN };
    const found =
      pattern.silu(node) ?? pattern.square(node) ?? pattern.gelu(node) ?? pattern.reciprocalRoot(node);
    return found ? { ...node, op: found.op, domain: OWN, inputs: [found.of], attributes: {} } : node;
  });
  return { ...graph, nodes };
}

/** What float32 makes of a constant. */
const isNear = (x: number | undefined, known: number) =>
  x !== undefined && Math.abs(x - known) <= 1e-7 * known;

class Pattern {
  private readonly writers: Writers;

  constructor(graph: Graph) {
    this.writers = new Writers(graph);
  }

  silu({ op, domain, inputs }: Node): Found | undefined {
    if (op !== 'Mul' || domain !== '') return undefined;
    const [a, b] = inputs as [string, string];
    const gates = (gate: string, x: string) => this.written(gate, 'Sigmoid')?.inputs[0] === x;
    return gates(b, a) ? { op: SILU, of: a } : gates(a, b) ? { op: SILU, of: b } : undefined;
  }

  square(node: Node): Found | undefined {
    const is = node.domain === '' && this.writers.isSquare(node);
    return is ? { op: SQUARE, of: node.inputs[0]! } : undefined;
  }

  reciprocalRoot({ op, domain, inputs }: Node): Found | undefined {
    const root = op === 'Reciprocal' && domain === '' ? this.written(inputs[0], 'Sqrt') : undefined;
    return root && { op: RSQRT, of: root.inputs[0]! };
  }

  /** The product, in any order, of x, 1/2 and 1 + erf(x / sqrt 2). */
  gelu(node: Node): Found | undefined {
    if (node.op !== 'Mul' || node.domain !== '') return undefined;
    const factors = this.factors(node.outputs[0]!, 2);
    const values = factors.filter((factor) => this.writers.number(factor) === undefined);
    const numbers = factors.flatMap((factor) => this.writers.number(factor) ?? []);
    if (values.length !== 2 || numbers.length !== 1 || numbers[0] !== 0.5) return undefined;
    const [first, second] = values as [string, string];
    const of = this.argumentOf(second) ?? this.argumentOf(first);
    return of !== undefined && values.includes(of) ? { op: GELU, of } : undefined;
  }

  /** x, of 1 + erf(x / sqrt 2). */
  private argumentOf(value: string): string | undefined {
    const erf = this.written(
      this.beside(this.written(value, 'Add'), (x) => x === 1),
      'Erf',
    );
    const scaled = erf?.inputs[0];
    const divided = this.written(scaled, 'Div');
    return divided && isNear(this.writers.number(divided.inputs[1]), Math.SQRT2)
      ? divided.inputs[0]
      : this.beside(this.written(scaled, 'Mul'), (x) => isNear(x, Math.SQRT1_2));
  }

  /** The operand of a node whose other operand is such a number. */
  private beside(node: Node | undefined, is: (x: number | undefined) => boolean): string | undefined {
    const [a, b] = node?.inputs ?? [];
    return is(this.writers.number(a)) ? b : is(this.writers.number(b)) ? a : undefined;
  }

  /** What is multiplied, in so many products at most. */
  private factors(value: string, products: number): string[] {
    const inputs = products > 0 ? this.written(value, 'Mul')?.inputs : undefined;
    return inputs?.flatMap((input) => this.factors(input, products - 1)) ?? [value];
  }

  private written(value: string | undefined, op: string): Node | undefined {
    const writer = this.writers.of(value ?? '');
    return writer?.op === op ? writer : undefined;
  }
}
