import { gradientGraph } from '../autodiff/differentiate.js';
import type { Engine, Program, Value } from '../engines/engine.js';
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

/** Names of a gradient graph's labels input and outputs. */
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
  const { graph, ...names } = await lossGradient(parts, loss);
  return { program: await parts.engine.compile(graph), ...names };
}

/** The graph of a loss and its gradient with respect to the pixels. Errors: `op-unsupported`. */
export async function lossGradient(
  { engine, prepared, contract }: Differentiable,
  loss: LossName,
): Promise<Names & { graph: Graph }> {
  const b = new GraphBuilder(prepared.graph);
  const oneHot = needsLabels(loss) ? b.input('one_hot', 'float32', ['N', contract.classes]) : undefined;
  const value = emitLoss(loss, { b, ...prepared.outputs, oneHot, energy: contract.energy.kind });
  const of = b.outputAs(value, 'loss', 'float32', ['N']);
  const n = prepared.fixedBatch ?? 2;
  const feeds: Record<string, Value> = {
    [prepared.pixels]: pixelValue(noiseImages(n, contract.shape), n, contract.shape),
  };
  if (oneHot) feeds[oneHot] = firstClass(n, contract.classes);
  const { graph, gradients } = await gradientGraph(engine, b.build(), feeds, { of, wrt: [prepared.pixels] });
  return { graph, oneHot, loss: of, gradient: gradients[prepared.pixels] };
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
  const { graph, gradients } = await gradientGraph(engine, b.build(), feeds, { of, wrt: [logits] });
  return { program: await engine.compile(graph), oneHot, loss: of, gradient: gradients[logits] };
}

/** (n, classes) with 1 in the first column. */
function firstClass(n: number, classes: number): Value {
  const data = Float32Array.from({ length: n * classes }, (_, i) => (i % classes === 0 ? 1 : 0));
  return { type: 'float32', dims: [n, classes], data };
}
