import type { Engine } from '../engines/engine.js';
import { AssayError } from '../errors.js';
import type { Graph, Tensor } from '../graph/graph.js';
import { prune } from '../graph/prune.js';
import { toBytes } from '../graph/tensor.js';

/** Batches that a value must not depend on to count as a constant. */
const BATCHES = [2, 7];

/**
 * Makes constants of what is computed from shapes alone and is the same for every batch: where slices start,
 * sizes to resize to, attention masks. Exporters write such arithmetic out when the batch is open, and gradient
 * rules need the numbers. Nothing else changes; a network that does not fold at another batch is left alone.
 * @param image the input whose first axis is the batch
 */
export async function freezeShapes(engine: Engine, graph: Graph, image: string): Promise<Graph> {
  if (!graph.nodes.some(({ op }) => op === 'Shape' || op === 'Size')) return graph;
  const constants: ReadonlyMap<string, Tensor>[] = [];
  for (const batch of BATCHES) {
    try {
      constants.push((await engine.fold(atBatch(graph, image, batch))).initializers);
    } catch (error) {
      if (error instanceof AssayError && error.code === 'engine-failed') return graph;
      throw error;
    }
  }
  const [first, second] = constants;
  const frozen = new Map(
    [...first].filter(([name, value]) => !graph.initializers.has(name) && same(value, second.get(name))),
  );
  const isFrozen = (name: string) => name === '' || frozen.has(name);
  const nodes = graph.nodes.filter(({ outputs }) => !outputs.every(isFrozen));
  const written = new Set(nodes.flatMap(({ outputs }) => outputs));
  const initializers = new Map([...graph.initializers, ...frozen].filter(([name]) => !written.has(name)));
  // Names that folding made itself are read by nobody here, and go.
  return prune({ ...graph, nodes, initializers });
}

/** Declared output shapes would contradict the batch. */
function atBatch(graph: Graph, image: string, batch: number): Graph {
  return {
    ...graph,
    inputs: graph.inputs.map((i) =>
      i.name === image && i.dims ? { ...i, dims: [batch, ...i.dims.slice(1)] } : i,
    ),
    outputs: graph.outputs.map((o) => ({ ...o, dims: null })),
  };
}

function same(a: Tensor, b: Tensor | undefined): boolean {
  return (
    b !== undefined &&
    a.type === b.type &&
    a.dims.length === b.dims.length &&
    a.dims.every((d, i) => d === b.dims[i]) &&
    Buffer.compare(toBytes(a.data), toBytes(b.data)) === 0
  );
}
