import type { Graph, Node } from '../graph/graph.js';
import { SILU } from './curves.js';

/** The domain of operators that only bounds know. */
export const OWN = 'assay.bounds';

/**
 * The graph with x sigmoid(x) as one operator: of the product of two values that both depend on the image, bounds would lose
 * that they are about the same x. Such a graph is for walks, not for engines.
 */
export function fused(graph: Graph): Graph {
  const writers = new Map(
    graph.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)),
  );
  const ofSame = ({ op, domain, inputs: [a, b] }: Node): string | undefined => {
    if (op !== 'Mul' || domain !== '') return undefined;
    const gates = (gate: string, x: string) => {
      const writer = writers.get(gate);
      return writer?.op === 'Sigmoid' && writer.domain === '' && writer.inputs[0] === x;
    };
    return gates(b, a) ? a : gates(a, b) ? b : undefined;
  };
  const nodes = graph.nodes.map((node): Node => {
    const x = ofSame(node);
    return x === undefined ? node : { ...node, op: SILU, domain: OWN, inputs: [x], attributes: {} };
  });
  return { ...graph, nodes };
}
