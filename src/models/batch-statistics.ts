import { AssayError } from '../errors.js';
import { GraphBuilder, int } from '../graph/build.js';
import type { Graph, Node } from '../graph/graph.js';

const trains = ({ op, domain, attributes: { training_mode } }: Node): boolean =>
  op === 'BatchNormalization' && domain === '' && training_mode?.kind === 'int' && training_mode.value === 1;

/**
 * Batch normalisation in training mode makes outputs depend on the batch and is refused, unless what it normalises
 * does not depend on the image: networks with standardised weights (Qiao et al. 2019) are exported so. That is
 * spelt out, and folds into constants.
 * Errors: `model-invalid`, naming the node.
 */
export function withoutTraining(network: Graph, image: string, checkpoint: string): Graph {
  if (!network.nodes.some(trains)) return network;
  const reached = new Set([image]);
  const b = GraphBuilder.rewriting(network);
  for (const node of network.nodes) {
    const moves = node.inputs.some((i) => reached.has(i));
    if (moves) for (const output of node.outputs) reached.add(output);
    if (!trains(node)) b.add(node);
    else if (moves) throw inTraining(node, checkpoint);
    else standardise(b, node);
  }
  return b.build();
}

function inTraining(node: Node, checkpoint: string) {
  return new AssayError('model-invalid', 'the network was exported in training mode', {
    file: checkpoint,
    path: `node "${node.name}" (${node.op})`,
    hint: 'call model.eval() before exporting',
  });
}

/** (x - mean) / sqrt(variance + epsilon) * scale + bias per channel, over all other axes of x (N, C, ...). */
function standardise(b: GraphBuilder, node: Node): void {
  const [x, scale, bias] = node.inputs;
  const epsilon = node.attributes.epsilon?.kind === 'float' ? node.attributes.epsilon.value : 1e-5;
  const rows = b.op('Reshape', [x, b.ints([0, 0, -1])]);
  const mean = (value: string) => b.op('ReduceMean', [value, b.ints([0, 2])], { keepdims: int(1) });
  const perChannel = (value: string) => b.op('Reshape', [value, b.ints([1, -1, 1])]);
  const centred = b.op('Sub', [rows, mean(rows)]);
  const deviation = b.op('Sqrt', [b.op('Add', [mean(b.op('Mul', [centred, centred])), b.scalar(epsilon)])]);
  const scaled = b.op('Mul', [b.op('Div', [centred, deviation]), perChannel(scale)]);
  const moved = b.op('Add', [scaled, perChannel(bias)]);
  b.add({
    ...node,
    op: 'Reshape',
    inputs: [moved, b.op('Shape', [x])],
    outputs: [node.outputs[0]],
    attributes: {},
  });
}
