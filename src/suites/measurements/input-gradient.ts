import { float32, type RowsIn } from '../columns.js';
import { defineMeasurement } from '../contract.js';
import { eachBatch } from './batches.js';

const columns = { logPxGradientNorm: float32() };

export type InputGradientRows = RowsIn<typeof columns>;

/**
 * The length of the gradient of log p(x), per example: `logPxGradientNorm` (n), the L2 norm over the image in
 * the units of the model's own input (the gradient with respect to pixels over `inputScale`, per channel), which
 * is what papers that normalise their inputs report. For a stochastic system: of one draw.
 */
export const inputGradient = defineMeasurement({
  name: 'input-gradient',
  version: 1,
  needs: ['logPx', 'inputGradient'],
  unitSize: 128,
  passes: () => ({ forward: 0, gradient: 1 }),
  columns,
  async measure(context) {
    const { system, examples } = context;
    const logPxGradientNorm = new Float32Array(examples.n);
    await eachBatch(context, 'clean', async (batch, start) => {
      const { gradient } = await system.gradient(batch, 'log-px');
      logPxGradientNorm.set(gradientNorms(gradient, batch.n, system.info.inputScale), start);
    });
    return { logPxGradientNorm };
  },
});

/**
 * L2 norms of n gradients (n, C, H, W) after dividing channel c by `inputScale[c]`, summed in double precision.
 * A scale with one entry serves all channels.
 */
export function gradientNorms(
  gradient: Float32Array,
  n: number,
  inputScale: readonly number[],
): Float64Array {
  const size = gradient.length / n;
  const plane = size / inputScale.length;
  return Float64Array.from({ length: n }, (_, i) => {
    let squares = 0;
    for (let j = 0; j < size; j++) {
      const g = gradient[i * size + j]! / inputScale[Math.floor(j / plane)]!;
      squares += g * g;
    }
    return Math.sqrt(squares);
  });
}
