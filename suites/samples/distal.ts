import { type Estimate, quantileEstimate, softmax, wilson } from '../../src/metrics.js';
import type { CollectedRows, SystemInfo } from '../../src/suite.js';
import { rowsOf, shared } from './aligned.js';
import type { DistalRequests } from './requests.js';

/** Chains from noise up p(y|x) (Grathwohl et al. 2019, section 5.4): what a classifier takes for a class for sure. */
export interface Distal {
  system: SystemInfo;
  dataset: string;
  /** (n): the chain, and the class that it climbs. */
  indices: Int32Array;
  classes: Int32Array;
  /** (n): steps until p(y|x) was above the threshold at a look, or -1; and p(y|x) there, or at the last look. */
  steps: Int32Array;
  probability: Float64Array;
  logPx: Float64Array;
  /** (n): the image at that look, (C, H, W). */
  images: Float32Array[];
  reached: Estimate;
  /** Of those that reached it. */
  median: Estimate;
}

export function distalOf(
  system: SystemInfo,
  requests: DistalRequests,
  collected: CollectedRows,
  threshold: number,
): Distal | undefined {
  const [drawn, seen] = [collected.get(requests.drawn), collected.get(requests.seen)];
  if (!drawn || !seen) return undefined;
  const indices = shared([drawn, seen]);
  const n = indices.length;
  const { looks, conditioned } = rowsOf(drawn, indices);
  const { logits, logPx } = rowsOf(seen, indices);
  if (!looks || !logits || !logPx) return undefined;
  const count = requests.steps.length;
  const classes = system.classes.length;
  const probabilities = softmax({ n: n * count, classes, data: logits.data });
  const size = looks.data.length / Math.max(1, n * count);
  const ofClass = (i: number, look: number) =>
    probabilities[(i * count + look) * classes + conditioned.data[i]!]!;
  const first = Array.from({ length: n }, (_, i) =>
    requests.steps.findIndex((_, look) => ofClass(i, look) > threshold),
  );
  const at = (i: number) => (first[i]! < 0 ? count - 1 : first[i]!);
  const steps = Int32Array.from(first, (look) => (look < 0 ? -1 : requests.steps[look]!));
  const taken = steps.filter((step) => step >= 0);
  return {
    system,
    dataset: requests.drawn.dataset,
    indices,
    classes: conditioned.data,
    steps,
    probability: Float64Array.from(first, (_, i) => ofClass(i, at(i))),
    logPx: Float64Array.from(first, (_, i) => logPx.data[i * count + at(i)]!),
    images: first.map((_, i) => {
      const row = i * count + at(i);
      return looks.data.slice(row * size, (row + 1) * size);
    }),
    reached: wilson(taken.length, n),
    median: quantileEstimate(Float64Array.from(taken).sort(), 0.5),
  };
}
