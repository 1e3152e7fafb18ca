import type { Graph, Node, Tensor } from '../../graph/graph.js';
import { NodeReader } from '../../graph/node-reader.js';
import { numbersOf } from './affine.js';

/** A node that multiplies what depends on the image by weights: out = weight in + bias. */
export interface LinearNode {
  node: Node;
  /** The value that it reads. */
  input: string;
  /** It reads its images as columns. */
  transposed: boolean;
  /** Rows of its weights; undefined where they are computed, not constants. */
  outputs: number | undefined;
  /** Weight (outputs, inputs), row-major, and bias (outputs) or one number for all; copies, in double precision. */
  numbers(): { weight: Float64Array; bias: Float64Array };
}

interface Place {
  graph: Graph;
  /** Whether a value depends on the image. */
  depends(value: string): boolean;
}

interface Row {
  /** How the weights lie: with a row for each output, or a column. */
  byOutput(read: NodeReader): boolean;
  /** What the product and the bias are multiplied by. */
  factors?(read: NodeReader): [product: number, bias: number];
  /** Where not every node of this operator is a linear layer. */
  fits?(read: NodeReader): boolean;
}

/** Operators of linear layers. */
const rows: Readonly<Record<string, Row>> = {
  MatMul: { byOutput: () => false },
  Gemm: {
    byOutput: (read) => read.flag('transB'),
    factors: (read) => [read.number('alpha', 1), read.number('beta', 1)],
  },
  // A kernel that goes step by step over what it reads: where that leaves one position, it covers all of it.
  Conv: { byOutput: () => true, fits: isPlain },
};

/** Convolutions that drop nothing of what they read, and add nothing. */
function isPlain(read: NodeReader): boolean {
  const all = (name: string, value: number) => (read.ints(name) ?? []).every((v) => v === value);
  const pads = ['NOTSET', 'VALID'].includes(read.text('auto_pad', 'NOTSET')) && all('pads', 0);
  return pads && all('strides', 1) && all('dilations', 1) && read.number('group', 1) === 1;
}

/** The node as a linear layer, of an image on the left and weights on the right; undefined where it is none. */
export function linearNode(node: Node, { graph, depends }: Place): LinearNode | undefined {
  const row = node.domain === '' ? rows[node.op] : undefined;
  const [input, right, added = ''] = node.inputs;
  if (!row || input === undefined || right === undefined) return undefined;
  if (!depends(input) || [right, added].some(depends)) return undefined;
  const read = new NodeReader(node);
  if (row.fits?.(read) === false) return undefined;
  const tensor = graph.initializers.get(right);
  const term = graph.initializers.get(added);
  // A matrix, or a kernel; stacks of matrices are none.
  const constant = isFloat(tensor) && (node.op === 'Conv' || tensor.dims.length === 2);
  const known = constant && (added === '' || isFloat(term));
  const byOutput = row.byOutput(read);
  const outputs = known ? tensor.dims[byOutput ? 0 : 1] : undefined;
  return {
    node,
    input,
    transposed: node.op === 'Gemm' && read.flag('transA'),
    outputs,
    numbers() {
      const [product, shift] = row.factors?.(read) ?? [1, 1];
      const data = numbersOf(tensor) ?? new Float64Array(0);
      const weight = byOutput ? data : turned(data, tensor?.dims ?? []);
      const bias = numbersOf(term) ?? new Float64Array(1);
      return { weight: weight.map((w) => product * w), bias: bias.map((c) => shift * c) };
    },
  };
}

const isFloat = (tensor: Tensor | undefined): tensor is Tensor =>
  tensor?.type === 'float32' || tensor?.type === 'float64';

/** A matrix (rows, columns) as (columns, rows). */
function turned(data: Float64Array, dims: readonly number[]): Float64Array {
  const [rows, columns] = dims as readonly [number, number];
  return Float64Array.from({ length: data.length }, (_, at) => {
    const [column, row] = [Math.floor(at / rows), at % rows];
    return data[row * columns + column]!;
  });
}
