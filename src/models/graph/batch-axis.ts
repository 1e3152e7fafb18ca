import type { Graph, Node, Tensor } from '../../graph/graph.js';
import { int64s, toNumbers } from '../../graph/tensor.js';

/**
 * Rewrites a graph whose nodes expect `batch` images so that, where that is possible, they take any number:
 * a Reshape on the way from the image whose target shape opens with `batch` gets an open first axis instead.
 * Whether the result is right must be found out by running it.
 */
export function openBatchAxis(graph: Graph, image: string, batch: number): Graph {
  const reached = new Set([image]);
  const initializers = new Map(graph.initializers);
  const constants = new Map(graph.nodes.flatMap((n) => (n.op === 'Constant' ? constantOf(n) : [])));
  const nodes = graph.nodes.map((node) => {
    if (!node.inputs.some((i) => reached.has(i))) return node;
    for (const output of node.outputs) reached.add(output);
    if (node.op !== 'Reshape' || !reached.has(node.inputs[0]!)) return node;
    const target = initializers.get(node.inputs[1]!) ?? constants.get(node.inputs[1]!);
    const open = target && openShape(toNumbers(target), batch);
    if (!open) return node;
    const name = freshName(initializers, `${node.inputs[1]}_any_batch`);
    initializers.set(name, int64s(open));
    return { ...node, inputs: [node.inputs[0]!, name] };
  });
  return { ...graph, nodes, initializers };
}

/** [1, 64] -> [-1, 64]; where -1 is taken, 0 keeps the first axis: [1, -1] -> [0, -1]. */
function openShape(target: readonly number[], batch: number): number[] | undefined {
  if (target.length < 2 || target[0] !== batch) return undefined;
  return [target.includes(-1) ? 0 : -1, ...target.slice(1)];
}

function constantOf(node: Node): [string, Tensor][] {
  const { value } = node.attributes;
  return value?.kind === 'tensor' ? [[node.outputs[0]!, value.value]] : [];
}

function freshName(taken: ReadonlyMap<string, unknown>, hint: string): string {
  let name = hint;
  for (let i = 2; taken.has(name); i++) name = `${hint}_${i}`;
  return name;
}
