import { AssayError } from '../../errors.js';
import { GraphBuilder, int } from '../../graph/build.js';
import type { Graph, Node } from '../../graph/graph.js';

const normalises = ({ op, domain }: Node): boolean => op === 'BatchNormalization' && domain === '';

const trains = (node: Node): boolean => {
  const { training_mode } = node.attributes;
  return normalises(node) && training_mode?.kind === 'int' && training_mode.value === 1;
};

/**
 * Batch normalisation in training mode makes outputs depend on the batch and is refused, unless what it normalises
 * does not depend on the image: networks with standardised weights (Qiao et al. 2019) are exported so. That is
 * spelt out, and folds into constants.
 * Errors: `model-invalid`, naming the node.
 */
export function withoutTraining(network: Graph, image: string, checkpoint: string): Graph {
  if (!network.nodes.some(trains)) return network;
  const moved = dependsOn(network, image);
  const b = GraphBuilder.rewriting(network);
  for (const node of network.nodes) {
    if (!trains(node)) b.add(node);
    else if (moved.has(node)) throw inTraining(node, checkpoint);
    else standardise(b, node);
  }
  return b.build();
}

/** How many layers of a network in evaluation mode normalise what depends on the image by averages that training kept. */
export const batchNorms = (network: Graph, image: string): number =>
  [...dependsOn(network, image)].filter(normalises).length;

/**
 * The same network in training mode: each of these layers normalises by mean and (biased) variance of its batch, as a
 * framework does that was not told `eval()`. What an image gets then depends on the images beside it.
 */
export function inTrainingMode(network: Graph, image: string): Graph {
  const moved = dependsOn(network, image);
  const b = GraphBuilder.rewriting(network);
  for (const node of network.nodes) {
    if (normalises(node) && moved.has(node)) standardise(b, node);
    else b.add(node);
  }
  return b.build();
}

/** The nodes whose outputs depend on the image. */
function dependsOn(network: Graph, image: string): Set<Node> {
  const reached = new Set([image]);
  return new Set(
    network.nodes.filter((node) => {
      const moves = node.inputs.some((i) => reached.has(i));
      if (moves) for (const output of node.outputs) reached.add(output);
      return moves;
    }),
  );
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
  const [x, scale, bias] = node.inputs as [string, string, string];
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
    outputs: [node.outputs[0]!],
    attributes: {},
  });
}
