import { isInside } from '../../attacks/norms.js';
import { imageSize } from '../../models/batching.js';
import type { SystemInfo } from '../../models/system.js';
import { float64, type RowsIn } from '../columns.js';
import { defineMeasurement, type MeasureContext, type Request, request } from '../contract.js';
import type { AttackRows } from './attack.js';
import { eachBatch } from './batches.js';
import { clean, type OutputRows, outputColumns } from './clean.js';

export interface PerturbedParams {
  /** In which `distance` is measured. */
  norm: string;
  /** Draws of a stochastic system whose mean outputs are given; others are asked once. */
  draws: number;
}

const columns = (system: SystemInfo) => ({ ...outputColumns(system), distance: float64() });

export type PerturbedRows = RowsIn<ReturnType<typeof columns>>;

/** What is looked at of an attack. */
type Stored = Pick<AttackRows, 'pixels'>;

/**
 * What a system says of the images that an attack stored, its own or another system's, in fresh passes; without rows
 * of an attack, of the images as they are. Rows: `logits` (n, classes) and `logPx` (n), where the system has them, for
 * a stochastic system means over fresh draws; `distance` (n): from the image of the data set to the one that was
 * looked at, measured again, and infinite where that is not an image with pixels in [0, 1].
 */
export const outputsOnPerturbed = defineMeasurement({
  name: 'outputs-on-perturbed',
  version: 1,
  needs: [],
  unitSize: 256,
  passes: ({ draws }, { stochastic }) => ({ forward: stochastic ? draws : 1, gradient: 0 }),
  columns,
  async measure(context: MeasureContext<[attacked?: Stored]>, { norm: name, draws }: PerturbedParams) {
    const { system, examples, inputs } = context;
    const { n } = examples;
    const stored = inputs[0]?.pixels;
    const images = stored ? { ...examples, pixels: stored.data } : examples;
    const { offers, classes, stochastic } = system.info;
    const times = stochastic ? draws : 1;
    const logits = offers.includes('logits') ? new Float64Array(n * classes.length) : undefined;
    const logPx = offers.includes('logPx') ? new Float64Array(n) : undefined;
    for (let draw = 0; draw < times; draw++) {
      await eachBatch({ ...context, examples: images }, `perturbed-${draw}`, async (batch, start) => {
        const outputs = await system.forward(batch);
        add(logits, outputs.logits, start * classes.length);
        add(logPx, outputs.logPx, start);
      });
    }
    const norm = context.catalogue.norms.named(name);
    const size = imageSize(system.info);
    const image = (pixels: Float32Array, i: number) => pixels.subarray(i * size, (i + 1) * size);
    const distance = Float64Array.from({ length: n }, (_, i) => {
      const [x, x0] = [image(images.pixels, i), image(examples.pixels, i)];
      return isInside(norm, x, x0, Number.POSITIVE_INFINITY)
        ? norm.distance(x, x0)
        : Number.POSITIVE_INFINITY;
    });
    return {
      distance,
      ...(logits && { logits: mean(logits, times) }),
      ...(logPx && { logPx: mean(logPx, times) }),
    };
  },
});

function add(sum: Float64Array | undefined, outputs: Float32Array | undefined, start: number): void {
  if (!sum || !outputs) return;
  for (let i = 0; i < outputs.length; i++) sum[start + i]! += outputs[i]!;
}

/** In single precision, as one pass gives them. */
const mean = (sum: Float64Array, times: number) => Float32Array.from(sum, (total) => total / times);

/** What `system` says of what an attack, on it or on another system, made of a data set. */
export function perturbedRequest(
  system: SystemInfo,
  attacked: Request<Stored>,
  { norm, draws }: PerturbedParams,
) {
  const { dataset, first } = attacked;
  const params = { norm, draws: system.stochastic ? draws : 1 };
  return request({
    measurement: outputsOnPerturbed,
    system: system.name,
    dataset,
    params,
    inputs: [attacked],
    first,
  });
}

/** The same of the images as they are: `clean`, but for a stochastic system the mean over as many draws. */
export function unperturbedRequest(
  system: SystemInfo,
  dataset: string,
  params: PerturbedParams,
  first?: number,
): Request<OutputRows> {
  const on = { system: system.name, dataset, first };
  return system.stochastic
    ? request({ measurement: outputsOnPerturbed, params, ...on })
    : request({ measurement: clean, ...on });
}
