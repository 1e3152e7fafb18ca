import { basename, extname } from 'node:path';
import { estimatedGradients, missingGradients } from '../autodiff/coverage.js';
import { readCheckpoint } from '../checkpoints/registry.js';
import type { Engine, Value } from '../engines/engine.js';
import { AssayError } from '../errors.js';
import type { Graph, ValueInfo } from '../graph/graph.js';
import { elementCount } from '../graph/tensor.js';
import { describeDims, isExtent } from './image-input.js';
import { inferCard } from './infer-card.js';

/** A graph input or output, for people. */
export interface Port {
  name: string;
  type: string;
  /** [N, 3, 32, 32] */
  shape: string;
}

/** What a checkpoint holds. */
export interface Inspection {
  file: string;
  format: string;
  bytes: number;
  sha256: string;
  producer?: string;
  /** Operator set the file was exported with. */
  opset: number;
  /** Operators with how often each occurs, most frequent first. */
  ops: { op: string; count: number }[];
  /** Numbers in the float constants. */
  parameters: number;
  inputs: Port[];
  outputs: Port[];
  gradient: {
    available: boolean;
    /** Nodes without a gradient rule on the way from an input to an output. */
    missing: { op: string; node: string }[];
    /** Nodes that round: the gradient through them is an estimate. */
    estimated: { op: string; node: string }[];
  };
  /** A model card to start from, as YAML. */
  card: string;
  /** What the card leaves for the user to decide or to correct. */
  notes: string[];
}

/** Looks into a checkpoint. Errors: as `readCheckpoint`. */
export async function inspectCheckpoint(file: string, engine: Engine): Promise<Inspection> {
  const { graph, sha256, bytes, format } = await readCheckpoint(file);
  const outputs = await measuredOutputs(graph, engine);
  const { card, notes } = inferCard(
    { ...graph, outputs },
    { name: cardName(file), checkpoint: `./${basename(file)}`, sha256 },
  );
  const { missing, estimated } = await gradientTrouble(graph, engine);
  return {
    file,
    format,
    bytes,
    sha256,
    producer: graph.producer,
    opset: graph.exportedOpset ?? graph.opsets[''],
    ops: countOps(graph),
    parameters: [...graph.initializers.values()]
      .filter(({ type }) => type.includes('float'))
      .reduce((total, { dims }) => total + elementCount(dims), 0),
    inputs: graph.inputs.map(port),
    outputs: outputs.map(port),
    gradient: { available: missing.length === 0, missing, estimated },
    card,
    notes: [...(graph.notes ?? []).map(({ message }) => message), ...notes],
  };
}

const port = ({ name, type, dims }: ValueInfo): Port => ({ name, type, shape: describeDims(dims) });

/** The file's name in the characters a card allows. */
function cardName(file: string): string {
  const name = basename(file, extname(file)).replace(/[^A-Za-z0-9._-]+/g, '-');
  return name.replace(/^[^A-Za-z0-9]+/, '').slice(0, 100) || 'model';
}

function countOps({ nodes }: Graph): Inspection['ops'] {
  const counts = new Map<string, number>();
  for (const { op, domain } of nodes) {
    const name = domain ? `${domain}.${op}` : op;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts]
    .map(([op, count]) => ({ op, count }))
    .sort((a, b) => b.count - a.count || (a.op < b.op ? -1 : 1));
}

/** After folding, which removes operators that only constants pass through. */
async function gradientTrouble(
  graph: Graph,
  engine: Engine,
): Promise<Pick<Inspection['gradient'], 'missing' | 'estimated'>> {
  const folded = await engine.fold(graph).catch(() => graph);
  const inputs = folded.inputs.map((i) => i.name);
  const named = (find: typeof missingGradients) =>
    [...new Set(folded.outputs.flatMap((o) => find(folded, inputs, o.name)))].map(({ op, domain, name }) => ({
      op: domain ? `${domain}.${op}` : op,
      node: name,
    }));
  return { missing: named(missingGradients), estimated: named(estimatedGradients) };
}

/** The outputs, with shapes the exporter left out read off a run on zeros where the input's shape is known. */
async function measuredOutputs(graph: Graph, engine: Engine): Promise<ValueInfo[]> {
  const known = graph.outputs.every((o) => o.dims?.slice(1).every(isExtent));
  const feeds = zeros(graph);
  if (known || !feeds) return graph.outputs;
  try {
    const program = await engine.compile(graph);
    const results = await program.run(feeds);
    await program.release();
    return graph.outputs.map((o) => {
      const dims = results[o.name].dims;
      return { ...o, dims: dims.map((d, axis) => (axis === 0 ? (o.dims?.[0] ?? 'N') : d)) };
    });
  } catch (error) {
    // The shapes are a courtesy: a network that does not run is still worth looking at.
    if (error instanceof AssayError) return graph.outputs;
    throw error;
  }
}

/** Zeros for every input, one image where the batch is open; undefined when another dimension is. */
function zeros(graph: Graph): Record<string, Value> | undefined {
  const feeds: Record<string, Value> = {};
  for (const { name, type, dims } of graph.inputs) {
    if (type !== 'float32' || !dims) return undefined;
    const sizes = dims.map((d, axis) => (isExtent(d) ? d : axis === 0 ? 1 : 0));
    const count = sizes.reduce((a, d) => a * d, 1);
    if (count === 0 || count > 2 ** 28) return undefined;
    feeds[name] = { type, dims: sizes, data: new Float32Array(count) };
  }
  return feeds;
}
