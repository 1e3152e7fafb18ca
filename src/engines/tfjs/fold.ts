import type { DataType, Graph, Node, Tensor } from '../../graph/graph.js';
import { prune, valuesRead } from '../../graph/prune.js';
import { typeOfCode } from '../../graph/tensor.js';
import type { Program } from '../engine.js';
import { hoistConstants } from './plan.js';
import { OPERATORS } from './table.js';
import { isDownloadable } from './transfer.js';

const INTEGER = new Set(['Shape', 'Size', 'ArgMax', 'ArgMin', 'NonZero']);
const TRUTH = new Set(['Equal', 'Greater', 'GreaterOrEqual', 'Less', 'LessOrEqual', 'IsNaN', 'IsInf']);

/** Operators whose outputs have the type of another input than the first. */
const TYPED_BY: Record<string, number> = { Where: 1, OneHot: 2 };

/** The element type of a node's outputs. */
function typeOf(node: Node, known: ReadonlyMap<string, DataType>): DataType | undefined {
  const { to, dtype, value } = node.attributes;
  if (node.op === 'TopK') return undefined;
  if (INTEGER.has(node.op)) return 'int64';
  if (TRUTH.has(node.op)) return 'bool';
  if (node.op === 'ConstantOfShape') return value?.kind === 'tensor' ? value.value.type : 'float32';
  const code = node.op === 'Cast' ? to : node.op === 'EyeLike' ? dtype : undefined;
  if (code?.kind === 'int') return typeOfCode(code.value);
  return known.get(node.inputs[TYPED_BY[node.op] ?? 0]!);
}

/**
 * Runs the nodes that depend on constants only, and puts what the others read of their results in their place.
 * @param compile as an engine's
 */
export async function foldConstants(
  original: Graph,
  compile: (constants: Graph) => Promise<Program>,
): Promise<Graph> {
  const graph = hoistConstants(original);
  const types = new Map([...graph.initializers].map(([name, { type }]) => [name, type]));
  const given = new Set(graph.outputs.map((o) => o.name));
  const folded = new Set<Node>();
  for (const node of graph.nodes) {
    const type = typeOf(node, types);
    const constant = valuesRead(node).every((name) => types.has(name));
    // Outputs of the graph stay outputs of nodes.
    if (!constant || !type || !isDownloadable(type) || !OPERATORS.has(node.op) || node.domain !== '')
      continue;
    if (node.outputs.some((name) => given.has(name))) continue;
    folded.add(node);
    for (const name of node.outputs) types.set(name, type);
  }
  const made = new Set([...folded].flatMap((node) => node.outputs));
  const rest = graph.nodes.filter((node) => !folded.has(node));
  const read = [...new Set(rest.flatMap(valuesRead))].filter((name) => made.has(name));
  if (read.length === 0) return prune(graph);
  const outputs = read.map((name) => ({ name, type: types.get(name) as DataType, dims: null }));
  const program = await compile(prune({ ...graph, inputs: [], nodes: [...folded], outputs }));
  try {
    const results = await program.run({});
    const initializers = new Map<string, Tensor>(graph.initializers);
    for (const [name, { type, dims, data }] of Object.entries(results))
      initializers.set(name, { type, dims: [...dims], data });
    return prune({ ...graph, nodes: rest, initializers });
  } finally {
    await program.release();
  }
}
