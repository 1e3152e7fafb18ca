import type { Graph, Node } from '../graph/graph.js';
import { FLAT, GRADIENTS, LOWERINGS } from './table.js';

/** Nodes through which a change of `from` reaches `to`, in topological order; flat operators block. */
export function nodesBetween(graph: Graph, from: readonly string[], to: string): Node[] {
  const reached = new Set(from);
  const downstream = graph.nodes.filter((node) => {
    if (isFlat(node) || !node.inputs.some((i) => reached.has(i))) return false;
    for (const output of node.outputs) reached.add(output);
    return true;
  });
  const needed = new Set([to]);
  const between = downstream.toReversed().filter((node) => {
    if (!node.outputs.some((o) => needed.has(o))) return false;
    for (const input of node.inputs) needed.add(input);
    return true;
  });
  return between.reverse();
}

const INTEGER_CODES = new Set([2, 3, 4, 5, 6, 7, 9, 12, 13]);

function isFlat(node: Node): boolean {
  if (node.domain !== '') return false;
  const to = node.attributes.to;
  if (node.op === 'Cast' && to?.kind === 'int') return INTEGER_CODES.has(to.value);
  return FLAT.has(node.op);
}

/** The nodes between `from` and `to` whose gradient is an estimate, because they round. */
export function estimatedGradients(graph: Graph, from: readonly string[], to: string): Node[] {
  return nodesBetween(graph, from, to).filter(
    (node) => node.domain === '' && GRADIENTS.get(node.op)?.straightThrough,
  );
}

/** The nodes between `from` and `to` that have neither a gradient rule nor a lowering. */
export function missingGradients(graph: Graph, from: readonly string[], to: string): Node[] {
  return nodesBetween(graph, from, to).filter(
    (node) => node.domain !== '' || !(GRADIENTS.has(node.op) || LOWERINGS.has(node.op)),
  );
}
