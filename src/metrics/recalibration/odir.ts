import { minimise, type Precision } from '../linear-algebra/newton-cg.js';
import { type Logits, logSoftmax } from '../softmax.js';
import { full, type LinearMap, mapped, multinomial } from './multinomial.js';
import { type PredictionMap, withoutMinimum } from './recalibrator.js';

/** Weights of the penalty that are tried. */
export const STRENGTHS = [1000, 100, 10, 1, 0.1, 0.01, 0.001] as const;
/** Enough to tell one from another. */
const ROUGH = { gradient: 1e-4, step: 0.05 };
const FOLDS = 3;
/** n x classes^2 beyond which a fit takes minutes. */
const BUDGET = 5e6;

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
  const lambda = chosenStrength(inputs, labels, shape);
  const minimum = solve({ inputs, labels }, lambda, shape, shape.identity);
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

const solve = (
  { inputs, labels }: Some,
  lambda: number,
  shape: LinearMap,
  start: Float64Array,
  precision?: Precision,
) => minimise(multinomial(inputs, labels, shape, odirWeights(inputs.classes, lambda)), start, precision);

/**
 * The penalty with the least NLL in cross-validation. From the strongest on, each fit begins where the one before ended; two in a row
 * that are worse than the best end it.
 */
function chosenStrength(inputs: Logits, labels: ArrayLike<number>, shape: LinearMap): number {
  // Fewer examples than folds leave nothing to fit on.
  if (inputs.n < 2 * FOLDS) return STRENGTHS[0];
  const folds = foldsOf(inputs, labels);
  const parts = Array.from({ length: FOLDS }, (_, fold) => {
    const outside = take(inputs, labels, (i) => folds[i] === fold);
    return {
      inside: take(inputs, labels, (i) => folds[i] !== fold),
      held: multinomial(outside.inputs, outside.labels, shape),
      x: shape.identity,
    };
  });
  const losses: number[] = [];
  for (const lambda of STRENGTHS) {
    let loss = 0;
    for (const part of parts) {
      part.x = solve(part.inside, lambda, shape, part.x, ROUGH).x;
      loss += part.held.at(part.x).value;
    }
    losses.push(loss);
    if (losses.length - 1 - losses.indexOf(Math.min(...losses)) >= 2) break;
  }
  return STRENGTHS[losses.indexOf(Math.min(...losses))]!;
}

interface Some {
  inputs: Logits;
  labels: ArrayLike<number>;
}

function take({ n, classes, data }: Logits, labels: ArrayLike<number>, has: (i: number) => boolean): Some {
  const at = Array.from({ length: n }, (_, i) => i).filter(has);
  const rows = new Float64Array(at.length * classes);
  at.forEach((from, to) => {
    for (let k = 0; k < classes; k++) rows[to * classes + k] = data[from * classes + k]!;
  });
  return { inputs: { n: at.length, classes, data: rows }, labels: at.map((i) => labels[i]!) };
}

/** Folds by turns, in the order of labels and then of inputs: classes are spread over all folds. (n) */
function foldsOf({ n, classes, data }: Logits, labels: ArrayLike<number>): Uint8Array {
  const order = Array.from({ length: n }, (_, i) => i).sort((a, b) => {
    for (let k = 0, d = labels[a]! - labels[b]!; k <= classes; k++) {
      if (d !== 0) return d;
      d = data[a * classes + k]! - data[b * classes + k]!;
    }
    return 0;
  });
  const folds = new Uint8Array(n);
  order.forEach((i, place) => {
    folds[i] = place % FOLDS;
  });
  return folds;
}
