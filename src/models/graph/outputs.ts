import { AssayError, didYouMean } from '../../errors.js';
import { type GraphBuilder, int } from '../../graph/build.js';
import type { Graph, Node, Note, ValueInfo } from '../../graph/graph.js';
import type { Contract } from '../card/contract.js';
import { describeDims, type ImageInput, isExtent } from './image-input.js';

/** Where the outputs are in a network. */
export interface OutputChoice {
  logits: ValueInfo | undefined;
  energy: ValueInfo | undefined;
  /** As the card names them. */
  features?: ValueInfo;
  /** The Softmax or LogSoftmax at the end of the network whose input serves as logits. */
  softmax?: Node;
}

/** Finds the outputs a card names or implies. Errors: `shape-mismatch`, naming the card's key. */
export function chooseOutputs(graph: Graph, contract: Contract, checkpoint: string): OutputChoice {
  const file = contract.file ?? `model card "${contract.name}"`;
  const named = (name: string, path: string): ValueInfo => {
    const output = graph.outputs.find((o) => o.name === name);
    if (output) return output;
    const inner = graph.nodes.flatMap((n) => n.outputs).filter((o) => o !== '');
    // Inner values carry no declared type or shape; both are found out by running.
    if (inner.includes(name)) return { name, type: 'float32', dims: null };
    const guess = didYouMean(name, [...graph.outputs.map((o) => o.name), ...inner]);
    throw new AssayError('shape-mismatch', `the network has no value called "${name}"`, {
      file,
      path,
      expected: `an output of ${checkpoint} (${graph.outputs.map((o) => o.name).join(', ')}) or a value inside it`,
      found: name,
      hint: guess ? `did you mean "${guess}"?` : '`assay inspect` lists the outputs',
    });
  };
  const namedLogits = (value: ValueInfo) => {
    if (isFloat(value)) return value;
    throw classNumbers({ ...graph, outputs: [value] }, contract, checkpoint);
  };
  const features =
    contract.features !== undefined ? { features: named(contract.features, 'outputs.features') } : {};
  const energy =
    contract.energy.kind === 'output' ? named(contract.energy.output, 'energy.output') : undefined;
  if (contract.classes === 0) return { logits: undefined, energy, ...features };
  const logits =
    contract.logits !== undefined
      ? namedLogits(named(contract.logits, 'outputs.logits'))
      : sensibleLogits(graph, contract, energy?.name, checkpoint);
  const width = logits.dims?.length === 2 ? logits.dims[1] : undefined;
  if (isExtent(width) && width !== contract.classes) throw wrongWidth(contract, width, checkpoint);
  const softmax = contract.logits === undefined ? softmaxNode(graph, logits.name) : undefined;
  // Probabilities that the card declares are meant; behind a Sigmoid the classes do not compete.
  if (!softmax || contract.softmaxOutput || softmax.op === 'Sigmoid') return { logits, energy, ...features };
  const before: ValueInfo = { name: softmax.inputs[0]!, type: 'float32', dims: null };
  return { logits: before, energy, softmax, ...features };
}

/** What to tell of logits that were found behind a softmax. */
export function softmaxNotes({ softmax }: OutputChoice): Note[] {
  if (!softmax) return [];
  return [
    {
      code: 'logits-before-softmax',
      severity: 'note',
      message: `the network ends in ${softmax.op}: the value before it, "${softmax.inputs[0]}", is used as logits`,
      why: 'gradients vanish behind a saturated softmax, and log p(x) is lost',
    },
  ];
}

export function wrongWidth(contract: Contract, width: number, checkpoint: string) {
  return new AssayError('shape-mismatch', 'the card and the network disagree on the number of classes', {
    file: contract.file ?? `model card "${contract.name}"`,
    path: 'classes',
    expected: `${width}, the width of the logits of ${checkpoint}`,
    found: `${contract.classes}`,
    hint:
      width === 1
        ? 'is it an energy model? then leave out `classes` and set `energy: { output: NAME }`'
        : 'correct `classes`',
  });
}

function sensibleLogits(
  graph: Graph,
  contract: Contract,
  energy: string | undefined,
  checkpoint: string,
): ValueInfo {
  const others = graph.outputs.filter((o) => o.name !== energy && isFloat(o));
  if (others.length === 0) throw classNumbers(graph, contract, checkpoint);
  if (others.length === 1) return others[0]!;
  const fitting = others.filter((o) => o.dims?.length === 2 && o.dims[1] === contract.classes);
  if (fitting.length === 1) return fitting[0]!;
  const byName = others.find((o) => o.name === 'logits');
  if (byName) return byName;
  // Exporters put the probabilities beside what they are made of.
  const raw = fitting.filter((o) => !softmaxNode(graph, o.name));
  if (raw.length === 1) return raw[0]!;
  throw new AssayError('shape-mismatch', 'which output of the network holds the logits is not clear', {
    file: contract.file ?? `model card "${contract.name}"`,
    path: 'outputs.logits',
    expected: `a name, one of ${others.map((o) => `${o.name} ${describeDims(o.dims)}`).join(', ') || '(none)'} in ${checkpoint}`,
    found: 'no such key',
    hint: others.every(({ dims }) => dims?.slice(1).every((d) => d === 1))
      ? ONE_MATRIX
      : 'add `outputs: { logits: NAME }`',
  });
}

/** For networks that give the score of each class as an output of its own. */
export const ONE_MATRIX =
  'if these are the scores of the classes, export them as one output (N, classes); of scikit-learn: to_onnx(..., options={"zipmap": False})';

/** Labels, which classifiers put out beside their scores, are none. */
export const isFloat = ({ type }: ValueInfo): boolean => type.includes('float');

function classNumbers(graph: Graph, contract: Contract, checkpoint: string): AssayError {
  const before = beforeArgMax(graph);
  return new AssayError('model-invalid', 'the network gives class numbers, not logits', {
    file: checkpoint,
    path: `output "${graph.outputs[0]!.name}"`,
    expected: 'a float output of shape [N, classes]',
    found: graph.outputs.map(({ name, type, dims }) => `${name} ${type} ${describeDims(dims)}`).join(', '),
    hint: before
      ? `add \`outputs: { logits: ${JSON.stringify(before)} }\`, the value before ArgMax, to ${contract.file ?? 'the card'}`
      : 'export it with the scores of all classes as output',
  });
}

/** What the ArgMax at the end of a network chooses from: the logits, also where a softmax stands between. */
export function beforeArgMax(graph: Graph): string | undefined {
  for (const { name } of graph.outputs) {
    const node = makerOf(graph, name);
    if (node?.op !== 'ArgMax') continue;
    return softmaxNode(graph, node.inputs[0]!)?.inputs[0] ?? node.inputs[0];
  }
  return undefined;
}

/** Names of the prepared graph's outputs. */
export interface OutputNames {
  /** (n, classes) */
  logits?: string;
  /** (n) */
  logPx?: string;
  /** (n, width), while a network is prepared: those that a card names. */
  features?: string;
}

const single = (b: GraphBuilder, { name, type }: ValueInfo) =>
  type === 'float32' ? name : b.op('Cast', [name], { to: int(1) });

/** As (n, classes), whatever trailing axes of one the network leaves. */
function rowsOf(b: GraphBuilder, value: ValueInfo, { batchAxis }: Pick<ImageInput, 'batchAxis'>): string {
  const float32 = single(b, value);
  if (!batchAxis) return b.op('Reshape', [float32, b.ints([1, -1])]);
  return value.dims?.length === 2 ? float32 : b.op('Flatten', [float32], { axis: int(1) });
}

/** The smallest probability told from 0: a float32 that is still normal. */
export const SMALLEST_PROBABILITY = 1e-37;

/** Exact where the probabilities come from a Softmax; otherwise their logarithm. */
function logProbabilities(b: GraphBuilder, network: Graph, value: ValueInfo, input: ImageInput): string {
  const softmax = softmaxNode(network, value.name);
  if (softmax?.op !== 'Softmax')
    return b.op('Log', [b.op('Max', [rowsOf(b, value, input), b.scalar(SMALLEST_PROBABILITY)])]);
  const logs = b.node('LogSoftmax', softmax.inputs, softmax.attributes, ['log_probabilities']);
  return rowsOf(b, { name: logs[0]!, type: value.type, dims: null }, input);
}

/** Emits `logits` (n, classes) and `log_px` (n) on top of the network. */
export function emitOutputs(
  b: GraphBuilder,
  network: Graph,
  contract: Contract,
  choice: OutputChoice,
  input: ImageInput,
): OutputNames {
  const names: OutputNames = {};
  let logits: string | undefined;
  if (choice.logits) {
    logits = contract.softmaxOutput
      ? logProbabilities(b, network, choice.logits, input)
      : rowsOf(b, choice.logits, input);
    names.logits = b.outputAs(logits, 'logits', 'float32', ['N', contract.classes]);
  }
  if (contract.energy.kind === 'logsumexp' && logits) {
    const sum = b.op('ReduceLogSumExp', [logits, b.ints([1])], { keepdims: int(0) });
    names.logPx = b.outputAs(sum, 'log_px', 'float32', ['N']);
  }
  if (contract.energy.kind === 'output' && choice.energy) {
    const flat = b.op('Reshape', [single(b, choice.energy), b.ints([-1])]);
    const signed = contract.energy.sign === -1 ? b.op('Neg', [flat]) : flat;
    names.logPx = b.outputAs(signed, 'log_px', 'float32', ['N']);
  }
  if (choice.features) {
    const { name, type } = choice.features;
    const rows = rowsOf(b, { name, type, dims: null }, input);
    names.features = b.outputAs(b.op('Cast', [rows], { to: int(1) }), 'features', 'float32', ['N', null]);
  }
  return names;
}

const PASSED_THROUGH = new Set(['Identity', 'Cast', 'Reshape', 'Flatten', 'Squeeze', 'Unsqueeze', 'Dropout']);

/** The softmax or sigmoid that makes a value, seen through nodes that only pass it on. */
export function softmaxNode(graph: Graph, value: string): Node | undefined {
  const node = makerOf(graph, value);
  return node && ['Softmax', 'Sigmoid', 'LogSoftmax'].includes(node.op) ? node : undefined;
}

/** The standard node that makes a value, seen through nodes that only pass it on. */
function makerOf(graph: Graph, value: string): Node | undefined {
  const made = new Map(graph.nodes.flatMap((n) => n.outputs.map((o) => [o, n] as const)));
  let node = made.get(value);
  for (let steps = 0; node && PASSED_THROUGH.has(node.op) && steps < graph.nodes.length; steps++)
    node = made.get(node.inputs[0]!);
  return node?.domain === '' ? node : undefined;
}
