import { stat } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { innermost } from '../architectures/views.js';
import { estimatedGradients, missingGradients, nodesBetween } from '../autodiff/coverage.js';
import { traceShapes } from '../autodiff/trace.js';
import { hashOfFile } from '../bytes/file-hash.js';
import { limits as bounds } from '../bytes/limits.js';
import type { Checkpoint, ReadRequest } from '../checkpoints/checkpoint.js';
import { readCheckpoint, readWeights } from '../checkpoints/registry.js';
import type { Engine, Value } from '../engines/engine.js';
import type { Limits } from '../engines/guard/limits.js';
import { outputOf } from '../engines/outputs.js';
import { createEngine } from '../engines/registry.js';
import { AssayError } from '../errors.js';
import type { DataType, Graph, Node, ValueInfo } from '../graph/graph.js';
import { elementCount } from '../graph/tensor.js';
import { inferCard } from './card/infer-card.js';
import { cardOfWeights } from './card/weights-card.js';
import { engineOf } from './checks.js';
import { type FlattenedMap, flattenedMap } from './graph/flattened-map.js';
import { describeDims, isExtent, takesIntegers } from './graph/image-input.js';
import { beforeArgMax, isFloat } from './graph/outputs.js';
import { guardOf } from './programs/guarded.js';

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
  /** What a file of weights was taken for. */
  network?: string;
  /** The tensors of a file of weights whose network could not be told. */
  tensors?: Port[];
  /** Operator set the file was exported with; of weights, the one they are written in. */
  opset?: number;
  /** Operators with how often each occurs, most frequent first. */
  ops: { op: string; count: number }[];
  /** Numbers in the float constants. */
  parameters: number;
  inputs: Port[];
  outputs: Port[];
  /** The only engine that runs it. */
  engine?: string;
  gradient: {
    available: boolean;
    /** It was not tried, and may be available when a card says more. */
    untried?: true;
    /** What the engine says of it, where it differentiates by itself. */
    because?: string;
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

export interface InspectRequest extends ReadRequest {
  format?: string;
  /** What a call may take on an engine that is started here. */
  limits?: Partial<Limits>;
}

/**
 * Looks into a checkpoint.
 * @param engine runs the network, unless only another one does
 * @param request what a card says of it
 * Errors: as `readCheckpoint`.
 */
export async function inspectCheckpoint(
  file: string,
  engine: Engine,
  { format, limits, ...request }: InspectRequest = {},
): Promise<Inspection> {
  const checkpoint = await readCheckpoint(file, format, request).catch((error) =>
    inspectWeights(file, error, format, request),
  );
  if ('card' in checkpoint) return checkpoint;
  const required = engineOf(checkpoint.graph);
  if (required === undefined || required === engine.name)
    return inspectNetwork(file, checkpoint, guardOf(engine));
  const own = await createEngine(required, { sessions: 1, limits });
  try {
    return await inspectNetwork(file, checkpoint, guardOf(own));
  } finally {
    await own.close();
  }
}

async function inspectNetwork(file: string, checkpoint: Checkpoint, engine: Engine): Promise<Inspection> {
  const { graph: declared, sha256, bytes, built, format } = checkpoint;
  const graph = withScores(declared);
  const required = engineOf(graph);
  const refusals: AssayError[] = [];
  const outputs = await measuredOutputs(graph, engine, refusals);
  const gradient = required ? await ownGradient(graph, engine) : await gradientOf(graph, engine, refusals);
  const maps = await flattenedMaps(graph, engine, refusals);
  const { card, notes } = inferCard(
    { ...graph, outputs },
    { name: cardName(file), checkpoint: `./${basename(file)}`, sha256, built, maps },
  );
  return {
    file,
    format,
    bytes,
    sha256,
    producer: graph.producer,
    network: built && `${built.title} (${built.layout})`,
    opset: graph.exportedOpset ?? graph.opsets[''],
    ops: countOps(graph),
    parameters: [...graph.initializers.values()]
      .filter(({ type }) => type.includes('float'))
      .reduce((total, { dims }) => total + elementCount(dims), 0),
    inputs: graph.inputs.map(port),
    outputs: outputs.slice(0, declared.outputs.length).map(port),
    ...(required && { engine: required }),
    gradient,
    card,
    notes: [
      ...(graph.notes ?? []).map(({ message }) => message),
      ...refusals.map(refusalNote),
      ...(required ? [`it runs on the engine ${required} only: \`assay run --engine ${required}\``] : []),
      ...notes,
    ],
  };
}

/** Where a network gives class numbers only, what they are chosen from is looked at as well. */
function withScores(graph: Graph): Graph {
  const name = graph.outputs.some(isFloat) ? undefined : beforeArgMax(graph);
  if (name === undefined) return graph;
  return { ...graph, outputs: [...graph.outputs, { name, type: 'float32', dims: null }] };
}

/** What can be said of weights that belong to no network that is known, or that leave something open. */
async function inspectWeights(
  file: string,
  error: unknown,
  format: string | undefined,
  { checkpointFormats, architectures }: ReadRequest,
): Promise<Inspection> {
  const open = ['model-invalid', 'shape-mismatch', 'config-invalid'];
  const weights =
    error instanceof AssayError && open.includes(error.code)
      ? await readWeights(file, format, checkpointFormats)
      : undefined;
  if (!weights) throw error;
  const sha256 = await hashOfFile(file);
  const origin = { name: cardName(file), checkpoint: `./${basename(file)}`, sha256 };
  const { tensors } = innermost(weights);
  return {
    file,
    format: weights.format,
    bytes: (await stat(file)).size,
    sha256,
    tensors: [...tensors].map(([name, tensor]) => port({ name, ...tensor })),
    ops: [],
    parameters: [...tensors.values()]
      .filter(({ type }) => type.includes('float'))
      .reduce((total, { dims }) => total + elementCount(dims), 0),
    inputs: [],
    outputs: [],
    gradient: { available: false, untried: true, missing: [], estimated: [] },
    ...cardOfWeights(weights, error as AssayError, origin, architectures),
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

/** By trying: an engine that differentiates by itself says what it lacks. */
async function ownGradient(graph: Graph, engine: Engine): Promise<Inspection['gradient']> {
  const gradient = { missing: [], estimated: [] };
  const feeds = zeros(graph);
  const of = graph.outputs.find(({ type }) => type === 'float32')?.name;
  if (!engine.differentiate || !feeds || of === undefined)
    return {
      ...gradient,
      available: false,
      untried: true,
      because: 'it is tried when a card tells the size of an image',
    };
  try {
    const { program } = await engine.differentiate(graph, feeds, { of, wrt: Object.keys(feeds) });
    await program.release();
    return { ...gradient, available: true, because: "of the engine's own" };
  } catch (error) {
    if (!(error instanceof AssayError)) throw error;
    const { path } = error.details;
    return { ...gradient, available: false, because: `${error.message}${path ? `, at ${path}` : ''}` };
  }
}

/** After folding, which removes operators that only constants pass through. */
async function gradientOf(
  graph: Graph,
  engine: Engine,
  refusals: AssayError[],
): Promise<Inspection['gradient']> {
  if (refusals.length > 0)
    return { available: false, untried: true, because: 'it was not run', missing: [], estimated: [] };
  const folded = await engine.fold(graph).catch((error) => {
    keepRefusal(error, refusals);
    return graph;
  });
  const inputs = folded.inputs.map((i) => i.name);
  const scores = folded.outputs.filter(isFloat);
  const blocked = scores.every(({ name }) => nodesBetween(folded, inputs, name).length === 0);
  if (blocked)
    return { available: false, because: 'no float output depends on the input', missing: [], estimated: [] };
  const named = (find: typeof missingGradients) =>
    [...new Set(scores.flatMap((o) => find(folded, inputs, o.name)))].map(({ op, domain, name }) => ({
      op: domain ? `${domain}.${op}` : op,
      node: name,
    }));
  const missing = named(missingGradients);
  const rounded = folded.inputs.filter(takesIntegers).map(({ name }) => ({ op: 'rounding', node: name }));
  const estimated = [...rounded, ...named(estimatedGradients)];
  return { available: missing.length === 0, missing, estimated };
}

/** The outputs, with shapes the exporter left out read off a run on zeros where the input's shape is known. */
async function measuredOutputs(graph: Graph, engine: Engine, refusals: AssayError[]): Promise<ValueInfo[]> {
  const open = !isExtent(graph.inputs[0]?.dims?.[0]);
  const known = graph.outputs.every((o) => o.dims?.slice(1).every(isExtent));
  const feeds = zeros(graph);
  if (known || !feeds) return graph.outputs;
  try {
    const program = await engine.compile(graph);
    const results = await program.run(feeds);
    await program.release();
    return graph.outputs.map((o) => {
      const dims = outputOf(results, o.name).dims;
      return { ...o, dims: dims.map((d, axis) => (axis === 0 ? (o.dims?.[0] ?? (open ? 'N' : d)) : d)) };
    });
  } catch (error) {
    // The shapes are a courtesy: a network that does not run is still worth looking at.
    keepRefusal(error, refusals);
    return graph.outputs;
  }
}

/** Outputs that are a map over the image laid out flat, by name. */
async function flattenedMaps(
  graph: Graph,
  engine: Engine,
  refusals: AssayError[],
): Promise<Map<string, FlattenedMap>> {
  const maps = new Map<string, FlattenedMap>();
  const feeds = zeros(graph);
  if (!feeds || refusals.length > 0) return maps;
  for (const { name } of graph.outputs.filter(isFloat))
    try {
      const shapesOf = (node: Node) => traceShapes(engine, graph, feeds, { nodes: [node] });
      const map = await flattenedMap(graph, name, imagesIn(feeds), shapesOf);
      if (map) maps.set(name, map);
    } catch (error) {
      keepRefusal(error, refusals);
    }
  return maps;
}

const imagesIn = (feeds: Record<string, Value>) => Object.values(feeds)[0]?.dims[0] ?? 1;

/** Keeps what went beyond a limit; other errors of an engine are no matter here. Errors: those that are no AssayError. */
function keepRefusal(error: unknown, refusals: AssayError[]): void {
  if (!(error instanceof AssayError)) throw error;
  if (error.code === 'limit-exceeded') refusals.push(error);
}

function refusalNote({ message, details: { path, expected, found } }: AssayError): string {
  const facts = [path && `at ${path}`, expected && `allowed: ${expected}`, found && `found: ${found}`];
  return [`runs will refuse it: ${message}`, ...facts].filter(Boolean).join('; ');
}

const ZEROS: Partial<Record<DataType, new (n: number) => Value['data']>> = {
  float32: Float32Array,
  uint8: Uint8Array,
  int32: Int32Array,
  int64: BigInt64Array,
};

/** Zeros for every input, one image where the batch is open; undefined when another dimension is. */
function zeros(graph: Graph): Record<string, Value> | undefined {
  const feeds: Record<string, Value> = {};
  for (const { name, type, dims } of graph.inputs) {
    const Numbers = ZEROS[type];
    if (!Numbers || !dims) return undefined;
    const sizes = dims.map((d, axis) => (isExtent(d) ? d : axis === 0 ? 1 : 0));
    const count = sizes.reduce((a, d) => a * d, 1);
    if (count === 0 || count > bounds.networkImage.value) return undefined;
    feeds[name] = { type, dims: sizes, data: new Numbers(count) };
  }
  return feeds;
}
