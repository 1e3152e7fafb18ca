import type { AdaptiveRows, PurifiedRows } from '../../src/measurements.js';
import { argmax, type Estimate, meanOf, wilson } from '../../src/metrics.js';
import type { Collected, CollectedRows, DatasetInfo, SystemInfo } from '../../src/suite.js';
import type { PurificationRequests } from './requests.js';

/** Images of one kind after purification, a number per step count. */
export interface Track {
  /** (n) per step count. */
  predictions: Int32Array[];
  accuracy: Estimate[];
  /** (n): log p(x) as it came in, and after, per step count. */
  before: ArrayLike<number>;
  after: Float64Array[];
  /** Mean change of log p(x). */
  change: Estimate[];
}

export interface PurificationResult {
  system: SystemInfo;
  dataset: DatasetInfo;
  by: string;
  steps: readonly number[];
  n: number;
  labels: Int32Array;
  indices: Int32Array;
  /** Without purification: on clean images, and on what the attack made of them. */
  bareClean: Estimate;
  bareAttacked: Estimate;
  clean: Track;
  transferred: Track;
  /** Under attack on the whole, per step count; empty when left out, undefined where it failed. */
  adaptive: (Adaptive | undefined)[];
}

export interface Adaptive {
  /** (n): source indices and labels; correct when clean, and not broken. */
  indices: Int32Array;
  labels: Int32Array | undefined;
  spared: boolean[];
  robust: Estimate;
  clean: Estimate;
  unconfirmed: number;
  broken: number;
}

export function purificationResult(
  on: { system: SystemInfo; dataset: DatasetInfo },
  wanted: PurificationRequests,
  collected: CollectedRows,
): PurificationResult | undefined {
  const [transfer, clean] = [collected.get(wanted.transfer), collected.get(wanted.clean)];
  const transferred = collected.get(wanted.transferred);
  if (!transfer || !clean?.labels || !transferred) return undefined;
  const { labels, indices } = clean;
  const { correct, brokenAt } = transfer.rows;
  const n = labels.length;
  const tally = (test: (i: number) => boolean) => Array.from({ length: n }, (_, i) => i).filter(test).length;
  return {
    ...on,
    by: wanted.by,
    steps: wanted.steps,
    n,
    labels,
    indices,
    bareClean: wilson(
      tally((i) => correct.data[i] === 1),
      n,
    ),
    bareAttacked: wilson(
      tally((i) => correct.data[i] === 1 && brokenAt.data[i] < 0),
      n,
    ),
    clean: track(clean, labels),
    transferred: track(transferred, labels),
    adaptive: wanted.adaptive.map((one) => {
      const rows = collected.get(one);
      return rows && underAttack(rows);
    }),
  };
}

function track({ rows }: Collected<PurifiedRows>, labels: Int32Array): Track {
  const { logits, logPx, logPxBefore } = rows;
  const [n, count, classes] = logits.shape;
  const result: Track = { predictions: [], accuracy: [], before: logPxBefore.data, after: [], change: [] };
  for (let k = 0; k < count; k++) {
    const data = Float64Array.from({ length: n * classes }, (_, at) => {
      const [i, c] = [Math.floor(at / classes), at % classes];
      return logits.data[(i * count + k) * classes + c];
    });
    const predictions = argmax({ n, classes, data });
    const after = Float64Array.from({ length: n }, (_, i) => logPx.data[i * count + k]);
    result.predictions.push(predictions);
    result.accuracy.push(wilson(predictions.filter((p, i) => p === labels[i]).length, n));
    result.after.push(after);
    result.change.push(meanOf(after.map((value, i) => value - logPxBefore.data[i])));
  }
  return result;
}

function underAttack({ rows, indices, labels }: Collected<AdaptiveRows>): Adaptive {
  const { correct, brokenAt, reproduced, inside } = rows;
  const n = correct.data.length;
  const spared = Array.from(correct.data, (right, i) => right === 1 && brokenAt.data[i] < 0);
  let [right, robust, broken, unconfirmed] = [0, 0, 0, 0];
  for (let i = 0; i < n; i++) {
    if (correct.data[i] !== 1) continue;
    right++;
    if (spared[i]) robust++;
    else {
      broken++;
      if (!(reproduced.data[i] === 1 && inside.data[i] === 1)) unconfirmed++;
    }
  }
  return { indices, labels, spared, robust: wilson(robust, n), clean: wilson(right, n), unconfirmed, broken };
}
