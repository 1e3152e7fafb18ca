import onnxProto from 'onnx-proto';
import { limits } from '../bytes/limits.js';
import { AssayError } from '../errors.js';
import { hasTooManyParts } from './count-parts.js';
import { inlineFunctions } from './functions.js';
import type { Attribute, DataType, Graph, Node, Tensor, TypedArray, ValueInfo } from './graph.js';
import { upgrade } from './opset.js';
import { allocate, bytesPerElement, elementCount, fromBytes, toBytes, typeOfCode } from './tensor.js';
import { withoutText } from './text-values.js';

const { onnx } = onnxProto;
type ProtoTensor = onnxProto.onnx.ITensorProto;
type ProtoAttribute = onnxProto.onnx.IAttributeProto;
type ProtoGraph = onnxProto.onnx.IGraphProto;
type ProtoValue = onnxProto.onnx.IValueInfoProto;
type ProtoInteger = number | { toNumber(): number; toString(): string } | null | undefined;

/**
 * Where the bytes of a tensor stored outside the .onnx file are; returns exactly `length` bytes, or all.
 * `known`: the bytes of a tensor that is taken in their place where they are the same, and may be returned then.
 */
export type ExternalData = (
  location: string,
  offset: number,
  length: number | undefined,
  known?: Uint8Array,
) => Uint8Array;

export interface ReadOptions {
  /** For messages. */
  file?: string;
  /** How to read external data. Without it a model that needs some is refused. */
  external?: ExternalData;
  /** Initialisers by name: one of the same type, shape and bytes is taken in place of a copy of what the file holds. */
  known?: ReadonlyMap<string, Tensor>;
}

/** Subgraphs (If, Loop) deeper than this are refused rather than followed. */
const MAX_DEPTH = 16;

/**
 * Parses an ONNX model and rewrites it in the operator forms of opset 18. Nothing is executed, and nothing is
 * allocated by a length the file only claims: every tensor's data must be present in full.
 * Errors: `file-malformed` when the bytes are not a complete ONNX model, `model-invalid` for contents that
 * cannot be held (tensors of text that something else is computed from, sparse initialisers, 4-bit types).
 */
export function readOnnx(bytes: Uint8Array, options: ReadOptions | string = {}): Graph {
  const where = typeof options === 'string' ? { file: options } : options;
  const malformed = (message: string, cause?: unknown) =>
    new AssayError('file-malformed', message, {
      file: where.file,
      expected: 'a complete ONNX model (a ModelProto)',
      hint: 'check that the file was copied completely, or export it again',
      cause,
    });
  if (hasTooManyParts(bytes))
    throw new AssayError('file-malformed', 'the graph in the file has too many parts', {
      file: where.file,
      expected: `at most ${limits.graphNodes.value} ${limits.graphNodes.of}`,
      found: 'more',
      hint: limits.graphNodes.instead,
    });
  let model: onnxProto.onnx.ModelProto;
  try {
    model = onnx.ModelProto.decode(bytes);
  } catch (cause) {
    throw malformed('the file is not ONNX, or was cut off', cause);
  }
  if (!model.graph?.node?.length || !model.opsetImport?.length) {
    throw malformed('the file holds no ONNX graph');
  }
  const opsets = Object.fromEntries(model.opsetImport.map((o) => [o.domain || '', integer(o.version)]));
  if (opsets['ai.onnx'] !== undefined) {
    opsets[''] ??= opsets['ai.onnx'];
    delete opsets['ai.onnx'];
  }
  const producer = [model.producerName, model.producerVersion].filter(Boolean).join(' ');
  const { graph: plain, notes } = withoutText(inlineFunctions(model, where.file));
  const graph = readGraph(plain, new Reader(where), 0);
  const read = {
    ...graph,
    ...(notes.length > 0 && { notes }),
    opsets,
    irVersion: integer(model.irVersion),
    producer: producer || undefined,
  };
  return upgrade(read, where.file);
}

class Reader {
  constructor(private readonly where: ReadOptions) {}

  initializer(proto: ProtoTensor): Tensor {
    const { name = '' } = proto;
    return this.tensor(proto, `initializer "${name}"`, this.where.known?.get(name ?? ''));
  }

  invalid(path: string, message: string, hint?: string) {
    return new AssayError('model-invalid', message, { file: this.where.file, path, hint });
  }

  tensor(proto: ProtoTensor, path: string, known?: Tensor): Tensor {
    const type = typeOfCode(proto.dataType ?? 0);
    if (!type) {
      throw this.invalid(
        path,
        `a tensor has element type ${proto.dataType}, which cannot be read`,
        'export the model with float32 weights',
      );
    }
    const dims = (proto.dims ?? []).map(integer);
    const count = elementCount(dims);
    const external = proto.dataLocation === onnx.TensorProto.DataLocation.EXTERNAL;
    const length = count * bytesPerElement(type);
    const raw = external
      ? this.externalBytes(proto, length, path, known && toBytes(known.data))
      : proto.rawData;
    if (raw?.length) {
      if (raw.length !== length) {
        throw this.invalid(
          path,
          `a tensor of shape [${dims.join(', ')}] needs ${length} bytes but has ${raw.length}`,
        );
      }
      const same =
        known?.type === type &&
        known.dims.join() === dims.join() &&
        Buffer.compare(toBytes(known.data), raw) === 0;
      return same ? known : { type, dims, data: fromBytes(type, raw) };
    }
    const values = fieldOf(proto, type);
    if (values.length !== count) {
      throw this.invalid(
        path,
        `a tensor of shape [${dims.join(', ')}] needs ${count} values but has ${values.length}`,
      );
    }
    return { type, dims, data: fill(type, values) };
  }

  private externalBytes(
    proto: ProtoTensor,
    length: number,
    path: string,
    known: Uint8Array | undefined,
  ): Uint8Array {
    const entry = (key: string) => proto.externalData?.find((e) => e.key === key)?.value;
    const location = entry('location');
    if (!location || !this.where.external) {
      throw this.invalid(
        path,
        'the model keeps weights outside its file, and they cannot be read here',
        'save the model as one file',
      );
    }
    const offset = Number(entry('offset') ?? 0);
    const stated = entry('length') ? Number(entry('length')) : length;
    const bytes = this.where.external(location, offset, stated, known);
    if (bytes.length !== length) {
      throw this.invalid(
        path,
        `external data "${location}" gave ${bytes.length} bytes where the tensor needs ${length}`,
      );
    }
    return bytes;
  }
}

function integer(value: ProtoInteger): number {
  if (value === null || value === undefined) return 0;
  return typeof value === 'number' ? value : Number(value.toString());
}

/** The repeated field that holds the values when there is no raw data (onnx.proto, TensorProto). */
function fieldOf(proto: ProtoTensor, type: DataType): readonly ProtoInteger[] {
  switch (type) {
    case 'float32':
      return proto.floatData ?? [];
    case 'float64':
      return proto.doubleData ?? [];
    case 'int64':
      return proto.int64Data ?? [];
    case 'uint32':
    case 'uint64':
      return proto.uint64Data ?? [];
    default:
      return proto.int32Data ?? [];
  }
}

function fill(type: DataType, values: readonly ProtoInteger[]): TypedArray {
  const data = allocate(type, values.length);
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    values.forEach((v, i) => {
      data[i] = BigInt(v?.toString() ?? 0);
    });
  } else {
    values.forEach((v, i) => {
      data[i] = integer(v);
    });
  }
  return data;
}

function readGraph(proto: ProtoGraph, reader: Reader, depth: number): Graph {
  if (depth > MAX_DEPTH) throw reader.invalid('graph', `subgraphs are nested more than ${MAX_DEPTH} deep`);
  if (proto.sparseInitializer?.length) {
    throw reader.invalid(
      'graph.sparse_initializer',
      'sparse weights are not supported',
      'export the model with dense weights',
    );
  }
  const initializers = new Map<string, Tensor>();
  for (const tensor of proto.initializer ?? []) {
    initializers.set(tensor.name ?? '', reader.initializer(tensor));
  }
  const nodes = (proto.node ?? []).map((node, i): Node => {
    const label = node.name || `${node.opType} #${i}`;
    return {
      name: node.name || `${node.opType}_${i}`,
      op: node.opType ?? '',
      domain: node.domain === 'ai.onnx' ? '' : (node.domain ?? ''),
      inputs: node.input ?? [],
      outputs: node.output ?? [],
      attributes: Object.fromEntries(
        (node.attribute ?? []).map((a) => [
          a.name ?? '',
          readAttribute(a, reader, `node "${label}", attribute "${a.name}"`, depth),
        ]),
      ),
    };
  });
  return {
    name: proto.name ?? 'graph',
    opsets: {},
    irVersion: 0,
    inputs: (proto.input ?? [])
      .filter((v) => !initializers.has(v.name ?? ''))
      .map((v) => valueInfo(v, reader)),
    outputs: (proto.output ?? []).map((v) => valueInfo(v, reader)),
    nodes,
    initializers,
  };
}

function valueInfo(proto: ProtoValue, reader: Reader): ValueInfo {
  const tensor = proto.type?.tensorType;
  const type = typeOfCode(tensor?.elemType ?? 0);
  // Subgraphs may leave types to inference; float32 is then a label, not a claim that anything relies on.
  if (tensor?.elemType && !type) {
    throw reader.invalid(
      `value "${proto.name}"`,
      tensor.elemType === onnx.TensorProto.DataType.STRING
        ? 'it is text, and a network that reads or gives nothing else has no logits'
        : `it has element type ${tensor.elemType}, which cannot be read`,
      'export it with a float32 image as input, and the scores of all classes as output',
    );
  }
  const dims = tensor?.shape?.dim?.map((d) => {
    if (d.dimParam) return d.dimParam;
    return d.dimValue === null || d.dimValue === undefined ? null : integer(d.dimValue);
  });
  return { name: proto.name ?? '', type: type ?? 'float32', dims: dims ?? null };
}

function readAttribute(proto: ProtoAttribute, reader: Reader, path: string, depth: number): Attribute {
  const kinds = onnx.AttributeProto.AttributeType;
  const text = (bytes: Uint8Array | null | undefined) => Buffer.from(bytes ?? []).toString('utf8');
  switch (proto.type) {
    case kinds.INT:
      return { kind: 'int', value: integer(proto.i) };
    case kinds.FLOAT:
      return { kind: 'float', value: proto.f ?? 0 };
    case kinds.STRING:
      return { kind: 'string', value: text(proto.s) };
    case kinds.INTS:
      return { kind: 'ints', value: (proto.ints ?? []).map(integer) };
    case kinds.FLOATS:
      return { kind: 'floats', value: [...(proto.floats ?? [])] };
    case kinds.STRINGS:
      return { kind: 'strings', value: (proto.strings ?? []).map(text) };
    case kinds.TENSOR:
      return { kind: 'tensor', value: reader.tensor(proto.t ?? {}, path) };
    case kinds.GRAPH:
      return { kind: 'graph', value: readGraph(proto.g ?? {}, reader, depth + 1) };
    default:
      throw reader.invalid(path, `the attribute has a type (${proto.type}) that cannot be read`);
  }
}
