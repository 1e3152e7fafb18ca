import { gradientGraph } from '../../autodiff/differentiate.js';
import type {
  GradientProgram as Differentiated,
  Differentiation,
  Engine,
  Program,
  Value,
} from '../../engines/engine.js';
import { GraphBuilder, int } from '../../graph/build.js';
import type { Graph } from '../../graph/graph.js';
import { emitLoss } from '../../losses/emit.js';
import { quantityNamed } from '../quantities.js';
import type { LossName, QuantityName } from '../system.js';
import type { Differentiable } from './differentiable.js';
import { type AimNames, aimInputs, oneClass, placeLoss, someAims } from './loss-graph.js';

/** Names of outputs that hold quantities which the prepared network does not put out by itself. */
export type AddedOutputs = ReadonlyMap<QuantityName, string>;

/** A program of a set of quantities. */
export interface QuantityProgram {
  program: Program;
  added: AddedOutputs;
}

/** Names of a gradient program's inputs beside the images, and of its outputs. */
interface Names {
  aims: AimNames;
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
  const b = new GraphBuilder(parts.prepared.graph);
  const added = addOutputs(b, parts, names);
  const { aims, feeds, wanted } = placeLoss(b, parts, loss);
  const { program, gradients } = await differentiated(parts.engine, b.build(), feeds, wanted);
  return { program, aims, added, loss: wanted.of, gradient: gradients[parts.prepared.pixels]! };
}

/**
 * The graph of a gradient program, for looking into it; of the loss alone where the engine differentiates by itself.
 * Its inputs are called as in the program.
 */
export async function gradientGraphOf(parts: Differentiable, loss: LossName): Promise<Graph> {
  const b = new GraphBuilder(parts.prepared.graph);
  const { feeds, wanted } = placeLoss(b, parts, loss);
  const graph = b.build();
  return parts.engine.differentiate ? graph : (await gradientGraph(parts.engine, graph, feeds, wanted)).graph;
}

/** By the engine's own differentiation where it has one, otherwise by a gradient graph. */
async function differentiated(
  engine: Engine,
  graph: Graph,
  feeds: Record<string, Value>,
  differentiation: Differentiation,
): Promise<Differentiated> {
  if (engine.differentiate) return engine.differentiate(graph, feeds, differentiation);
  const { graph: backward, gradients } = await gradientGraph(engine, graph, feeds, differentiation);
  return { program: await engine.compile(backward), gradients };
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
  return { program, aims, added: new Map(), loss: of, gradient: gradients[logits]! };
}
