import { minimise } from '../newton-cg.js';
import { type Logits, logSoftmax } from '../softmax.js';
import { full, mapped, multinomial } from './multinomial.js';
import { type PredictionMap, withoutMinimum } from './recalibrator.js';

/** Weights of the penalty that are tried. */
export const STRENGTHS = [10, 1, 0.1, 0.01, 0.001, 0.0001] as const;
const FOLDS = 3;
/** n x classes^2 beyond which a fit takes minutes. */
const BUDGET = 2e7;

/**
 * lambda / (k (k - 1)) for each number off the diagonal and lambda / k for each bias: off-diagonal and intercept regularisation
 * (Kull et al. 2019, section 4.1), with mu = lambda.
 */
export function odirWeights(classes: number, lambda: number): Float64Array {
  const square = classes * classes;
  return Float64Array.from({ length: square + classes }, (_, i) => {
    if (i >= square) return lambda / classes;
    return i % (classes + 1) === 0 ? 0 : lambda / (classes * (classes - 1));
  });
}

/**
 * softmax(W u + b) with W a matrix, by NLL and ODIR. lambda is the one with the least NLL in three-fold cross-validation on the
 * fitting examples, as in the paper. Which fold an example is in depends on its own numbers, not on the order of the examples.
 * @param inputsOf what u is of some logits
 */
export function fitWithOdir(
  logits: Logits,
  labels: ArrayLike<number>,
  inputsOf: (logits: Logits) => Logits,
): PredictionMap | { reason: string } {
  const { n, classes } = logits;
  const cost = n * classes * classes;
  if (cost > BUDGET)
    return {
      reason: `${n} examples of ${classes} classes are too many for a matrix: n x classes^2 is ${cost.toExponential(1)}, and ${BUDGET.toExponential(0)} is the most that is tried`,
    };
  const inputs = inputsOf(logits);
  const shape = full(classes);
  const folds = foldsOf(inputs, labels);
  const start = () => ({ x: shape.identity });
  const solve = (of: Some, lambda: number, from: { x: Float64Array }) =>
    minimise(multinomial(of.inputs, of.labels, shape, odirWeights(classes, lambda)), from.x);
  const losses = STRENGTHS.map(() => 0);
  // Fewer examples than folds leave nothing to fit on: the strongest penalty then.
  if (n >= 2 * FOLDS)
    for (let fold = 0; fold < FOLDS; fold++) {
      const inside = take(inputs, labels, (i) => folds[i] !== fold);
      const outside = take(inputs, labels, (i) => folds[i] === fold);
      const held = multinomial(outside.inputs, outside.labels, shape);
      let from: { x: Float64Array } = start();
      STRENGTHS.forEach((lambda, s) => {
        from = solve(inside, lambda, from);
        losses[s] += held.at(from.x).value;
      });
    }
  const lambda = STRENGTHS[losses.indexOf(Math.min(...losses))];
  const minimum = solve({ inputs, labels }, lambda, start());
  const none = withoutMinimum(minimum);
  if (none) return none;
  const { x, iterations } = minimum;
  const square = classes * classes;
  const at = (has: (i: number) => boolean) => Array.from(x.subarray(0, square)).filter((_, i) => has(i));
  return {
    apply: (given) => logSoftmax({ ...given, data: mapped(shape, x, inputsOf(given)) }),
    parameters: [
      { name: 'diagonal', values: at((i) => i % (classes + 1) === 0) },
      { name: 'off the diagonal', values: at((i) => i % (classes + 1) !== 0) },
      { name: 'bias', values: Array.from(x.subarray(square)) },
      { name: 'lambda', values: [lambda] },
    ],
    iterations,
  };
}

interface Some {
  inputs: Logits;
  labels: ArrayLike<number>;
}

function take({ n, classes, data }: Logits, labels: ArrayLike<number>, has: (i: number) => boolean): Some {
  const at = Array.from({ length: n }, (_, i) => i).filter(has);
  const rows = new Float64Array(at.length * classes);
  at.forEach((from, to) => {
    for (let k = 0; k < classes; k++) rows[to * classes + k] = data[from * classes + k];
  });
  return { inputs: { n: at.length, classes, data: rows }, labels: at.map((i) => labels[i]) };
}

/** Folds by turns, in the order of labels and then of inputs: classes are spread over all folds. (n) */
function foldsOf({ n, classes, data }: Logits, labels: ArrayLike<number>): Uint8Array {
  const order = Array.from({ length: n }, (_, i) => i).sort((a, b) => {
    for (let k = 0, d = labels[a] - labels[b]; k <= classes; k++) {
      if (d !== 0) return d;
      d = data[a * classes + k] - data[b * classes + k];
    }
    return 0;
  });
  const folds = new Uint8Array(n);
  order.forEach((i, place) => {
    folds[i] = place % FOLDS;
  });
  return folds;
}
