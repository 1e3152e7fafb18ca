import { GraphBuilder, int } from '../graph/build.js';
import type { Attribute, Graph, Node } from '../graph/graph.js';
import { floats } from '../graph/tensor.js';

const ML = 'ai.onnx.ml';

const numbers = (attribute: Attribute | undefined): readonly number[] =>
  attribute?.kind === 'floats' ? attribute.value : [];
const text = (attribute: Attribute | undefined): string =>
  attribute?.kind === 'string' ? attribute.value : '';

/**
 * Linear classifiers and scalers as sklearn-onnx writes them, in standard operators: they then have gradients, and the
 * value before the softmax is found. What is not written out here stays as it is, and runs forward.
 */
export function inStandardOperators(graph: Graph): Graph {
  if (!graph.nodes.some(({ domain }) => domain === ML)) return graph;
  const b = GraphBuilder.rewriting(graph);
  const softmaxes = new Set<string>();
  for (const node of graph.nodes) {
    const row = node.domain === ML ? ROWS[node.op] : undefined;
    const made = b.within(node.name, () => row?.(b, node, softmaxes));
    if (made === undefined) b.add(node);
    else {
      const identity = { name: `${node.name}/Identity`, op: 'Identity', domain: '', attributes: {} };
      b.add({ ...identity, inputs: [made], outputs: [node.outputs.at(-1) ?? ''] });
      if (softmaxes.has(made)) softmaxes.add(node.outputs.at(-1) ?? '');
    }
  }
  return b.build();
}

/** Emits the last output of a node; undefined for a form that is not written out. */
type Row = (b: GraphBuilder, node: Node, softmaxes: Set<string>) => string | undefined;

const ROWS: Readonly<Record<string, Row>> = {
  Scaler: (b, { inputs, attributes }) => {
    const [offset, scale] = [numbers(attributes.offset), numbers(attributes.scale)];
    const row = (values: readonly number[]) => b.constant(floats([values.length], [...values]), 'scaler');
    return b.op('Mul', [b.op('Sub', [single(b, inputs[0]!), row(offset)]), row(scale)]);
  },
  /** Probabilities add up to 1 already. */
  Normalizer: (_, { inputs, attributes }, softmaxes) =>
    text(attributes.norm) === 'L1' && softmaxes.has(inputs[0]!) ? inputs[0] : undefined,
  LinearClassifier: linearClassifier,
};

const single = (b: GraphBuilder, value: string) => b.op('Cast', [value], { to: int(1) });

/** Its label output stays with the operator itself, for what reads it. */
function linearClassifier(b: GraphBuilder, node: Node, softmaxes: Set<string>): string | undefined {
  const { attributes, inputs, outputs } = node;
  const [coefficients, intercepts] = [numbers(attributes.coefficients), numbers(attributes.intercepts)];
  const classes = intercepts.length;
  const inputsPerClass = coefficients.length / classes;
  const transform = text(attributes.post_transform) || 'NONE';
  const opposite = (values: readonly number[]) => {
    const half = values.length / 2;
    return values.slice(0, half).every((v, i) => v === -values[half + i]!);
  };
  // Sigmoids of a score and of its negative are the softmax of half of both.
  const binary = transform === 'LOGISTIC' && classes === 2 && opposite(coefficients) && opposite(intercepts);
  if (outputs.length !== 2 || labelsIn(node) !== classes || !Number.isInteger(inputsPerClass))
    return undefined;
  if (!binary && transform !== 'NONE' && transform !== 'SOFTMAX') return undefined;
  const half = (values: readonly number[]) => values.map((v) => (binary ? v / 2 : v));
  const weight = Array.from(
    { length: coefficients.length },
    (_, at) => coefficients[(at % classes) * inputsPerClass + Math.floor(at / classes)]!,
  );
  const matrix = b.constant(floats([inputsPerClass, classes], half(weight)), 'coefficients');
  const product = b.op('MatMul', [single(b, inputs[0]!), matrix]);
  const scores = b.op(
    'Add',
    [product, b.constant(floats([classes], half(intercepts)), 'intercepts')],
    {},
    'scores',
  );
  b.add({ ...node, outputs: [outputs[0]!, b.fresh(`${outputs[1]}_passed_over`)] });
  if (transform === 'NONE') return scores;
  const probabilities = b.op('Softmax', [scores], { axis: int(1) });
  softmaxes.add(probabilities);
  return probabilities;
}

function labelsIn({ attributes }: Node): number {
  const { classlabels_ints: whole, classlabels_strings: named } = attributes;
  if (named?.kind === 'strings' && named.value.length > 0) return named.value.length;
  return whole?.kind === 'ints' ? whole.value.length : 0;
}
