import type { Differentiation, Value } from '../../engines/engine.js';
import type { GraphBuilder } from '../../graph/build.js';
import { emitLoss } from '../../losses/emit.js';
import type { Loss, LossArgumentName } from '../../losses/loss.js';
import { noiseImages, pixelValue } from '../graph/prepare.js';
import type { LossName } from '../system.js';
import type { Differentiable } from './differentiable.js';

/** Names of a program's inputs that say what a loss is about: a threshold (1), the others (n, classes). */
export type AimNames = Partial<Record<LossArgumentName, string>>;

/** A loss that stands on a network. */
export interface PlacedLoss {
  aims: AimNames;
  /** A batch of noise. */
  feeds: Record<string, Value>;
  /** Its derivative with respect to the pixels. */
  wanted: Differentiation;
}

/** Puts a loss per example (n) on top of the prepared network, which `b` extends. */
export function placeLoss(
  b: GraphBuilder,
  { prepared, contract, losses }: Differentiable,
  name: LossName,
): PlacedLoss {
  const loss = losses.named(name);
  const aims = aimInputs(b, loss, contract.classes);
  const value = emitLoss(loss, { b, ...prepared.outputs, aims, energy: contract.energy.kind });
  const of = b.outputAs(value, 'loss', 'float32', ['N']);
  const n = prepared.fixedBatch ?? 2;
  const feeds = {
    [prepared.pixels]: pixelValue(noiseImages(n, contract.shape), n, contract.shape),
    ...someAims(aims, n, contract.classes),
  };
  return { aims, feeds, wanted: { of, wrt: [prepared.pixels] } };
}

/** Declares the inputs of what a loss is about. */
export function aimInputs(b: GraphBuilder, loss: Loss, classes: number): AimNames {
  const declared = loss.aims.map((aim) => [
    aim,
    aim === 'threshold'
      ? b.input(aim, 'float32', [1])
      : b.input(aim === 'weights' ? aim : `${aim}_one_hot`, 'float32', ['N', classes]),
  ]);
  return Object.fromEntries(declared);
}

/** Values for a first run: the first class, the second class to be led to, weights of the first, a threshold of 0. */
export function someAims(
  { labels, targets, weights, threshold }: AimNames,
  n: number,
  classes: number,
): Record<string, Value> {
  return {
    ...(labels && { [labels]: oneClass(n, classes, 0) }),
    ...(targets && { [targets]: oneClass(n, classes, 1) }),
    ...(weights && { [weights]: oneClass(n, classes, 0) }),
    ...(threshold && { [threshold]: { type: 'float32', dims: [1], data: new Float32Array(1) } as const }),
  };
}

/** (n, classes) with 1 in one column. */
export function oneClass(n: number, classes: number, column: number): Value {
  const data = Float32Array.from({ length: n * classes }, (_, i) => (i % classes === column ? 1 : 0));
  return { type: 'float32', dims: [n, classes], data };
}
