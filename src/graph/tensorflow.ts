import type { Graph, Node } from './graph.js';

/**
 * The domain of operators of TensorFlow, as graph models of TensorFlow.js have them: `tensorflow.Conv2D` is TensorFlow's
 * Conv2D, with pixels before channels. The attribute `attr` is that of the GraphDef's node, as JSON. Only the engine
 * tfjs runs them.
 */
export const TENSORFLOW = 'tensorflow';

/** A graph's first operator of TensorFlow. */
export const tensorflowNode = (graph: Graph): Node | undefined =>
  graph.nodes.find(({ domain }) => domain === TENSORFLOW);
