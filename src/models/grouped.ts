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
  const { n, group, pixels, mean = 'logits', ...aims } = draws;
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
  if (!forward.logits)
    throw new AssayError('op-unsupported', `"${model.info.name}" has no logits to average`);
  const means =
    mean === 'logits' ? averages(forward, draws) : { logits: logOfMeanProbabilities(forward.logits, draws) };
  const head = await model.logitLoss(loss, means.logits ?? forward.logits, aims);
  const weights =
    mean === 'logits'
      ? ofEach(head.gradient, draws)
      : throughProbabilities(head.gradient, forward.logits, draws);
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

/** d loss / d logits of every draw, from that with respect to their mean. */
function ofEach(gradient: Float32Array, { n, group }: Draws): Float32Array {
  const classes = gradient.length / Math.max(1, n);
  return Float32Array.from({ length: gradient.length * group }, (_, i) => {
    const example = Math.floor(i / (group * classes));
    return gradient[example * classes + (i % classes)]! / group;
  });
}

/** The same from that with respect to the logarithm of the mean probabilities. */
function throughProbabilities(gradient: Float32Array, logits: Float32Array, draws: Draws): Float32Array {
  const { n, group } = draws;
  const classes = gradient.length / Math.max(1, n);
  const logs = logProbabilities(logits, classes);
  const means = logOfMeanProbabilities(logits, draws, logs);
  const weights = new Float32Array(logits.length);
  for (let row = 0; row < n * group; row++) {
    const example = Math.floor(row / group) * classes;
    let sum = 0;
    // Of each class, what this draw has of the mean probability.
    const share = (k: number) => Math.exp(logs[row * classes + k]! - means[example + k]!) / group;
    for (let k = 0; k < classes; k++) sum += gradient[example + k]! * share(k);
    for (let k = 0; k < classes; k++)
      weights[row * classes + k] =
        gradient[example + k]! * share(k) - Math.exp(logs[row * classes + k]!) * sum;
  }
  return weights;
}

/** (n, classes): the logarithm of the mean over draws of softmax. */
export function logOfMeanProbabilities(
  logits: Float32Array,
  { n, group }: Pick<Draws, 'n' | 'group'>,
  logs = logProbabilities(logits, logits.length / Math.max(1, n * group)),
): Float32Array {
  const classes = logits.length / Math.max(1, n * group);
  return Float32Array.from({ length: n * classes }, (_, i) => {
    const [example, k] = [Math.floor(i / classes), i % classes];
    const at = (draw: number) => logs[(example * group + draw) * classes + k]!;
    let most = Number.NEGATIVE_INFINITY;
    for (let draw = 0; draw < group; draw++) most = Math.max(most, at(draw));
    let sum = 0;
    for (let draw = 0; draw < group; draw++) sum += Math.exp(at(draw) - most);
    return most + Math.log(sum / group);
  });
}

/** Log-softmax of every row, in double precision. */
function logProbabilities(logits: Float32Array, classes: number): Float64Array {
  const logs = new Float64Array(logits.length);
  for (let from = 0; from < logits.length; from += classes) {
    let most = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < classes; k++) most = Math.max(most, logits[from + k]!);
    let sum = 0;
    for (let k = 0; k < classes; k++) sum += Math.exp(logits[from + k]! - most);
    for (let k = 0; k < classes; k++) logs[from + k] = logits[from + k]! - most - Math.log(sum);
  }
  return logs;
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
