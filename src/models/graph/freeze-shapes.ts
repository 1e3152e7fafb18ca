import type { Engine } from '../../engines/engine.js';
import { AssayError } from '../../errors.js';
import { GraphBuilder } from '../../graph/build.js';
import type { Graph, Node, Tensor } from '../../graph/graph.js';
import { prune } from '../../graph/prune.js';
import { toBytes } from '../../graph/tensor.js';

/** Batches that a value must not depend on to count as a constant. */
const BATCHES = [2, 7];

/**
 * Makes constants of what is computed from shapes alone and is the same for every batch: where slices start, how
 * much is padded, sizes to resize to, attention masks. Exporters write such arithmetic out when the batch is open,
 * and gradient rules need the numbers. Nothing else changes; a network that does not fold at another batch is left
 * alone.
 * @param image the input whose first axis is the batch
 */
export async function freezeShapes(engine: Engine, graph: Graph, image: string): Promise<Graph> {
  const values = shapeValues(graph);
  if (values.length === 0) return graph;
  const { probed, names } = probing(graph, values);
  const constants: ReadonlyMap<string, Tensor>[] = [];
  for (const batch of BATCHES) {
    try {
      constants.push((await engine.fold(atBatch(probed, image, batch))).initializers);
    } catch (error) {
      if (error instanceof AssayError && error.code === 'engine-failed') return graph;
      throw error;
    }
  }
  const frozen = new Map<string, Tensor>();
  values.forEach((value, i) => {
    const [first, second] = constants.map((tensors) => tensors.get(names[i]!));
    if (first && second && same(first, second)) frozen.set(value, { ...first, dims: first.dims.slice(1) });
  });
  const nodes = graph.nodes.filter(({ outputs }) => !outputs.every((o) => o === '' || frozen.has(o)));
  const written = new Set(nodes.flatMap(({ outputs }) => outputs));
  const initializers = new Map([...graph.initializers, ...frozen].filter(([name]) => !written.has(name)));
  return prune({ ...graph, nodes, initializers });
}

/** Values that follow from shapes and constants alone, where something else reads them. */
function shapeValues(graph: Graph): string[] {
  const derived = new Set<string>();
  const fixed = (name: string) => name === '' || graph.initializers.has(name) || derived.has(name);
  const read = new Set<string>();
  for (const node of graph.nodes) {
    if (['Shape', 'Size'].includes(node.op) || (isPlain(node) && node.inputs.every(fixed))) {
      for (const output of node.outputs) derived.add(output);
    } else {
      for (const input of node.inputs) if (derived.has(input)) read.add(input);
    }
  }
  return [...read].filter((name) => name !== '');
}

/** A function of its inputs: no subgraph that captures others, no chance. */
function isPlain({ op, inputs, attributes }: Node): boolean {
  const nested = Object.values(attributes).some(({ kind }) => kind === 'graph');
  return !nested && !op.startsWith('Random') && (inputs.length > 0 || op === 'Constant');
}

/**
 * The graph with each value under a name of its own, with an axis of one before it, and read by something that
 * folding cannot remove: the value would otherwise go with the operator that it is merged into.
 */
function probing(graph: Graph, values: readonly string[]): { probed: Graph; names: string[] } {
  const b = new GraphBuilder({ ...graph, outputs: [] });
  const any = b.input(b.fresh('probe'), 'int64', ['K']);
  const names = values.map((value) => {
    const name = b.op('Unsqueeze', [value, b.ints([0])], {}, 'frozen');
    b.output(b.op('Shape', [b.op('Gather', [name, any])]), 'int64');
    return name;
  });
  return { probed: prune(b.build()), names };
}

/** Declared output shapes would contradict the batch. */
function atBatch(graph: Graph, image: string, batch: number): Graph {
  return {
    ...graph,
    inputs: graph.inputs.map((i) =>
      i.name === image && i.dims ? { ...i, dims: [batch, ...i.dims.slice(1)] } : i,
    ),
  };
}

function same(a: Tensor, b: Tensor): boolean {
  return (
    a.type === b.type &&
    a.dims.length === b.dims.length &&
    a.dims.every((d, i) => d === b.dims[i]) &&
    Buffer.compare(toBytes(a.data), toBytes(b.data)) === 0
  );
}
