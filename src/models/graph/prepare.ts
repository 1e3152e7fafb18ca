import type { Shapes } from '../../autodiff/site.js';
import { traceRun } from '../../autodiff/trace.js';
import type { Engine, Value } from '../../engines/engine.js';
import { outputOf } from '../../engines/outputs.js';
import { AssayError } from '../../errors.js';
import { GraphBuilder } from '../../graph/build.js';
import type { Graph, ValueInfo } from '../../graph/graph.js';
import { prune } from '../../graph/prune.js';
import { mapTuple } from '../../map-tuple.js';
import { stream } from '../../random/stream.js';
import type { Contract } from '../card/contract.js';
import { openBatchAxis } from './batch-axis.js';
import { batchNorms, inTrainingMode, withoutTraining } from './batch-statistics.js';
import { freezeShapes } from './freeze-shapes.js';
import { emitImageInput, findImageInput, type ImageInput } from './image-input.js';
import { chooseOutputs, emitOutputs, type OutputChoice, type OutputNames } from './outputs.js';

/** A network with its input contract and outputs inside: pixels in [0, 1] in, logits and log p(x) out. */
export interface Prepared {
  graph: Graph;
  /** Name of the input: pixels (n, C, H, W), float32, in [0, 1]. */
  pixels: string;
  /** Names of the outputs: logits (n, classes) and log p(x) (n). */
  outputs: OutputNames;
  /** The features that a card names: a value of the graph, (n, width), and no output of it. */
  features?: { value: string; width: number };
  /** Images per run when the network insists on a number; undefined when it takes any. */
  fixedBatch: number | undefined;
}

/** A network whose batch normalisation can be put into training mode. */
export interface InTraining {
  /** Layers of batch normalisation. */
  layers: number;
  /** The network in that mode, its contract and outputs inside; not folded yet. */
  prepared(): Pick<Prepared, 'graph' | 'pixels' | 'outputs'>;
}

/** Shapes of all values in a run of so many images. */
export interface TracedShapes {
  n: number;
  shapes: Shapes;
}

/**
 * Puts a card's contract around a network, folds it, and opens its batch axis when it is fixed. That every
 * image's outputs do not depend on the images beside it is verified by running it. That run tells the shapes of all
 * values, too: sessions of a large network take long to make.
 * @param checkpoint the network's file, for messages
 * Errors: `shape-mismatch` and `model-invalid`, naming the card's key or the graph's value.
 */
export async function prepare(
  engine: Engine,
  given: Graph,
  contract: Contract,
  checkpoint: string,
): Promise<Prepared & { traced: TracedShapes; training?: InTraining | undefined }> {
  const input = findImageInput(given, contract, checkpoint);
  const network = withoutTraining(given, input.name, checkpoint);
  const choice = chooseOutputs(network, contract, checkpoint);
  const surrounded = (graph: Graph, batch: number | 'N') => surround(graph, contract, input, choice, batch);
  const fixed = input.batch ?? 1;
  const asExported = surrounded(network, input.batch ?? 'N');
  const reference = await probeRows(engine, asExported, contract, fixed).catch((cause) => {
    throw doesNotRun(cause, checkpoint);
  });
  const open = withOpenInput(network, input.name);
  const attempts = input.batchAxis ? [() => open, () => openBatchAxis(open, input.name, fixed)] : [];
  for (const attempt of attempts) {
    const opened = attempt();
    const tried = surrounded(opened, 'N');
    try {
      const simple = await engine.fold(tried.graph);
      const folded = { ...tried, graph: await freezeShapes(engine, simple, tried.pixels) };
      const { outputs, ...traced } = await traceNoise(engine, folded, contract, reference.n);
      if (agree(outputs, reference))
        return {
          ...withFeaturesInside(folded, reference),
          fixedBatch: undefined,
          traced,
          training: trainingOf(opened, input.name, (graph) => surrounded(graph, 'N')),
        };
    } catch (error) {
      if (!(error instanceof AssayError && error.code === 'engine-failed')) throw error;
      // A shape that does not fit several images: the next attempt, or one run per image.
    }
  }
  const folded = { ...asExported, graph: await engine.fold(asExported.graph) };
  const { outputs: _, ...traced } = await traceNoise(engine, folded, contract, fixed);
  return { ...withFeaturesInside(folded, reference), fixedBatch: fixed, traced };
}

/** Before it is folded: that merges batch normalisation with the layer before it. */
function trainingOf(
  network: Graph,
  image: string,
  surrounded: (graph: Graph) => Surrounded,
): InTraining | undefined {
  const layers = batchNorms(network, image);
  if (layers === 0) return undefined;
  return { layers, prepared: () => withoutFeatures(surrounded(inTrainingMode(network, image))) };
}

type Surrounded = Omit<Prepared, 'fixedBatch' | 'features'>;

/** Named features were an output so that folding kept them and they were tried; few runs want them. */
function withoutFeatures({
  graph,
  pixels,
  outputs: { features, ...outputs },
}: Surrounded): Pick<Prepared, 'graph' | 'pixels' | 'outputs'> {
  return {
    graph: { ...graph, outputs: graph.outputs.filter(({ name }) => name !== features) },
    pixels,
    outputs,
  };
}

/** The same, telling where they are. */
function withFeaturesInside(surrounded: Surrounded, { n, rows }: ProbeRows): Omit<Prepared, 'fixedBatch'> {
  const { features } = surrounded.outputs;
  return {
    ...withoutFeatures(surrounded),
    ...(features !== undefined && { features: { value: features, width: rows[features]!.length / n } }),
  };
}

function surround(
  network: Graph,
  contract: Contract,
  input: ImageInput,
  choice: OutputChoice,
  batch: number | 'N',
): Surrounded {
  const b = GraphBuilder.rewriting({ ...network, inputs: [], outputs: [] });
  b.fresh(input.name);
  const pixels = b.input('pixels', 'float32', [batch, ...contract.shape]);
  emitImageInput(b, pixels, contract, input);
  for (const node of network.nodes) b.add(node);
  const outputs = emitOutputs(b, network, contract, choice, input);
  return { graph: prune(b.build()), pixels, outputs };
}

/** The network with no claims about the batch: declared output shapes would contradict an open axis. */
function withOpenInput(network: Graph, image: string): Graph {
  const opened = (value: ValueInfo): ValueInfo =>
    value.name === image && value.dims ? { ...value, dims: ['N', ...value.dims.slice(1)] } : value;
  return { ...network, inputs: network.inputs.map(opened) };
}

function doesNotRun(cause: unknown, checkpoint: string): unknown {
  if (!(cause instanceof AssayError && cause.code === 'engine-failed')) return cause;
  return new AssayError(
    'model-invalid',
    'the network cannot be run on an image of the shape the card states',
    {
      file: checkpoint,
      found: cause.message,
      hint: 'compare input.shape and layout with what `assay inspect` says about the network',
      cause,
    },
  );
}

/** Uniform noise: (n, C, H, W), each image the same whatever n. */
export function noiseImages(n: number, shape: readonly number[]): Float32Array {
  const size = shape.reduce((a, c) => a * c, 1);
  const pixels = new Float32Array(n * size);
  for (let example = 0; example < n; example++) {
    const source = stream({ seed: 0, purpose: 'model/probe', example });
    for (let j = 0; j < size; j++) pixels[example * size + j] = source.uniform();
  }
  return pixels;
}

export function pixelValue(pixels: Float32Array, n: number, shape: readonly number[]): Value {
  return { type: 'float32', dims: [n, ...shape], data: pixels };
}

/** Outputs of one more noise image than a run takes, run in batches of `batch`, row after row. */
interface ProbeRows {
  n: number;
  rows: Record<string, Float32Array>;
}

async function probeRows(
  engine: Engine,
  tried: Surrounded,
  contract: Contract,
  batch: number,
): Promise<ProbeRows> {
  const n = batch + 1;
  const images = noiseImages(n, contract.shape);
  const size = images.length / n;
  const program = await engine.compile(tried.graph);
  try {
    const [first, last] = await Promise.all(
      mapTuple([0, 1], (start) =>
        program.run({
          [tried.pixels]: pixelValue(
            images.subarray(start * size, (start + batch) * size),
            batch,
            contract.shape,
          ),
        }),
      ),
    );
    const rows: Record<string, Float32Array> = {};
    for (const name of Object.values(tried.outputs)) {
      const [head, tail] = [outputOf(first, name).data, outputOf(last, name).data];
      const width = head.length / batch;
      rows[name] = Float32Array.from([...numbers(head), ...numbers(tail).slice(-width)]);
    }
    return { n, rows };
  } finally {
    await program.release();
  }
}

const numbers = (data: Value['data']) => Array.from(data as ArrayLike<number | bigint>, Number);

/** Runs a network on noise, for its outputs and the shapes of all its values. */
async function traceNoise(
  engine: Engine,
  { graph, pixels, outputs }: Surrounded,
  { shape }: Contract,
  n: number,
): Promise<TracedShapes & { outputs: Record<string, Value> }> {
  const feeds = { [pixels]: pixelValue(noiseImages(n, shape), n, shape) };
  return { n, ...(await traceRun(engine, graph, feeds, { fetches: Object.values(outputs) })) };
}

const agree = (outputs: Record<string, Value>, { rows }: ProbeRows): boolean =>
  Object.entries(rows).every(([name, expected]) => close(numbers(outputOf(outputs, name).data), expected));

/** Equal but for the order of float32 sums. Two NaNs are equal here: they are refused later, by name. */
function close(got: readonly number[], expected: Float32Array): boolean {
  if (got.length !== expected.length) return false;
  const scale = expected.reduce((m, v) => (Number.isFinite(v) ? Math.max(m, Math.abs(v)) : m), 1e-6);
  return got.every(
    (v, i) => Object.is(v, expected[i]) || v === expected[i] || Math.abs(v - expected[i]!) <= 1e-3 * scale,
  );
}
