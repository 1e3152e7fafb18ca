import { type Static, Type } from '../config/type.js';
import { argmaxOf, logSoftmax } from '../metrics/softmax.js';
import { combinations } from './grid.js';
import { movedPixels } from './moved-pixels.js';
import type { Probe } from './probe.js';
import { logitRounding, ofProbability } from './rounding.js';
import { perProbabilityRow, probedLogits, topTwo } from './rows.js';
import { logitsOf, type Score, type ScoreInputs } from './score.js';

const options = Type.Object(
  {
    temperature: Type.Number({ exclusiveMinimum: 0, default: 1000, description: 'T' }),
    epsilon: Type.Number({
      minimum: 0,
      default: 0.0014,
      description: 'Length of the step of every number of the image, in `unit`.',
    }),
    unit: Type.Union([Type.Literal('input'), Type.Literal('pixel')], {
      default: 'input',
      description:
        "input: of the model's own input, which is a standard deviation of the channel where the card has `std`. pixel: of pixels in [0, 1], as public code has it that divides the gradient's sign by `std`.",
    }),
  },
  { additionalProperties: false },
);
type Options = Static<typeof options>;

const probe: Probe<Options> = {
  name: 'odin',
  finds: ({ classes }) => ({ logits: classes.length }),
  passes: () => ({ forward: 2, gradient: 1 }),
  async ask({ system, batch }, { temperature, epsilon, unit }) {
    const { n, pixels } = batch;
    const { inputScale, classes } = system.info;
    const { logits = new Float32Array(0) } = await system.forward(batch);
    const weights = crossEntropySlopes(logits, classes.length, temperature);
    const { gradient } = await system.gradient({ ...batch, weights }, 'weighted-logits');
    const scales = unit === 'input' ? inputScale : inputScale.map(Math.sign);
    const moved = movedPixels(pixels, gradient, scales, n, (g) => (g >= 0 ? -epsilon : epsilon));
    const seen = await system.forward({ ...batch, pixels: moved });
    return { logits: seen.logits ?? new Float32Array(0) };
  },
};

/**
 * d -log softmax_y(f / T) / d f, y the largest, up to a factor that leaves its sign: the largest is 1, so that float32
 * holds the others where the softmax is nearly uniform or nearly certain.
 */
function crossEntropySlopes(logits: Float32Array, classes: number, temperature: number): Float32Array {
  const n = logits.length / classes;
  const logP = logSoftmax({ n, classes, data: logits }, temperature);
  const weights = new Float32Array(logits.length);
  for (let i = 0; i < n; i++) {
    const row = logP.subarray(i * classes, (i + 1) * classes);
    const top = argmaxOf(row);
    const others = row.reduce((sum, l, k) => (k === top ? sum : sum + Math.exp(l)), 0);
    for (let k = 0; k < classes; k++)
      weights[i * classes + k] = k === top ? -1 : others > 0 ? Math.exp(row[k]!) / others : 0;
  }
  return weights;
}

/** f / T after the step. */
function afterStep(inputs: ScoreInputs, { temperature }: Options) {
  const { n, classes, data } = probedLogits(inputs);
  return { logits: { n, classes, data: Float64Array.from(data, (f) => f / temperature) } };
}

export const odin: Score<Options> = {
  id: 'odin',
  title: 'ODIN',
  label: 'max softmax(f(x - eps sign) / T)',
  source: 'Liang et al. 2018',
  needs: ['logits', 'inputGradient'],
  reads: [],
  options,
  grid: combinations<Options>({ temperature: [1, 10, 100, 1000], epsilon: [0.0014, 0.0028] }),
  probe,
  compute: (inputs, settings) => perProbabilityRow(afterStep(inputs, settings), largestOf),
  rounding: (inputs, values, settings) =>
    logitRounding(logitsOf(afterStep(inputs, settings)), values, (logP) => ofProbability(largestOf(logP))),
};

const largestOf = (logP: Float64Array) => Math.exp(topTwo(logP)[0]);
