import * as tf from '@tensorflow/tfjs';
import type { Node } from '../../graph/graph.js';
import type { Row } from './row.js';
import { type Site, still } from './site.js';

const inputName = (i: number) => `input_${i}`;
const OUTPUT = 'output';

type Interpreter = ReturnType<typeof tf.loadGraphModelSync>;

/** The interpreter of each node; it holds no tensors. */
const interpreters = new WeakMap<Node, Interpreter>();

/** TensorFlow.js's interpreter for a graph of one node. The names in it are ours. */
function interpreterOf(node: Node): Interpreter {
  const known = interpreters.get(node);
  if (known) return known;
  const { attr } = node.attributes;
  const input = node.inputs.map((_, i) => inputName(i));
  const modelTopology = {
    node: [
      ...input.map((name) => ({ name, op: 'Placeholder', attr: {} })),
      { name: OUTPUT, op: node.op, input, attr: attr?.kind === 'string' ? JSON.parse(attr.value) : {} },
    ],
    versions: {},
  };
  const made = tf.loadGraphModelSync({ modelTopology, weightSpecs: [], weightData: new ArrayBuffer(0) });
  interpreters.set(node, made);
  return made;
}

/** No gradient passes, whatever TensorFlow.js does. */
const FLAT = new Set(['StopGradient', 'FloorDiv']);

function run(s: Site): tf.Tensor[] {
  const inputs = Object.fromEntries(s.all().map((x, i) => [inputName(i), x]));
  const outputs = s.node.outputs.map((_, i) => `${OUTPUT}:${i}`);
  const made = [interpreterOf(s.node).execute(inputs, outputs)].flat();
  const flat = FLAT.has(s.node.op);
  // Integers and truth values have no gradient, and the tape would ask for it.
  return made.map((x) => (x === undefined || (x.dtype === 'float32' && !flat) ? x : still(x)));
}

/** Any operator of TensorFlow, as TensorFlow.js runs it in graph models. */
export const graphOperator: Row = { op: 'GraphModel', run };
