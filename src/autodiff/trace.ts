import type { Engine, Value } from '../engines/engine.js';
import { outputOf } from '../engines/outputs.js';
import type { Graph, Node } from '../graph/graph.js';
import { prune } from '../graph/prune.js';
import type { Shapes } from './site.js';

/** What one run of a graph showed. */
export interface Trace {
  shapes: Shapes;
  /** Those that were asked for. */
  outputs: Record<string, Value>;
}

export interface TraceRequest {
  /** Whose values are wanted. Default: all of the graph. */
  nodes?: readonly Node[];
  /** Shapes that need not be found out. */
  known?: Shapes;
  /** Outputs of the graph to give as well. Default: none. */
  fetches?: readonly string[];
}

/**
 * Shapes and types of all values that the given nodes read or write, read off one run of the graph; where all are known,
 * nothing is run. Feed a batch of two or more, so that the batch axis is not mistaken for one that broadcasts.
 */
export async function traceRun(
  engine: Engine,
  graph: Graph,
  feeds: Record<string, Value>,
  { nodes = graph.nodes, known = new Map(), fetches = [] }: TraceRequest = {},
): Promise<Trace> {
  const shapes = new Map(known);
  for (const [name, tensor] of graph.initializers) shapes.set(name, { type: tensor.type, dims: tensor.dims });
  for (const [name, value] of Object.entries(feeds)) shapes.set(name, { type: value.type, dims: value.dims });
  const written = new Set(graph.nodes.flatMap((n) => n.outputs));
  const needed = new Set(
    nodes.flatMap((n) => [...n.inputs, ...n.outputs]).filter((name) => written.has(name) && name !== ''),
  );
  for (const output of graph.outputs) needed.add(output.name);
  const probes = [...needed].filter((name) => !shapes.has(name));
  if (probes.length === 0 && fetches.length === 0) return { shapes, outputs: {} };
  // The shapes themselves are fetched, not the values: a large network is traced at little cost.
  const types = new Map(graph.outputs.map((o) => [o.name, o.type]));
  const traced = prune({
    ...graph,
    nodes: [
      ...graph.nodes,
      ...probes.map((name, i) => ({
        name: `shape_probe_${i}`,
        op: 'Shape',
        domain: '',
        inputs: [name],
        outputs: [`shape_of_${i}`],
        attributes: {},
      })),
    ],
    outputs: [
      ...graph.outputs.filter(({ name }) => fetches.includes(name)),
      ...probes.map((_, i) => ({ name: `shape_of_${i}`, type: 'int64' as const, dims: null })),
    ],
  });
  const program = await engine.compile(traced);
  try {
    const result = await program.run(feeds);
    probes.forEach((name, i) => {
      const dims = Array.from(outputOf(result, `shape_of_${i}`).data as BigInt64Array, Number);
      shapes.set(name, { type: types.get(name) ?? 'float32', dims });
    });
    return { shapes, outputs: Object.fromEntries(fetches.map((name) => [name, outputOf(result, name)])) };
  } finally {
    await program.release();
  }
}

/** `traceRun` for the shapes alone. */
export async function traceShapes(
  engine: Engine,
  graph: Graph,
  feeds: Record<string, Value>,
  request: Omit<TraceRequest, 'fetches'> = {},
): Promise<Shapes> {
  return (await traceRun(engine, graph, feeds, request)).shapes;
}
