import { AssayError } from '../../errors.js';
import { GraphBuilder, OPSET } from '../../graph/build.js';
import type { Graph, Tensor, ValueInfo } from '../../graph/graph.js';
import { TENSORFLOW } from '../../graph/tensorflow.js';
import { isObject, type Json } from '../keras/settings.js';
import { FormSite } from './form-site.js';
import { FORMS } from './graph-forms.js';
import { type GraphNode, inOrder, malformed, readNodes, valueName } from './graph-nodes.js';
import { refusalOf, TFJS_OPERATORS } from './graph-operators.js';
import { type SignedTensor, signatureOf, signedName, unsigned } from './graph-signature.js';

/** What a graph model is made of. */
export interface GraphModelParts {
  /** The whole model.json. */
  json: Json;
  weights: ReadonlyMap<string, Tensor>;
  file: string;
  producer: string;
}

/**
 * A graph model of TensorFlow.js as a graph. Some operators are written in ONNX (`FORMS`); the others stay TensorFlow's,
 * which the engine tfjs runs. Values keep their names, so that each can be named in a card; outputs have the names that
 * the signature gives them.
 * Errors: `file-malformed`; `op-unsupported` names the first node that is not run.
 */
export function graphOfModel({ json, weights, file, producer }: GraphModelParts): Graph {
  const topology = isObject(json.modelTopology) ? json.modelTopology : {};
  const nodes = readNodes(topology, file);
  const signature = signatureOf(json, nodes, file);
  const order = inOrder(
    nodes,
    signature.outputs.map(({ tensor }) => tensor),
    file,
  );
  const reached = new Set(order);
  const inputs = inputsOf(
    [...nodes.values()].filter((node) => reached.has(node)),
    signature.inputs,
    file,
  );
  const fed = new Set(inputs.map(({ name }) => name));
  const inner = order.filter(({ name }) => !fed.has(name));
  const constants = inner.filter(({ op }) => op === 'Const');
  const counts = outputCounts(order, signature.outputs, file);
  const b = new GraphBuilder({
    name: 'graph',
    opsets: { '': OPSET, [TENSORFLOW]: 1 },
    irVersion: 8,
    inputs,
    outputs: [],
    nodes: [],
    initializers: new Map(constants.map((node) => [node.name, constantOf(node, weights, file)])),
    producer,
  });
  const outputsOf = ({ name }: GraphNode) =>
    Array.from({ length: counts.get(name) ?? 1 }, (_, output) => valueName({ node: name, output }));
  b.reserve(inner.flatMap(outputsOf));
  for (const node of inner)
    if (node.op !== 'Const') emitNode(new FormSite(node, b, outputsOf(node), file), file);
  declareOutputs(b, signature.outputs, nodes);
  return b.build();
}

/** The placeholders, with what the signature says of their shapes. */
function inputsOf(
  nodes: readonly GraphNode[],
  signed: readonly SignedTensor[] | undefined,
  file: string,
): ValueInfo[] {
  const known = new Map((signed ?? []).map((input) => [signedName(input), input]));
  const inputs = nodes
    .filter(({ name, op }) => op === 'Placeholder' || known.has(name))
    .map((node) => {
      const own = unsigned(node, file);
      const { type, dims } = known.get(node.name) ?? own;
      return { name: node.name, type, dims: dims ?? own.dims };
    });
  if (inputs.length === 0) throw malformed(file, 'modelTopology', 'a placeholder for the image', 'none');
  return inputs;
}

/** A few digits ask for a thousand outputs: more of them together than this are damage. */
const MAX_VALUES = 1_000_000;

/** How many outputs of each node are read, at least. */
function outputCounts(
  order: readonly GraphNode[],
  signed: readonly SignedTensor[],
  file: string,
): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { node, output } of [...order.flatMap(({ inputs }) => inputs), ...signed.map((o) => o.tensor)])
    counts.set(node, Math.max(counts.get(node) ?? 1, output + 1));
  const values = [...counts.values()].reduce((sum, count) => sum + count, 0);
  if (values > MAX_VALUES)
    throw malformed(file, 'modelTopology', `at most ${MAX_VALUES} outputs of nodes`, values);
  return counts;
}

function constantOf({ name }: GraphNode, weights: ReadonlyMap<string, Tensor>, file: string): Tensor {
  const tensor = weights.get(name);
  if (tensor) return tensor;
  throw new AssayError('file-malformed', 'a constant of the graph has no value', {
    file,
    path: `node "${name}" (Const)`,
    expected: 'a weight of that name in weightsManifest',
    found: 'none',
    hint: 'check that model.json and all its shards were copied, or convert the model again',
  });
}

/** Errors: `op-unsupported` where it is neither written in ONNX nor run by TensorFlow.js. */
function emitNode(site: FormSite, file: string): void {
  const { node } = site;
  refuseChannelsFirst(site, file);
  if (FORMS.get(node.op)?.(site)) return;
  if (!TFJS_OPERATORS.has(node.op)) throw refused(node, file);
  refuseTraining(node, file);
  site.tensorflow(site.result);
}

function refused({ name, op }: GraphNode, file: string): AssayError {
  const { why, hint } = refusalOf(op);
  return new AssayError('op-unsupported', `graph models with the operator ${op} are not run: ${why}`, {
    file,
    path: `node "${name}" (${op})`,
    hint,
  });
}

/** Most of TensorFlow.js's operators do not look at the attribute, and give wrong numbers. */
function refuseChannelsFirst(site: FormSite, file: string): void {
  if (!site.text('data_format').startsWith('NC')) return;
  const { name, op } = site.node;
  throw new AssayError('op-unsupported', 'graph models with the channels first are not run', {
    file,
    path: `node "${name}" (${op})`,
    expected: 'data_format: NHWC',
    found: site.text('data_format'),
    hint: 'build the model with channels_last, or export it as ONNX (python -m tf2onnx.convert)',
  });
}

/** TensorFlow.js takes the averages of training whatever the node says; TensorFlow would not. */
function refuseTraining({ name, op, attr }: GraphNode, file: string): void {
  const { is_training: training } = attr;
  if (!op.startsWith('FusedBatchNorm') || !isObject(training) || training.b !== true) return;
  throw new AssayError('model-invalid', 'the network was exported in training mode', {
    file,
    path: `node "${name}" (${op})`,
    hint: 'export it in evaluation mode (training=False)',
  });
}

/** By the signature's names where these are free. */
function declareOutputs(
  b: GraphBuilder,
  signed: readonly SignedTensor[],
  nodes: ReadonlyMap<string, GraphNode>,
): void {
  const declared = new Set<string>();
  for (const output of signed) {
    const value = signedName(output);
    const free = !nodes.has(output.key) && !/[:^]/.test(output.key) && !declared.has(output.key);
    const { type, dims } = output;
    if (free) declared.add(b.outputAs(value, output.key, type, dims));
    else if (!declared.has(value)) {
      b.output(value, type, dims);
      declared.add(value);
    }
  }
}
