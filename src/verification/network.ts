import { gradientGraph } from '../autodiff/differentiate.js';
import { traceShapes } from '../autodiff/trace.js';
import { BoundPrograms } from '../bounds/certify.js';
import { malformed } from '../bytes/byte-source.js';
import { readContent } from '../checkpoints/read-onnx.js';
import { concatenated, elements } from '../data/arrays/nd-array.js';
import type { Engine, Program, Value } from '../engines/engine.js';
import { floatsOf } from '../engines/outputs.js';
import { AssayError } from '../errors.js';
import { GraphBuilder } from '../graph/build.js';
import { sizedBy } from '../graph/declared-sizes.js';
import type { Graph, ValueInfo } from '../graph/graph.js';
import { prune } from '../graph/prune.js';
import { openBatchAxis } from '../models/graph/batch-axis.js';
import { freezeShapes } from '../models/graph/freeze-shapes.js';
import { guardOf, naming, withinLimits } from '../models/programs/guarded.js';
import { forEachPoint } from './each-point.js';
import { readInflated } from './files.js';
import { type Pair, runs, samePartByPart } from './part-by-part.js';

/** A network of flattened inputs and outputs, as properties number them. */
export interface Network {
  /** Inputs of one point. */
  inputs: number;
  outputs: number;
  /** SHA-256 of the file, inflated, and of the weights beside it; in hex. */
  sha256: string;
  /** Points of a call at most. */
  batch: number;
  /** (n, inputs) to (n, outputs); a point by itself is run as in the file. */
  forward(points: Float32Array): Promise<Float32Array>;
  /** The gradient (n, inputs) of the weighted sum of outputs, weights (n, outputs). */
  gradient(points: Float32Array, weights: Float32Array): Promise<Float32Array>;
  /** Why there is no gradient; undefined where there is one. */
  lacksGradient: string | undefined;
  /** Lower bounds. Errors: `op-unsupported` names what cannot be bounded. */
  bounds(): Promise<BoundPrograms>;
  close(): Promise<void>;
}

/** How a network is run. */
interface Opened {
  /** As in the file: a point of these dimensions in, (outputs) out. */
  alone: { graph: Graph; dims: readonly number[] };
  /** (n, ...shape) in, (n, outputs) out; undefined where the network takes one point a call. */
  many: { graph: Graph; shape: readonly number[] } | undefined;
}

/** The names in graphs that are made here. */
const [POINTS, OUTPUTS, WEIGHTS] = ['points', 'property_outputs', 'output_weights'];
/** Points that two ways to run a network are compared on. */
const PROBES = 3;
/** Numbers of a batch of inputs, at most, and points. */
const [NUMBERS, MOST_POINTS] = [2 ** 21, 64];

/**
 * Opens a network for properties. It is first run by an engine under limits.
 * @param samples (PROBES or more, inputs): points that it is made to be run on
 * Errors: `file-unreadable`, `file-malformed`, `shape-mismatch`, `limit-exceeded`, `engine-failed`.
 */
export async function openNetwork(
  engine: Engine,
  path: string,
  property: { inputs: number; outputs: number; file: string },
  samples: Float32Array,
): Promise<Network> {
  const { file, bytes } = await readInflated(path, 'onnx');
  const { graph, sha256 } = await readContent(file, bytes);
  const opened = await withinLimits(file, () => opening(guardOf(engine), graph, file, property, samples));
  // What a point may make large, or endless, never runs anywhere else.
  const runner = sizedBy(opened.alone.graph) === 'data' ? naming(guardOf(engine), file) : engine;
  return { ...(await networkOf(runner, opened, property)), sha256 };
}

/** The `sha256` that a network has when it is opened. Errors: `file-unreadable`, `file-malformed`. */
export async function digestOfNetwork(path: string): Promise<string> {
  const { file, bytes } = await readInflated(path, 'onnx');
  return (await readContent(file, bytes)).sha256;
}

async function opening(
  guard: Engine,
  graph: Graph,
  file: string,
  property: { inputs: number; outputs: number; file: string },
  samples: Float32Array,
): Promise<Opened> {
  const image = inputOf(graph, file);
  const stated = image.dims ?? [];
  const [first] = stated;
  const batched = stated.length > 1 && (first === 1 || typeof first !== 'number');
  const shape = (batched ? stated.slice(1) : stated).map((d) => {
    if (typeof d === 'number') return d;
    throw malformed({ file, path: `input "${image.name}"` }, 'the size of the input is not stated', {
      expected: 'every dimension but the first as a number',
      found: `(${stated.join(', ')})`,
    });
  });
  const size = elements(shape);
  if (size !== property.inputs)
    throw mismatch(
      property.file,
      'inputs X',
      property.inputs,
      `${size}, of shape (${shape.join(', ')})`,
      file,
    );
  const plain = written(graph, image, shape, { batch: batched ? 1 : undefined, outputs: property.outputs });
  const dims = batched ? [1, ...shape] : shape;
  const reference = await oneByOne(guard, plain, dims, samples).catch((cause) => {
    throw doesNotRun(cause, file);
  });
  const found = reference.length / PROBES;
  if (found !== property.outputs)
    throw mismatch(property.file, 'outputs Y', property.outputs, `${found}`, file);
  const open = written(graph, image, shape, { batch: 'N', outputs: property.outputs });
  const alone = await guard.fold(plain);
  const attempts: (() => Promise<Pick<Pair, 'one' | 'many'>>)[] = [
    async () => ({ one: plain, many: open }),
    async () => ({ one: plain, many: openBatchAxis(open, POINTS, 1) }),
    async () => {
      const point: Value = { type: 'float32', dims, data: samples.slice(0, size) };
      const shapes = await traceShapes(guard, alone, { [POINTS]: point });
      return { one: alone, many: forEachPoint(withAnyNumber(alone, shape), POINTS, shapes, batched) };
    },
  ];
  // Without a first axis of 1, the others would be taken for what they are not.
  for (const attempt of batched ? attempts : attempts.slice(2)) {
    try {
      const { one, many } = await attempt();
      const folded = await freezeShapes(guard, await guard.fold(many), POINTS);
      const together = await run(guard, folded, [PROBES, ...shape], samples.subarray(0, PROBES * size));
      if (!agree(together, reference)) continue;
      // Of a few points much is 0, or small beside the rest.
      if (await samePartByPart(guard, { input: POINTS, one, dims, many, shape }))
        return { alone: { graph: alone, dims }, many: { graph: folded, shape } };
    } catch (error) {
      if (!(error instanceof AssayError && error.code === 'engine-failed')) throw error;
      // A shape that does not fit several points: the next attempt, or one at a time.
    }
  }
  return { alone: { graph: alone, dims }, many: undefined };
}

/** Its input as any number of points; outputs of no stated shape. */
const withAnyNumber = (graph: Graph, shape: readonly number[]): Graph => ({
  ...graph,
  inputs: graph.inputs.map((input) => ({ ...input, dims: ['N', ...shape] })),
  outputs: graph.outputs.map((output) => ({ ...output, dims: null })),
});

function inputOf(graph: Graph, file: string): ValueInfo {
  const inputs = graph.inputs.filter(({ name }) => !graph.initializers.has(name));
  const [image] = inputs;
  const described = (values: readonly ValueInfo[]) =>
    values.map(({ name, type }) => `"${name}" (${type})`).join(', ') || 'none';
  if (!image || inputs.length > 1 || image.type !== 'float32' || !image.dims)
    throw malformed({ file }, 'properties are about networks of one input', {
      expected: 'one input of float32 numbers, of a stated shape',
      found: described(inputs),
    });
  if (graph.outputs.length !== 1 || graph.outputs[0]!.type !== 'float32')
    throw malformed({ file }, 'properties are about networks of one output', {
      expected: 'one output of float32 numbers',
      found: described(graph.outputs),
      hint: 'export the network without its other outputs',
    });
  return image;
}

/** The network with its outputs flattened. */
function written(
  graph: Graph,
  image: ValueInfo,
  shape: readonly number[],
  { batch, outputs }: { batch: 1 | 'N' | undefined; outputs: number },
): Graph {
  const b = GraphBuilder.rewriting({ ...graph, inputs: [], outputs: [] });
  b.reserve([image.name]);
  const points = b.input(POINTS, 'float32', batch === undefined ? [...shape] : [batch, ...shape]);
  const rename = { name: b.fresh('input_points'), op: 'Identity', domain: '', attributes: {} };
  b.add({ ...rename, inputs: [points], outputs: [image.name] });
  for (const node of graph.nodes) b.add(node);
  const last = graph.outputs[0]!.name;
  // An output of another size is looked at first, as it is.
  const flat = b.op('Reshape', [last, b.ints(batch === 'N' ? [-1, outputs] : [-1])]);
  b.outputAs(flat, OUTPUTS);
  return prune(b.build());
}

async function run(engine: Engine, graph: Graph, dims: readonly number[], data: Float32Array) {
  const [found] = await runs(engine, graph, [{ [POINTS]: { type: 'float32', dims, data } }]);
  return floatsOf(found!, OUTPUTS);
}

async function oneByOne(engine: Engine, graph: Graph, dims: readonly number[], samples: Float32Array) {
  const size = elements(dims);
  const feeds = Array.from({ length: PROBES }, (_, i): Record<string, Value> => {
    const data = samples.slice(i * size, (i + 1) * size);
    return { [POINTS]: { type: 'float32', dims, data } };
  });
  const found = await runs(engine, graph, feeds);
  return concatenated(found.map((own) => floatsOf(own, OUTPUTS)));
}

/** Equal but for the order of float32 sums. */
function agree(got: Float32Array, expected: Float32Array): boolean {
  const scale = expected.reduce((most, x) => (Number.isFinite(x) ? Math.max(most, Math.abs(x)) : most), 1e-6);
  return (
    got.length === expected.length &&
    got.every((x, i) => Object.is(x, expected[i]!) || Math.abs(x - expected[i]!) <= 1e-3 * scale)
  );
}

async function networkOf(
  engine: Engine,
  { alone, many }: Opened,
  { inputs, outputs }: { inputs: number; outputs: number },
): Promise<Omit<Network, 'sha256'>> {
  const single = await engine.compile(alone.graph);
  const together = many && { program: await engine.compile(many.graph), shape: many.shape };
  const fed = (points: Float32Array, dims: readonly number[]): Value => ({
    type: 'float32',
    dims,
    data: points,
  });
  const forward = (points: Float32Array) => {
    const n = points.length / inputs;
    if (n === 1 || !together) return single.run({ [POINTS]: fed(points, alone.dims) });
    return together.program.run({ [POINTS]: fed(points, [n, ...together.shape]) });
  };
  const derived = many && (await differentiated(engine, many.graph, many.shape, outputs));
  let bounds: Promise<BoundPrograms> | undefined;
  return {
    inputs,
    outputs,
    batch: many ? Math.max(1, Math.min(MOST_POINTS, Math.floor(NUMBERS / inputs))) : 1,
    forward: async (points) => floatsOf(await forward(points), OUTPUTS),
    lacksGradient: derived === undefined ? ONE_AT_A_TIME : 'why' in derived ? derived.why : undefined,
    gradient: async (points, weights) => {
      if (!many || !derived || 'why' in derived) throw new Error('a network without gradient');
      const n = points.length / inputs;
      const found = await derived.program.run(
        { [POINTS]: fed(points, [n, ...many.shape]), [WEIGHTS]: fed(weights, [n, outputs]) },
        [derived.gradient],
      );
      return floatsOf(found, derived.gradient);
    },
    bounds: () => {
      bounds ??= many
        ? BoundPrograms.of(engine, { ...many, pixels: POINTS, logits: OUTPUTS })
        : Promise.reject(new AssayError('op-unsupported', ONE_AT_A_TIME));
      return bounds;
    },
    close: async () => {
      await single.release();
      await together?.program.release();
      if (derived && 'program' in derived) await derived.program.release();
      await bounds?.then(
        (programs) => programs.close(),
        () => undefined,
      );
    },
  };
}

const ONE_AT_A_TIME =
  'the network takes one point at a time: given several, it does not give what it gives of each';

async function differentiated(
  engine: Engine,
  graph: Graph,
  shape: readonly number[],
  outputs: number,
): Promise<{ program: Program; gradient: string } | { why: string }> {
  const b = new GraphBuilder(graph);
  const weights = b.input(WEIGHTS, 'float32', ['N', outputs]);
  const ones = (dims: readonly number[]): Value => ({
    type: 'float32',
    dims,
    data: new Float32Array(elements(dims)).fill(1),
  });
  const feeds = { [POINTS]: ones([2, ...shape]), [weights]: ones([2, outputs]) };
  try {
    const found = await gradientGraph(engine, b.build(), feeds, {
      of: OUTPUTS,
      wrt: [POINTS],
      along: weights,
    });
    return { program: await engine.compile(found.graph), gradient: found.gradients[POINTS]! };
  } catch (error) {
    if (error instanceof AssayError && error.code === 'op-unsupported') return { why: error.message };
    throw error;
  }
}

const mismatch = (file: string, what: string, expected: number, found: string, network: string) =>
  new AssayError(
    'shape-mismatch',
    `the property and the network differ in the number of ${what.split(' ')[0]}`,
    {
      file,
      path: what,
      expected: `as many as the network has: ${found} (${network})`,
      found: `${expected} declared`,
    },
  );

function doesNotRun(cause: unknown, file: string): unknown {
  if (!(cause instanceof AssayError && cause.code === 'engine-failed')) return cause;
  return new AssayError(
    'model-invalid',
    'the network cannot be run on an input of the shape that it states',
    {
      file,
      found: cause.message,
      hint: 'look at it with `assay inspect`',
      cause,
    },
  );
}
