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
import type { Contract } from './contract.js';
import { emitLoss, needsLabels } from './heads.js';
import { noiseImages, type Prepared, pixelValue } from './prepare.js';
import type { LossName } from './system.js';

/** What losses are put on and compiled with. */
export interface Differentiable {
  engine: Engine;
  prepared: Prepared;
  contract: Contract;
}

/** Names of a gradient program's labels input and outputs. */
interface Names {
  /** (n, classes) */
  oneHot: string | undefined;
  /** (n) */
  loss: string;
  /** In the shape of what is differentiated with respect to. */
  gradient: string;
}

export type GradientProgram = Names & { program: Program };

/** Errors: `op-unsupported` names op and node. */
export async function compileGradient(parts: Differentiable, loss: LossName): Promise<GradientProgram> {
  const { graph, feeds, oneHot, wanted } = lossGraph(parts, loss);
  const { program, gradients } = await differentiated(parts.engine, graph, feeds, wanted);
  return { program, oneHot, loss: wanted.of, gradient: gradients[parts.prepared.pixels] };
}

/** Whether a loss can be differentiated, found out at the least cost. Errors: as `compileGradient`. */
export async function tryGradient(parts: Differentiable, loss: LossName): Promise<void> {
  const { engine } = parts;
  const { graph, feeds, wanted } = lossGraph(parts, loss);
  if (engine.differentiate) {
    const { program } = await engine.differentiate(graph, feeds, wanted);
    await program.release();
  } else await gradientGraph(engine, graph, feeds, wanted);
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
  oneHot: string | undefined;
  wanted: Differentiation;
}

/** A loss per example on top of the prepared network. */
function lossGraph({ prepared, contract }: Differentiable, loss: LossName): LossGraph {
  const b = new GraphBuilder(prepared.graph);
  const oneHot = needsLabels(loss) ? b.input('one_hot', 'float32', ['N', contract.classes]) : undefined;
  const value = emitLoss(loss, { b, ...prepared.outputs, oneHot, energy: contract.energy.kind });
  const of = b.outputAs(value, 'loss', 'float32', ['N']);
  const n = prepared.fixedBatch ?? 2;
  const feeds: Record<string, Value> = {
    [prepared.pixels]: pixelValue(noiseImages(n, contract.shape), n, contract.shape),
  };
  if (oneHot) feeds[oneHot] = firstClass(n, contract.classes);
  return { graph: b.build(), feeds, oneHot, wanted: { of, wrt: [prepared.pixels] } };
}

/** A loss of logits that are fed, with its gradient with respect to them. Input `logits` (n, classes). */
export async function compileLogitLoss(
  { engine, contract: { classes, energy } }: Differentiable,
  loss: LossName,
): Promise<GradientProgram> {
  const b = new GraphBuilder('loss_of_logits');
  const logits = b.input('logits', 'float32', ['N', classes]);
  const oneHot = needsLabels(loss) ? b.input('one_hot', 'float32', ['N', classes]) : undefined;
  const logPx =
    energy.kind === 'logsumexp'
      ? b.op('ReduceLogSumExp', [logits, b.ints([1])], { keepdims: int(0) })
      : undefined;
  const of = b.outputAs(
    emitLoss(loss, { b, logits, logPx, oneHot, energy: energy.kind }),
    'loss',
    'float32',
    ['N'],
  );
  const feeds: Record<string, Value> = { logits: firstClass(2, classes) };
  if (oneHot) feeds[oneHot] = firstClass(2, classes);
  const { program, gradients } = await differentiated(engine, b.build(), feeds, { of, wrt: [logits] });
  return { program, oneHot, loss: of, gradient: gradients[logits] };
}

/** (n, classes) with 1 in the first column. */
function firstClass(n: number, classes: number): Value {
  const data = Float32Array.from({ length: n * classes }, (_, i) => (i % classes === 0 ? 1 : 0));
  return { type: 'float32', dims: [n, classes], data };
}
