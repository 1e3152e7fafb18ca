import { GraphBuilder, int } from '../../src/graph/build.js';
import type { Graph } from '../../src/graph/graph.js';

/** Cross-entropy on top of the logits, as the output `loss`; labels enter as `one_hot`. */
export function withLoss(graph: Graph): Graph {
  const b = new GraphBuilder(graph);
  const labels = b.input('one_hot', 'float32', ['N', null]);
  const logP = b.op('LogSoftmax', [graph.outputs[0]!.name], { axis: int(-1) });
  const chosen = b.op('ReduceSum', [b.op('Mul', [logP, labels]), b.ints([1])], { keepdims: int(0) });
  b.outputAs(b.op('Neg', [chosen]), 'loss');
  return b.build();
}
