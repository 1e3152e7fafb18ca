import { parseEpsilons } from '../../attacks/epsilon.js';
import { interruption } from '../../concurrency.js';
import { stream } from '../../random/stream.js';
import { float32, type RowsIn } from '../columns.js';
import { defineMeasurement, type MeasureContext } from '../contract.js';
import { eachBatch } from './batches.js';
import { gradientNorms } from './input-gradient.js';

export interface LipschitzParams {
  /** Of the L2 ball around each image, in pixels, as written. */
  radius: string;
  /** Points drawn uniformly from the ball. */
  samples: number;
  /** Steps from the steepest of them, along the gradient. */
  steps: number;
}

const columns = { bound: float32(), centre: float32() };

export type LipschitzRows = RowsIn<typeof columns>;

/**
 * How steep log p(x) is around each image, (n), in units of the model's own input: `centre`, the length of the gradient at
 * the image; `bound`, the largest length of the gradient, or slope |log p(x') - log p(x)| / |x' - x|, at any point x' that
 * was looked at. The constant of Lipschitz of the ball, cut with [0, 1], is at least that: it is a lower bound, as a rule
 * the closer the more `samples` and `steps` there are.
 */
export const localLipschitz = defineMeasurement({
  name: 'local-lipschitz',
  version: 1,
  needs: ['logPx', 'inputGradient'],
  unitSize: 64,
  passes: ({ samples, steps }: LipschitzParams) => ({ forward: 0, gradient: 1 + samples + steps }),
  columns,
  async measure(context: MeasureContext, { radius, samples, steps }: LipschitzParams) {
    const { system, examples, seed, catalogue, signal } = context;
    const { n, indices } = examples;
    const norm = catalogue.norms.named('L2');
    const { value: reach } = parseEpsilons([radius])[0]!;
    const { inputScale } = system.info;
    const bound = new Float32Array(n);
    const centre = new Float32Array(n);
    await eachBatch(context, 'local-lipschitz', async (batch, start) => {
      const size = batch.pixels.length / batch.n;
      const image = (all: Float32Array, i: number) => all.subarray(i * size, (i + 1) * size);
      const x0 = Array.from({ length: batch.n }, (_, i) => image(batch.pixels, i));
      const ask = async (points: readonly Float32Array[]) => {
        if (signal.aborted) throw interruption(signal);
        const pixels = new Float32Array(batch.n * size);
        points.forEach((point, i) => {
          pixels.set(point, i * size);
        });
        const { logPx, gradient } = await system.gradient({ n: batch.n, pixels }, 'log-px');
        return { logPx, gradient, norms: gradientNorms(gradient, batch.n, inputScale) };
      };
      const at0 = await ask(x0);
      const best = Float64Array.from(at0.norms);
      /** The point of the steepest slope so far, its gradient, and which way log p(x) goes there. */
      const steepest = x0.map((x, i) => ({ x, slope: -1, gradient: image(at0.gradient, i), sign: 1 }));
      const look = async (points: readonly Float32Array[]) => {
        const answers = await ask(points);
        points.forEach((x, i) => {
          const rise = (answers.logPx?.[i] ?? 0) - (at0.logPx?.[i] ?? 0);
          const distance = inputDistance(x, x0[i]!, inputScale);
          const slope = distance > 0 ? Math.abs(rise) / distance : 0;
          best[i] = Math.max(best[i]!, answers.norms[i]!, slope);
          if (slope > steepest[i]!.slope)
            steepest[i] = { x, slope, gradient: image(answers.gradient, i), sign: rise < 0 ? -1 : 1 };
        });
        return answers;
      };
      for (let s = 0; s < samples; s++) {
        const draws = (i: number) =>
          stream({ seed, purpose: 'local-lipschitz', example: indices[start + i]!, step: s });
        await look(x0.map((x, i) => norm.randomStart(x, reach, draws(i))));
      }
      let path = steepest.map((one) => ({ ...one }));
      for (let k = 0; k < steps; k++) {
        const points = path.map(({ x, gradient, sign }, i) => {
          const uphill = gradient.map((g) => sign * g);
          return norm.project(norm.ascend(x, uphill, (2.5 * reach) / steps), x0[i]!, reach);
        });
        const { gradient } = await look(points);
        path = path.map((one, i) => ({ ...one, x: points[i]!, gradient: image(gradient, i) }));
      }
      bound.set(best, start);
      centre.set(at0.norms, start);
    });
    return { bound, centre };
  },
});

/** L2 distance of two images in units of the model's own input. */
function inputDistance(x: Float32Array, x0: Float32Array, inputScale: readonly number[]): number {
  const plane = x.length / inputScale.length;
  let squares = 0;
  for (let j = 0; j < x.length; j++) squares += ((x[j]! - x0[j]!) * inputScale[Math.floor(j / plane)]!) ** 2;
  return Math.sqrt(squares);
}
