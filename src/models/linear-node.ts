import type { Graph, Node } from '../graph/graph.js';
import { NodeReader } from '../graph/node-reader.js';
import { numbersOf } from './affine.js';

/** A node that multiplies what depends on the image by weights: out = weight in + bias. */
export interface LinearNode {
  node: Node;
  /** The value that it reads. */
  input: string;
  /** It reads its images as columns. */
  transposed: boolean;
  /** (outputs, inputs), row-major; undefined where the weights are computed, not constants. */
  weight: Float64Array | undefined;
  /** (outputs), or one number for all. */
  bias: Float64Array | undefined;
}

interface Place {
  graph: Graph;
  /** Whether a value depends on the image. */
  depends(value: string): boolean;
}

type Row = (node: Node, place: Place) => Omit<LinearNode, 'node'>;

/** A matrix (rows, columns) as (columns, rows). */
function turned(data: Float64Array, [rows, columns]: readonly number[]): Float64Array {
  return Float64Array.from({ length: data.length }, (_, at) => {
    const [column, row] = [Math.floor(at / rows), at % rows];
    return data[row * columns + column];
  });
}

const matMul: Row = ({ inputs: [input, right] }, { graph }) => {
  const tensor = graph.initializers.get(right);
  const data = tensor?.dims.length === 2 ? numbersOf(tensor) : undefined;
  return {
    input,
    transposed: false,
    weight: data && turned(data, tensor?.dims ?? []),
    bias: new Float64Array(1),
  };
};

const gemm: Row = (node, { graph }) => {
  const [input, right] = node.inputs;
  const read = new NodeReader(node);
  const tensor = graph.initializers.get(right);
  const data = numbersOf(tensor);
  const upright = data && (read.flag('transB') ? data : turned(data, tensor?.dims ?? []));
  const [alpha, beta] = [read.number('alpha', 1), read.number('beta', 1)];
  return {
    input,
    transposed: read.flag('transA'),
    weight: upright?.map((w) => alpha * w),
    bias: biasOf(node, graph)?.map((c) => beta * c),
  };
};

/** A kernel that goes step by step over what it reads: where that leaves one position, it covers all of it. */
const convolution: Row = (node, { graph }) => ({
  input: node.inputs[0],
  transposed: false,
  weight: numbersOf(graph.initializers.get(node.inputs[1])),
  bias: biasOf(node, graph),
});

function biasOf({ inputs: [, , bias = ''] }: Node, graph: Graph): Float64Array | undefined {
  return bias === '' ? new Float64Array(1) : numbersOf(graph.initializers.get(bias));
}

/** Convolutions that drop nothing of what they read, and add nothing. */
function isPlain(node: Node): boolean {
  const read = new NodeReader(node);
  const all = (name: string, value: number) => (read.ints(name) ?? []).every((v) => v === value);
  const pads = ['NOTSET', 'VALID'].includes(read.text('auto_pad', 'NOTSET')) && all('pads', 0);
  return pads && all('strides', 1) && all('dilations', 1) && read.number('group', 1) === 1;
}

/** Operators of linear layers. */
const rows: Readonly<Record<string, Row>> = { MatMul: matMul, Gemm: gemm, Conv: convolution };

/** The node as a linear layer, of an image on the left and weights on the right; undefined where it is none. */
export function linearNode(node: Node, place: Place): LinearNode | undefined {
  const row = node.domain === '' ? rows[node.op] : undefined;
  const [image, ...others] = node.inputs;
  if (!row || !place.depends(image) || others.some(place.depends)) return undefined;
  if (node.op === 'Conv' && !isPlain(node)) return undefined;
  return { node, ...row(node, place) };
}
