import type { DataType, ValueInfo } from '../../graph/graph.js';
import { isObject, type Json } from '../keras/settings.js';
import { type GraphNode, malformed, type TensorName, tensorName, valueName } from './graph-nodes.js';

/** An input or output of a graph model. */
export interface SignedTensor {
  /** What the signature calls it. */
  key: string;
  tensor: TensorName;
  type: DataType;
  dims: ValueInfo['dims'];
}

export interface Signature {
  /** Undefined where the file has no signature: every placeholder is an input then. */
  inputs: SignedTensor[] | undefined;
  outputs: SignedTensor[];
}

/** TensorFlow's DataType, by name and by number, as what TensorFlow.js computes it in. */
const TYPES: ReadonlyMap<unknown, DataType> = new Map<unknown, DataType>([
  ['DT_FLOAT', 'float32'],
  ['DT_DOUBLE', 'float32'],
  ['DT_HALF', 'float32'],
  ['DT_BFLOAT16', 'float32'],
  ['DT_INT32', 'int32'],
  ['DT_INT64', 'int32'],
  ['DT_UINT8', 'int32'],
  ['DT_INT8', 'int32'],
  ['DT_BOOL', 'bool'],
  [1, 'float32'],
  [2, 'float32'],
  [3, 'int32'],
  [4, 'int32'],
  [6, 'int32'],
  [9, 'int32'],
  [10, 'bool'],
  [14, 'float32'],
  [19, 'float32'],
]);

function typeOf(code: unknown, file: string, path: string): DataType {
  const type = TYPES.get(code);
  if (type) return type;
  throw malformed(file, path, 'numbers or truth values', code);
}

/** A TensorShapeProto. Sizes are strings, -1 where they are open; the first is then the batch. */
function dimsOf(shape: unknown, file: string, path: string): ValueInfo['dims'] {
  if (!isObject(shape) || shape.unknownRank === true) return null;
  const { dim = [] } = shape;
  if (!Array.isArray(dim) || dim.length > 8) throw malformed(file, path, 'a list of sizes', shape);
  return dim.map((one, axis) => {
    const size = Number(isObject(one) ? (one.size ?? 0) : Number.NaN);
    if (size === -1) return axis === 0 ? 'N' : null;
    if (Number.isSafeInteger(size) && size >= 0) return size;
    throw malformed(file, path, 'a list of sizes', one);
  });
}

/** Attributes that say the type of what a node makes, the most telling first. */
const TYPED_BY = ['DstT', 'output_type', 'dtype', 'T'];

/** A node's first output as a signature would have it. */
export function unsigned(node: GraphNode, file: string): SignedTensor {
  const path = `node "${node.name}" (${node.op})`;
  const typed = TYPED_BY.map((name) => node.attr[name]).find(isObject);
  const { shape } = node.attr;
  return {
    key: node.name,
    tensor: { node: node.name, output: 0 },
    type: typed ? typeOf(typed.type, file, path) : 'float32',
    dims: node.op.startsWith('Placeholder')
      ? dimsOf(isObject(shape) ? shape.shape : undefined, file, path)
      : null,
  };
}

/** What a signature says, and what the graph says where it is silent. */
function signed(
  source: unknown,
  kind: string,
  nodes: ReadonlyMap<string, GraphNode>,
  file: string,
): SignedTensor[] {
  if (!isObject(source)) return [];
  return Object.entries(source).map(([key, entry]) => {
    const path = `signature.${kind}.${key}`;
    const { name, dtype, tensorShape } = isObject(entry) ? entry : {};
    const tensor = tensorName(name, file, `${path}.name`);
    const node = nodes.get(tensor.node);
    if (!node) throw malformed(file, path, 'a node of the graph', tensor.node);
    const own = unsigned(node, file);
    return {
      key,
      tensor,
      type: dtype === undefined ? own.type : typeOf(dtype, file, `${path}.dtype`),
      dims: tensorShape === undefined ? own.dims : dimsOf(tensorShape, file, path),
    };
  });
}

/** Operators that give nothing which a user could want. */
const NO_OUTPUT = new Set(['Const', 'NoOp', 'Placeholder', 'Assert', 'Print']);

/**
 * What goes in and what comes out: as the signature says; without one, what nothing reads comes out.
 * Errors: `file-malformed`, naming the key.
 */
export function signatureOf(json: Json, nodes: ReadonlyMap<string, GraphNode>, file: string): Signature {
  const { userDefinedMetadata: metadata } = json;
  // Converters before 2.8 put it among the metadata.
  const source = isObject(metadata) && isObject(metadata.signature) ? metadata.signature : json.signature;
  const { inputs, outputs } = isObject(source) ? source : {};
  const [given, made] = [signed(inputs, 'inputs', nodes, file), signed(outputs, 'outputs', nodes, file)];
  if (made.length > 0) return { inputs: given.length > 0 ? given : undefined, outputs: made };
  const read = new Set([...nodes.values()].flatMap((node) => node.inputs.map((one) => one.node)));
  const last = [...nodes.values()].filter(({ name, op }) => !read.has(name) && !NO_OUTPUT.has(op));
  if (last.length === 0) throw malformed(file, 'signature.outputs', 'an output', outputs);
  return { inputs: undefined, outputs: last.map((node) => unsigned(node, file)) };
}

/** How a signature's tensor is told from the others: `valueName` of it. */
export const signedName = ({ tensor }: SignedTensor): string => valueName(tensor);
