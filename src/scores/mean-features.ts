import { type FitPart, featuresOf } from './score.js';

/** The mean of the features of all images, (width), brought up to date image by image. Zero where there are none. */
export async function meanFeatures(parts: AsyncIterable<FitPart>, width: number): Promise<Float64Array> {
  const mean = new Float64Array(width);
  let count = 0;
  for await (const part of parts) {
    const { n, data } = featuresOf(part);
    for (let i = 0; i < n; i++) {
      count++;
      for (let j = 0; j < width; j++) mean[j]! += (data[i * width + j]! - mean[j]!) / count;
    }
  }
  return mean;
}
