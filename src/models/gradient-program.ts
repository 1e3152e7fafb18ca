import { gradientGraph } from '../autodiff/differentiate.js';
import type {
  GradientProgram as Differentiated,
  Differentiation,
  Engine,
  Program,
  Value,
} from '../engines/engine.js';
import { GraphBuilder, int } from '../graph/build.js';
import type { Graph } from '../graph/graph.js';
import { emitLoss } from '../losses/emit.js';
import type { Loss, LossArgumentName } from '../losses/loss.js';
import type { Registry } from '../registry.js';
import type { Contract } from './contract.js';
import type { FeaturePlace } from './last-layer.js';
import { noiseImages, type Prepared, pixelValue, type TracedShapes } from './prepare.js';
import { quantityNamed } from './quantities.js';
import type { LossName, QuantityName } from './system.js';

/** What quantities and losses are put on and compiled with. */
export interface Differentiable {
  engine: Engine;
  prepared: Prepared;
  contract: Contract;
  features?: FeaturePlace | undefined;
  /** What can be differentiated, by name. */
  losses: Registry<Loss>;
}

/** Names of outputs that hold quantities which the prepared network does not put out by itself. */
export type AddedOutputs = ReadonlyMap<QuantityName, string>;

/** A program of a set of quantities. */
export interface QuantityProgram {
  program: Program;
  added: AddedOutputs;
}

/** Names of a gradient program's inputs beside the images, and of its outputs. */
interface Names {
  /** labels and targets: (n, classes); threshold: (1). */
  aims: Partial<Record<LossArgumentName, string>>;
  /** (n) */
  loss: string;
  /** In the shape of what is differentiated with respect to. */
  gradient: string;
}

export type GradientProgram = Names & QuantityProgram;

/** The prepared network with more outputs than the usual. */
export function quantityGraph(
  parts: Differentiable,
  names: readonly QuantityName[],
): { graph: Graph; added: AddedOutputs } {
  const b = new GraphBuilder(parts.prepared.graph);
  const added = addOutputs(b, parts, names);
  return { graph: b.build(), added };
}

/** A program of these. */
export async function compileQuantities(
  parts: Differentiable,
  names: readonly QuantityName[],
): Promise<QuantityProgram> {
  const { graph, added } = quantityGraph(parts, names);
  return { program: await parts.engine.compile(graph), added };
}

function addOutputs(
  b: GraphBuilder,
  { prepared: { outputs }, features }: Differentiable,
  names: readonly QuantityName[],
): AddedOutputs {
  const site = { b, outputs, features };
  return new Map(names.map((name) => [name, b.outputAs(quantityNamed(name).emit(site), name)]));
}

/** The same with a loss and its gradient. Errors: `op-unsupported` names op and node. */
export async function compileGradient(
  parts: Differentiable,
  loss: LossName,
  names: readonly QuantityName[] = [],
): Promise<GradientProgram> {
  const { graph, feeds, aims, wanted, added } = lossGraph(parts, loss, names);
  const { program, gradients } = await differentiated(parts.engine, graph, feeds, wanted);
  return { program, aims, added, loss: wanted.of, gradient: gradients[parts.prepared.pixels] };
}

/**
 * Whether what the network puts out can be differentiated: what a loss adds always can. At the least cost: of the
 * gradient graph no session is made. Errors: as `compileGradient`.
 */
export async function tryGradient(
  engine: Engine,
  { graph, pixels, outputs: { logits, logPx = '' } }: Prepared,
  { n, shapes }: TracedShapes,
  shape: readonly number[],
): Promise<void> {
  const feeds = { [pixels]: pixelValue(noiseImages(n, shape), n, shape) };
  const wanted = { of: logits ?? logPx, wrt: [pixels] };
  if (engine.differentiate) {
    const { program } = await engine.differentiate(graph, feeds, wanted);
    await program.release();
  } else await gradientGraph(engine, graph, feeds, wanted, shapes);
}

/**
 * The graph of a gradient program, for looking into it; of the loss alone where the engine differentiates by itself.
 * Its inputs are called as in the program.
 */
export async function gradientGraphOf(parts: Differentiable, loss: LossName): Promise<Graph> {
  const { graph, feeds, wanted } = lossGraph(parts, loss);
  return parts.engine.differentiate ? graph : (await gradientGraph(parts.engine, graph, feeds, wanted)).graph;
}

/** By the engine's own differentiation where it has one, otherwise by a gradient graph. */
async function differentiated(
  engine: Engine,
  graph: Graph,
  feeds: Record<string, Value>,
  wanted: Differentiation,
): Promise<Differentiated> {
  if (engine.differentiate) return engine.differentiate(graph, feeds, wanted);
  const { graph: backward, gradients } = await gradientGraph(engine, graph, feeds, wanted);
  return { program: await engine.compile(backward), gradients };
}

interface LossGraph {
  graph: Graph;
  /** A batch of noise. */
  feeds: Record<string, Value>;
  aims: Names['aims'];
  added: AddedOutputs;
  wanted: Differentiation;
}

/** A loss per example on top of the prepared network. */
function lossGraph(parts: Differentiable, loss: LossName, names: readonly QuantityName[] = []): LossGraph {
  const { prepared, contract } = parts;
  const b = new GraphBuilder(prepared.graph);
  const added = addOutputs(b, parts, names);
  const aims = aimInputs(b, parts.losses.named(loss), contract.classes);
  const value = emitLoss(parts.losses.named(loss), {
    b,
    ...prepared.outputs,
    aims,
    energy: contract.energy.kind,
  });
  const of = b.outputAs(value, 'loss', 'float32', ['N']);
  const n = prepared.fixedBatch ?? 2;
  const feeds: Record<string, Value> = {
    [prepared.pixels]: pixelValue(noiseImages(n, contract.shape), n, contract.shape),
    ...someAims(aims, n, contract.classes),
  };
  return { graph: b.build(), feeds, aims, added, wanted: { of, wrt: [prepared.pixels] } };
}

/** Declares the inputs of what a loss is about. */
function aimInputs(b: GraphBuilder, loss: Loss, classes: number): Names['aims'] {
  const declared = loss.aims.map((aim) => [
    aim,
    aim === 'threshold' ? b.input(aim, 'float32', [1]) : b.input(`${aim}_one_hot`, 'float32', ['N', classes]),
  ]);
  return Object.fromEntries(declared);
}

/** Values for a first run: the first class, the second class to be led to, a threshold of 0. */
function someAims({ labels, targets, threshold }: Names['aims'], n: number, classes: number) {
  return {
    ...(labels && { [labels]: oneClass(n, classes, 0) }),
    ...(targets && { [targets]: oneClass(n, classes, 1) }),
    ...(threshold && { [threshold]: { type: 'float32', dims: [1], data: new Float32Array(1) } as const }),
  };
}

/** A loss of logits that are fed, with its gradient with respect to them. Input `logits` (n, classes). */
export async function compileLogitLoss(
  { engine, contract: { classes, energy }, losses }: Differentiable,
  name: LossName,
): Promise<GradientProgram> {
  const loss = losses.named(name);
  const b = new GraphBuilder('loss_of_logits');
  const logits = b.input('logits', 'float32', ['N', classes]);
  const aims = aimInputs(b, loss, classes);
  const logPx =
    energy.kind === 'logsumexp'
      ? b.op('ReduceLogSumExp', [logits, b.ints([1])], { keepdims: int(0) })
      : undefined;
  const of = b.outputAs(emitLoss(loss, { b, logits, logPx, aims, energy: energy.kind }), 'loss', 'float32', [
    'N',
  ]);
  const feeds: Record<string, Value> = {
    logits: oneClass(2, classes, 0),
    ...someAims(aims, 2, classes),
  };
  const { program, gradients } = await differentiated(engine, b.build(), feeds, { of, wrt: [logits] });
  return { program, aims, added: new Map(), loss: of, gradient: gradients[logits] };
}

/** (n, classes) with 1 in one column. */
function oneClass(n: number, classes: number, column: number): Value {
  const data = Float32Array.from({ length: n * classes }, (_, i) => (i % classes === column ? 1 : 0));
  return { type: 'float32', dims: [n, classes], data };
}
