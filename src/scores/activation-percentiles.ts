import { streamedQuantiles } from '../metrics/streamed-quantiles.js';
import { type FitPart, featuresOf } from './score.js';

/** Percentiles of all activations of all images, linear between order statistics; nothing is held but counts. */
export const activationPercentiles = (
  parts: AsyncIterable<FitPart>,
  percentiles: readonly number[],
): Promise<Float64Array> =>
  streamedQuantiles(
    async function* () {
      for await (const part of parts) yield featuresOf(part).data;
    },
    percentiles.map((percentile) => percentile / 100),
  );
