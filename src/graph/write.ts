import onnxProto from 'onnx-proto';
import type { Attribute, Graph, Node, Tensor, ValueInfo } from './graph.js';
import { toBytes, typeCode } from './tensor.js';

const { onnx } = onnxProto;
const ATTRIBUTE = onnx.AttributeProto.AttributeType;

/** Serialises a graph as an ONNX model in one piece (weights inline). */
export function writeOnnx(graph: Graph): Uint8Array {
  const model = onnx.ModelProto.create({
    irVersion: graph.irVersion,
    producerName: 'assay',
    opsetImport: Object.entries(graph.opsets).map(([domain, version]) => ({ domain, version })),
    graph: protoGraph(graph),
  });
  return onnx.ModelProto.encode(model).finish();
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
