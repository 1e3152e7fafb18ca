import type { Graph, Node } from '../../graph/graph.js';
import { toNumbers } from '../../graph/tensor.js';

/** What gives the values of a graph: operators of ONNX, or constants. */
export class Writers {
  private readonly nodes: ReadonlyMap<string, Node>;

  constructor(private readonly graph: Graph) {
    this.nodes = new Map(
      graph.nodes
        .filter(({ domain }) => domain === '')
        .flatMap((node) => node.outputs.map((output) => [output, node] as const)),
    );
  }

  /** Undefined for constants, inputs and what operators of another domain give. */
  of(value: string): Node | undefined {
    return this.nodes.get(value);
  }

  /** The number of a constant that has only one. */
  number(value: string | undefined): number | undefined {
    const tensor = this.graph.initializers.get(value ?? '');
    return tensor?.data.length === 1 ? toNumbers(tensor)[0] : undefined;
  }

  /** Whether an operator of ONNX squares its first input, as graphs spell it. */
  isSquare({ op, inputs: [a, b] }: Node): boolean {
    return (op === 'Mul' && a === b) || (op === 'Pow' && this.number(b) === 2);
  }
}
