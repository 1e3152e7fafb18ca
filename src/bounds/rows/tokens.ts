import type { Shapes } from '../../autodiff/site.js';
import { GraphBuilder, int } from '../../graph/build.js';
import type { Graph, Node } from '../../graph/graph.js';

/** Nodes that repeat what does not depend on the image, such as the token of the class in transformers, for every image. */
export function tokensOf(graph: Graph, pixels: string, between: readonly Node[]): Node[] {
  const among = new Set(between);
  const reached = new Set([pixels]);
  for (const node of graph.nodes)
    if (node.inputs.some((input) => reached.has(input)))
      for (const output of node.outputs) reached.add(output);
  return graph.nodes.filter(
    (node) =>
      node.op === 'Expand' &&
      node.domain === '' &&
      !among.has(node) &&
      !reached.has(node.inputs[0]!) &&
      reached.has(node.inputs[1]!),
  );
}

/**
 * The graph with such a value as a sum of it and 0 times the image: so it has a row for each image, and none of it is read off the
 * shape of the images.
 */
export function ofEachImage(
  graph: Graph,
  tokens: readonly Node[],
  { pixels, shapes }: { pixels: string; shapes: Shapes },
): Graph {
  if (tokens.length === 0) return graph;
  const chosen = new Set(tokens);
  const b = GraphBuilder.rewriting(graph);
  const [images, ...image] = shapes.get(pixels)?.dims ?? [];
  for (const node of graph.nodes) {
    const dims = shapes.get(node.outputs[0]!)?.dims;
    // Where images are along another axis it stays as it is, and is refused later.
    if (!chosen.has(node) || !dims || dims[0] !== images) b.add(node);
    else
      b.within(node.name, () => {
        const axes = b.ints(image.map((_, i) => i + 1));
        const each = b.op('ReduceSum', [pixels, axes], { keepdims: int(1) });
        const nothing = b.op('Mul', [each, b.scalar(0)]);
        const spread = b.op('Reshape', [nothing, b.ints([-1, ...dims.slice(1).map(() => 1)])]);
        const token = b.op('Expand', [node.inputs[0]!, b.ints([1, ...dims.slice(1)])]);
        b.add({ ...node, op: 'Add', inputs: [token, spread] });
      });
  }
  return b.build();
}
