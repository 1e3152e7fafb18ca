import type { Attribute, DataType, Graph, Node, Note, Tensor, ValueInfo } from './graph.js';
import { typeCode, typeOfCode } from './tensor.js';
import { asFloat32 } from './widen.js';

const HALVES: ReadonlySet<DataType> = new Set(['float16', 'bfloat16']);

/** Attributes that name an element type, by the code of TensorProto. */
const TYPE_ATTRIBUTES = new Set(['to', 'dtype', 'output_dtype', 'stash_type', 'softmax_precision']);

/**
 * The same network with every 16-bit float as float32, and every float64 too where the network takes float64.
 * Weights are exact (a float64 weight is rounded); intermediate values are no longer rounded to 16 bits, so the
 * gradient is that of the function the weights define. onnxruntime's CPU kernels compute in float32 as well, and
 * round after each node. A graph without such types is returned as it is.
 */
export function inFloat32(graph: Graph): Graph {
  const types = new Set<DataType>(HALVES);
  // A float64 inside a float32 network is arithmetic on sizes, where digits matter.
  if (graph.inputs.some((i) => i.type === 'float64')) types.add('float64');
  const converted = convert(graph, types, new Set<DataType>());
  const { found } = converted;
  if (found.size === 0) return graph;
  const note: Note = {
    code: 'computed-in-float32',
    severity: 'note',
    message: `the network is in ${[...found].join(' and ')}, and is computed in float32`,
    why: 'values are not rounded after each operator, so they may differ in the last digits that the type has',
  };
  return { ...converted.graph, notes: [...(graph.notes ?? []), note] };
}

function convert(
  graph: Graph,
  types: ReadonlySet<DataType>,
  narrow: Set<DataType>,
): { graph: Graph; found: Set<DataType> } {
  const tensor = (value: Tensor): Tensor => {
    const data = types.has(value.type) ? asFloat32(value) : undefined;
    if (!data) return value;
    narrow.add(value.type);
    return { type: 'float32', dims: value.dims, data };
  };
  const port = (value: ValueInfo): ValueInfo => {
    if (!types.has(value.type)) return value;
    narrow.add(value.type);
    return { ...value, type: 'float32' };
  };
  const attribute = ([name, a]: [string, Attribute]): [string, Attribute] => {
    if (a.kind === 'tensor') return [name, { kind: 'tensor', value: tensor(a.value) }];
    if (a.kind === 'graph') return [name, { kind: 'graph', value: convert(a.value, types, narrow).graph }];
    const type = a.kind === 'int' && TYPE_ATTRIBUTES.has(name) ? typeOfCode(a.value) : undefined;
    if (!type || !types.has(type)) return [name, a];
    narrow.add(type);
    return [name, { kind: 'int', value: typeCode('float32') }];
  };
  const node = (n: Node): Node => ({
    ...n,
    attributes: Object.fromEntries(Object.entries(n.attributes).map(attribute)),
  });
  return {
    graph: {
      ...graph,
      inputs: graph.inputs.map(port),
      outputs: graph.outputs.map(port),
      nodes: graph.nodes.map(node),
      initializers: new Map([...graph.initializers].map(([name, value]) => [name, tensor(value)])),
    },
    found: narrow,
  };
}
