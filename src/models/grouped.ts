import { AssayError } from '../errors.js';
import type { Draws, Gradients, LossArguments, LossName, System } from './system.js';

/** A loss of given logits. */
export interface LogitLoss {
  /** (n) */
  loss: Float32Array;
  /** (n, classes): d loss / d logits. */
  gradient: Float32Array;
}

/** A system of which the chain rule can be cut at the logits. */
export interface Separable extends Pick<System, 'info' | 'forward' | 'gradient'> {
  /** A loss of logits (n, classes) that are given, and its gradient with respect to them. */
  logitLoss(loss: LossName, logits: Float32Array, aims?: LossArguments): Promise<LogitLoss>;
}

/**
 * Loss of the logits averaged over the draws of each example, and its gradient with respect to every draw.
 * `logits` (n, classes), `logPx` (n) and `loss` (n) are of the averages, `gradient` is (n * group, C, H, W). The
 * loss log-px is the average of log p(x) over the draws. Costs a forward and a gradient pass per draw.
 * Errors: as `Model.gradient`.
 */
export async function groupedGradient(model: Separable, draws: Draws, loss: LossName): Promise<Gradients> {
  const { n, group, pixels, ...aims } = draws;
  if (!Number.isInteger(group) || group < 1)
    throw new AssayError('shape-mismatch', 'an example needs a whole number of draws', {
      expected: 'at least 1',
      found: String(group),
    });
  const stacked = { n: n * group, pixels };
  if (loss === 'log-px') {
    const { logits, logPx, loss: each, gradient, passes } = await model.gradient(stacked, loss);
    return {
      ...averages({ logits, logPx }, draws),
      loss: average(each, draws),
      gradient: gradient.map((g) => g / group),
      passes,
    };
  }
  const forward = await model.forward(stacked);
  const means = averages(forward, draws);
  if (!means.logits) throw new AssayError('op-unsupported', `"${model.info.name}" has no logits to average`);
  const head = await model.logitLoss(loss, means.logits, aims);
  const classes = model.info.classes.length;
  const weights = Float32Array.from({ length: n * group * classes }, (_, i) => {
    const example = Math.floor(i / (group * classes));
    return head.gradient[example * classes + (i % classes)]! / group;
  });
  const { gradient, passes } = await model.gradient({ ...stacked, weights }, 'weighted-logits');
  return {
    ...means,
    loss: head.loss,
    gradient,
    passes: { forward: forward.passes.forward, gradient: passes.gradient },
  };
}

function averages(outputs: { logits?: Float32Array; logPx?: Float32Array }, draws: Draws) {
  return {
    ...(outputs.logits && { logits: average(outputs.logits, draws) }),
    ...(outputs.logPx && { logPx: average(outputs.logPx, draws) }),
  };
}

/** Mean over the draws of each example, summed in double precision: (n * group, width) to (n, width). */
function average(values: Float32Array, { n, group }: Draws): Float32Array {
  const width = n === 0 ? 0 : values.length / (n * group);
  return Float32Array.from({ length: n * width }, (_, i) => {
    const [example, column] = [Math.floor(i / width), i % width];
    let sum = 0;
    for (let draw = 0; draw < group; draw++) sum += values[(example * group + draw) * width + column]!;
    return sum / group;
  });
}
