import type { Graph, Node, Tensor } from '../../graph/graph.js';
import { NodeReader } from '../../graph/node-reader.js';

/** What a node makes of one value, number by number: scale * value + shift, of one length or one number for all. */
export interface Affine {
  /** The value that it reads. */
  value: string;
  scale?: Float64Array;
  shift?: Float64Array;
}

/** A constant as numbers; undefined for a value that is computed. */
type Constants = (name: string) => Float64Array | undefined;
type Row = (node: Node, constant: Constants) => Affine | undefined;

const pass: Row = ({ inputs }) => ({ value: inputs[0]! });

/** Of a value and a constant, in whichever order where `commutes`. */
const withConstant =
  (make: (constant: Float64Array) => Omit<Affine, 'value'>, commutes: boolean): Row =>
  ({ inputs }, constant) => {
    const [a, b] = inputs as [string, string];
    const [right, left] = [constant(b), constant(a)];
    if (right && !left) return { value: a, ...make(right) };
    return commutes && left && !right ? { value: b, ...make(left) } : undefined;
  };

const normalise: Row = (node, constant) => {
  const [scale, bias, mean, variance] = node.inputs.slice(1, 5).map(constant);
  if (!scale || !bias || !mean || !variance) return undefined;
  const epsilon = new NodeReader(node).number('epsilon', 1e-5);
  const by = scale.map((s, k) => s / Math.sqrt(variance[k]! + epsilon));
  return { value: node.inputs[0]!, scale: by, shift: bias.map((b, k) => b - mean[k]! * by[k]!) };
};

/** What may stand between a linear layer and the logits, which stay a linear function of its input. */
const rows: Readonly<Record<string, Row>> = {
  Identity: pass,
  Cast: pass,
  Dropout: pass,
  // The numbers of an image keep their order.
  Reshape: pass,
  Flatten: pass,
  Squeeze: pass,
  Unsqueeze: pass,
  Neg: ({ inputs }) => ({ value: inputs[0]!, scale: Float64Array.of(-1) }),
  Add: withConstant((shift) => ({ shift }), true),
  Sub: withConstant((c) => ({ shift: c.map((v) => -v) }), false),
  Mul: withConstant((scale) => ({ scale }), true),
  Div: withConstant((c) => ({ scale: c.map((v) => 1 / v) }), false),
  BatchNormalization: normalise,
};

/** The node as scale * value + shift; undefined where it is none. */
export function affineOf(graph: Graph, node: Node): Affine | undefined {
  if (node.domain !== '') return undefined;
  return rows[node.op]?.(node, (name) => numbersOf(graph.initializers.get(name)));
}

/** The value that these numbers come from, seen through nodes that only pass them on. */
export function sourceOf(graph: Graph, value: string): string {
  const makers = makersOf(graph);
  for (let at = value; ; ) {
    const node = makers.get(at);
    if (node?.domain !== '' || rows[node.op] !== pass) return at;
    at = node.inputs[0]!;
  }
}

/** The node that makes each value. */
export const makersOf = ({ nodes }: Graph): ReadonlyMap<string, Node> =>
  new Map(nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));

export const numbersOf = (tensor: Tensor | undefined): Float64Array | undefined =>
  tensor && (tensor.type === 'float32' || tensor.type === 'float64')
    ? Float64Array.from(tensor.data as Float32Array)
    : undefined;
