import onnxProto from 'onnx-proto';
import type { Attribute, Graph, Node, Tensor, ValueInfo } from './graph.js';
import { toBytes, typeCode } from './tensor.js';

const { onnx } = onnxProto;
const ATTRIBUTE = onnx.AttributeProto.AttributeType;

/** Serialises a graph as an ONNX model in one piece (weights inline). */
export function writeOnnx(graph: Graph): Uint8Array {
  const parts = onnxParts(graph);
  const bytes = new Uint8Array(lengthOf(parts));
  placeParts(parts, bytes);
  return bytes;
}

/** Where the bytes of weights are that are not in the model: in a file beside it, by its name, from an offset on. */
export interface Outside {
  location: string;
  offset: number;
}

/**
 * The same bytes in parts, one after the other: weights are views of those of the graph, so that whoever puts them where
 * they are wanted copies them once.
 * @param outside initialisers whose bytes are left out, by name
 */
export function onnxParts(graph: Graph, outside: ReadonlyMap<string, Outside> = new Map()): Uint8Array[] {
  const { irVersion, name, nodes, inputs, outputs, initializers } = graph;
  const opsetImport = Object.entries(graph.opsets).map(([domain, version]) => ({ domain, version }));
  const content = [
    onnx.GraphProto.encode({ node: nodes.map(protoNode), name }).finish(),
    ...[...initializers].flatMap(([key, tensor]) =>
      field(INITIALIZER, tensorParts(key, tensor, outside.get(key))),
    ),
    onnx.GraphProto.encode({ input: inputs.map(protoValue), output: outputs.map(protoValue) }).finish(),
  ];
  return [
    onnx.ModelProto.encode({ irVersion, producerName: 'assay' }).finish(),
    ...field(GRAPH, content),
    onnx.ModelProto.encode({ opsetImport }).finish(),
  ];
}

/** Bytes in all. */
export const lengthOf = (parts: readonly Uint8Array[]): number =>
  parts.reduce((sum, { byteLength }) => sum + byteLength, 0);

/** Writes parts one after the other. */
export function placeParts(parts: readonly Uint8Array[], into: Uint8Array): void {
  let at = 0;
  for (const part of parts) {
    into.set(part, at);
    at += part.byteLength;
  }
}

/** Fields of ModelProto, GraphProto and TensorProto that are written here rather than by the library, which copies. */
const GRAPH = 7;
const INITIALIZER = 5;
const RAW_DATA = 9;
const LENGTH_DELIMITED = 2;

/** A field of bytes, or of a message: its number and its length, then what it holds. */
const field = (id: number, content: readonly Uint8Array[]): Uint8Array[] => [
  Uint8Array.from([...varint((id << 3) | LENGTH_DELIMITED), ...varint(lengthOf(content))]),
  ...content,
];

/** Seven bits a byte, the lowest first; not with `>>`, since lengths may pass 2^31. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) + 128);
  }
}

function tensorParts(name: string, { dims, type, data }: Tensor, outside?: Outside): Uint8Array[] {
  const about = { dims, dataType: typeCode(type), name };
  const bytes = toBytes(data);
  if (!outside) return [onnx.TensorProto.encode(about).finish(), ...field(RAW_DATA, [bytes])];
  const { location, offset } = outside;
  const place = { location, offset: String(offset), length: String(bytes.byteLength) };
  const externalData = Object.entries(place).map(([key, value]) => ({ key, value }));
  const dataLocation = onnx.TensorProto.DataLocation.EXTERNAL;
  return [onnx.TensorProto.encode({ ...about, dataLocation, externalData }).finish()];
}

function protoGraph(graph: Graph): onnxProto.onnx.IGraphProto {
  return {
    name: graph.name,
    node: graph.nodes.map(protoNode),
    initializer: [...graph.initializers].map(([name, tensor]) => ({ name, ...protoTensor(tensor) })),
    input: graph.inputs.map(protoValue),
    output: graph.outputs.map(protoValue),
  };
}

function protoNode(node: Node): onnxProto.onnx.INodeProto {
  return {
    name: node.name,
    opType: node.op,
    domain: node.domain,
    input: node.inputs,
    output: node.outputs,
    attribute: Object.entries(node.attributes).map(([name, a]) => ({ name, ...protoAttribute(a) })),
  };
}

function protoTensor(tensor: Tensor): onnxProto.onnx.ITensorProto {
  return { dims: tensor.dims, dataType: typeCode(tensor.type), rawData: toBytes(tensor.data) };
}

function protoValue(value: ValueInfo): onnxProto.onnx.IValueInfoProto {
  const dim = value.dims?.map((d) =>
    typeof d === 'string' ? { dimParam: d } : d === null ? {} : { dimValue: d },
  );
  const shape = dim && { dim };
  return { name: value.name, type: { tensorType: { elemType: typeCode(value.type), shape } } };
}

function protoAttribute(attribute: Attribute): onnxProto.onnx.IAttributeProto {
  const bytes = (text: string) => Buffer.from(text, 'utf8');
  switch (attribute.kind) {
    case 'int':
      return { type: ATTRIBUTE.INT, i: attribute.value };
    case 'float':
      return { type: ATTRIBUTE.FLOAT, f: attribute.value };
    case 'string':
      return { type: ATTRIBUTE.STRING, s: bytes(attribute.value) };
    case 'ints':
      return { type: ATTRIBUTE.INTS, ints: attribute.value };
    case 'floats':
      return { type: ATTRIBUTE.FLOATS, floats: attribute.value };
    case 'strings':
      return { type: ATTRIBUTE.STRINGS, strings: attribute.value.map(bytes) };
    case 'tensor':
      return { type: ATTRIBUTE.TENSOR, t: protoTensor(attribute.value) };
    case 'graph':
      return { type: ATTRIBUTE.GRAPH, g: protoGraph(attribute.value) };
  }
}
