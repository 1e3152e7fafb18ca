import type { Logits } from '../metrics/softmax.js';
import { type FitPart, logitsOf, required } from './score.js';

/** The logits and labels of all images: a number per class and image is held. */
export async function allLogits(
  parts: AsyncIterable<FitPart>,
  classes: number,
): Promise<{ logits: Logits; labels: Int32Array }> {
  const logits: number[] = [];
  const labels: number[] = [];
  for await (const part of parts) {
    const { data } = logitsOf(part);
    for (let at = 0; at < data.length; at++) logits.push(data[at]!);
    for (const label of part.labels) labels.push(label);
  }
  return {
    logits: { n: logits.length / classes, classes, data: Float64Array.from(logits) },
    labels: Int32Array.from(labels),
  };
}

/** log p(x) of all images. */
export async function allLogPx(parts: AsyncIterable<FitPart>): Promise<Float64Array> {
  const all: number[] = [];
  for await (const part of parts) {
    const logPx = required(part.logPx, 'log p(x)');
    for (let i = 0; i < logPx.length; i++) all.push(logPx[i]!);
  }
  return Float64Array.from(all);
}
