/** How sharply draws that a step would break are told from the others (DiffHammer, NeurIPS 2024). */
const SHARPNESS = 5;
const ROUNDS = 10;

/**
 * The direction in which to climb a loss of several draws by those that can be broken: the selection of DiffHammer (Wang et
 * al., NeurIPS 2024), an EM algorithm. A draw counts by w = sigmoid(5 (loss + <r / |r|, g>)), what its loss would be after a
 * step of length 1 along r; and r is the mean of the gradients by these weights. It begins with the plain mean, and takes
 * ten rounds. Where every weight vanishes, they count by their ratios. The loss must be above 0 where a draw is broken, as
 * the margin is.
 * @param gradients of each draw, upwards
 * @param losses of each draw
 */
export function selectedGradient(
  gradients: readonly Float32Array[],
  losses: readonly number[],
): Float32Array {
  let direction = weighedMean(
    gradients,
    gradients.map(() => 1),
  );
  for (let round = 0; round < ROUNDS; round++) {
    const length = Math.sqrt(dot(direction, direction));
    const logits = gradients.map((gradient, i) => {
      const gain = length > 0 ? dot(gradient, direction) / length : 0;
      return logSigmoid(SHARPNESS * (losses[i]! + gain));
    });
    const most = Math.max(...logits);
    direction = weighedMean(
      gradients,
      logits.map((logit) => Math.exp(logit - most)),
    );
  }
  return Float32Array.from(direction);
}

/** Of what came before and what is seen now, by (t + 1)^-1/2: the moving average of DiffHammer. @param step from 0 */
export function trailing(before: Float32Array | undefined, now: Float32Array, step: number): Float32Array {
  if (!before) return now;
  const share = 1 / Math.sqrt(step + 1);
  return now.map((value, j) => share * value + (1 - share) * before[j]!);
}

const logSigmoid = (z: number): number => (z > 0 ? -Math.log1p(Math.exp(-z)) : z - Math.log1p(Math.exp(z)));

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += a[j]! * b[j]!;
  return sum;
}

function weighedMean(rows: readonly Float32Array[], weights: readonly number[]): Float64Array {
  const total = weights.reduce((a, b) => a + b, 0);
  const mean = new Float64Array(rows[0]!.length);
  rows.forEach((row, i) => {
    const share = weights[i]! / total;
    for (let j = 0; j < mean.length; j++) mean[j]! += share * row[j]!;
  });
  return mean;
}
