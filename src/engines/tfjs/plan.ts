import { AssayError } from '../../errors.js';
import type { Attribute, Graph, Node, Tensor } from '../../graph/graph.js';
import { prune, valuesRead } from '../../graph/prune.js';
import { floats, int64s } from '../../graph/tensor.js';
import { TENSORFLOW } from '../../graph/tensorflow.js';
import { graphOperator } from './graph-operator.js';
import type { Row } from './row.js';
import { OPERATORS } from './table.js';

/** One node of a plan, and the values that nothing reads after it. */
export interface Step {
  node: Node;
  row: Row;
  last: string[];
}

const standard = (op: string): Row | undefined => OPERATORS.get(op);

/** Where the operators of a domain are looked up. */
const DOMAINS: Readonly<Record<string, (op: string) => Row | undefined>> = {
  '': standard,
  'ai.onnx': standard,
  [TENSORFLOW]: () => graphOperator,
};

/** Errors: `op-unsupported` names the first node that has no row. */
function rowOf(node: Node): Row {
  const row = Object.hasOwn(DOMAINS, node.domain) ? DOMAINS[node.domain]!(node.op) : undefined;
  if (row) return row;
  const name = node.domain ? `${node.domain}.${node.op}` : node.op;
  throw new AssayError('op-unsupported', `the tfjs engine has no operator ${name}`, {
    path: `node "${node.name}" (${name})`,
    hint: 'use `--engine ort`; a row in src/engines/tfjs/ops adds an operator',
  });
}

/** The nodes that some outputs need, in order. */
export function planOf(graph: Graph, fetches: readonly string[]): Step[] {
  const needed = new Set(fetches);
  const { nodes } = prune({ ...graph, outputs: graph.outputs.filter((o) => needed.has(o.name)) });
  const seen = new Set(fetches);
  const steps = nodes.toReversed().map((node) => {
    const touched = new Set([...valuesRead(node), ...node.outputs]);
    const last = [...touched].filter((name) => name !== '' && !seen.has(name));
    for (const name of last) seen.add(name);
    return { node, row: rowOf(node), last };
  });
  return steps.reverse();
}

const CONSTANTS: Record<string, (a: Attribute) => Tensor | undefined> = {
  value: (a) => (a.kind === 'tensor' ? a.value : undefined),
  value_float: (a) => (a.kind === 'float' ? floats([], [a.value]) : undefined),
  value_floats: (a) => (a.kind === 'floats' ? floats([a.value.length], a.value) : undefined),
  value_int: (a) => (a.kind === 'int' ? int64s([a.value], []) : undefined),
  value_ints: (a) => (a.kind === 'ints' ? int64s(a.value) : undefined),
};

/** Constant nodes become constants of the graph. */
export function hoistConstants(graph: Graph): Graph {
  const initializers = new Map(graph.initializers);
  const nodes = graph.nodes.filter((node) => {
    if (node.op !== 'Constant' || node.domain !== '') return true;
    const [name, attribute] = Object.entries(node.attributes)[0] ?? [];
    const value = name && attribute ? CONSTANTS[name]?.(attribute) : undefined;
    if (!value) return true;
    initializers.set(node.outputs[0]!, value);
    return false;
  });
  return { ...graph, nodes, initializers };
}
