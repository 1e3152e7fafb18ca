import { GraphBuilder } from '../../graph/build.js';
import type { Graph, Node } from '../../graph/graph.js';
import { floats, toNumbers } from '../../graph/tensor.js';

/**
 * The graph with PRelu, whose slopes s are constants, as s x + (1 - s) max(x, 0): of slopes from 0 to 1 no interval is wider than that of
 * the function itself, and lines are those of it. Where x > 0 an engine has x, and here the rounding of 1 - s counts as that of the
 * product with it, which the engine does not make.
 * @param between nodes between pixels and logits
 */
export function withLearnedSlopes(graph: Graph, between: readonly Node[]): Graph {
  const own = new Set(between);
  const b = GraphBuilder.rewriting(graph);
  for (const node of graph.nodes) {
    const [x, slope] = node.inputs as [string, string];
    const slopes = graph.initializers.get(slope);
    if (node.op !== 'PRelu' || node.domain !== '' || !own.has(node) || !slopes) b.add(node);
    else
      b.within(node.name, () => {
        const others = floats(
          slopes.dims,
          toNumbers(slopes).map((s) => 1 - s),
        );
        const above = b.op('Mul', [b.op('Relu', [x]), b.constant(others)]);
        b.add({ ...node, op: 'Add', inputs: [b.op('Mul', [x, slope]), above] });
      });
  }
  return b.build();
}
