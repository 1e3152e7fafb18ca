import { AssayError } from '../../errors.js';
import type { System, SystemInfo } from '../../models/system.js';
import { float32, type RowsIn } from '../columns.js';
import { defineMeasurement, type Request, request } from '../contract.js';
import { eachBatch } from './batches.js';
import { outputColumns } from './clean.js';
import { gradientNorms } from './input-gradient.js';

/** Images of a batch in public evaluation code. */
const BATCH = 100;

const hasSlope = ({ offers }: SystemInfo): boolean =>
  offers.includes('logPx') && offers.includes('inputGradient');

const columns = (system: SystemInfo) => ({
  ...outputColumns(system),
  logPxGradientNorm: hasSlope(system) ? float32() : undefined,
});

/** Rows of `train-mode`. */
export type TrainModeRows = RowsIn<ReturnType<typeof columns>>;

/**
 * What a network says whose batch normalisation was left in training mode: images are normalised by the mean and variance
 * of their batch, of 100 images of the data set in its order (the last one may be smaller). `logits` (n, classes), `logPx`
 * (n), and `logPxGradientNorm` (n): the L2 norm of the gradient of the batch's summed log p(x) with respect to the image,
 * in units of the model's own input, which is what `autograd.grad(f(x).sum(), x)` gives in that mode. Rows depend on which
 * images stand together: a data set cut elsewhere has others.
 */
export const trainMode = defineMeasurement({
  name: 'train-mode',
  version: 1,
  needs: [],
  unitSize: 5 * BATCH,
  passes: (_params, system) => (hasSlope(system) ? { forward: 0, gradient: 1 } : { forward: 1, gradient: 0 }),
  columns,
  async measure(context) {
    const system = await trainingOf(context.system);
    const { info } = system;
    const { n } = context.examples;
    const classes = info.classes.length;
    const names = (['logits', 'logPx'] as const).filter((name) => info.offers.includes(name));
    const logits = names.includes('logits') ? new Float32Array(n * classes) : undefined;
    const logPx = names.includes('logPx') ? new Float32Array(n) : undefined;
    const logPxGradientNorm = hasSlope(info) ? new Float32Array(n) : undefined;
    const loss = logPxGradientNorm && 'log-px';
    await eachBatch(
      { ...context, system },
      'clean',
      async (batch, start) => {
        const { values, gradient } = await system.evaluate(batch, names, loss);
        if (values.logits) logits?.set(values.logits, start * classes);
        if (values.logPx) logPx?.set(values.logPx, start);
        if (gradient) logPxGradientNorm?.set(gradientNorms(gradient, batch.n, info.inputScale), start);
      },
      { batchSize: BATCH },
    );
    return {
      ...(logits && { logits }),
      ...(logPx && { logPx }),
      ...(logPxGradientNorm && { logPxGradientNorm }),
    };
  },
});

function trainingOf({ info, inTrainingMode }: System): Promise<System> {
  if (inTrainingMode) return inTrainingMode();
  throw new AssayError(
    'op-unsupported',
    `"${info.name}" has no batch normalisation to put into training mode`,
  );
}

/** Of all images of a data set; of a system whose `batchNorms` says that there are such layers. */
export const trainModeRequest = (system: string, dataset: string): Request<TrainModeRows> =>
  request({ measurement: trainMode, system, dataset });
