import type { Batch, Gradients, LossName, Outputs, QuantityName, System, SystemInfo } from './system.js';

/** What `forward` gives of a system. */
export const usualQuantities = ({ offers }: SystemInfo): QuantityName[] =>
  (['logits', 'logPx'] as const).filter((name) => offers.includes(name));

type Evaluating = Pick<System, 'info' | 'evaluate'>;

/** `System.forward` in terms of `evaluate`. */
export async function forwardOf(system: Evaluating, batch: Batch): Promise<Outputs> {
  const { values, passes } = await system.evaluate(batch, usualQuantities(system.info));
  return { ...values, passes };
}

/** `System.gradient` in terms of `evaluate`. */
export async function gradientOf(system: Evaluating, batch: Batch, loss: LossName): Promise<Gradients> {
  const evaluated = await system.evaluate(batch, usualQuantities(system.info), loss);
  const { values, passes, loss: each = NONE, gradient = NONE } = evaluated;
  return { ...values, passes, loss: each, gradient };
}

const NONE = new Float32Array(0);
