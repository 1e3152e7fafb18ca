import type { PurifiedRows } from '../../src/measurements.js';
import { argmax, type Estimate, meanOf, wilson } from '../../src/metrics.js';
import type { Collected, CollectedRows, DatasetInfo, SystemInfo } from '../../src/suite.js';
import { type Diagnosed, diagnosticsOf } from './diagnostics.js';
import type { PurificationRequests } from './requests.js';
import { type UnderAttack, underAttack } from './under-attack.js';
import { type Judged, judge } from './verdicts.js';

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
  /** (n) per step count: how far chains end from the image, in pixels of [0, 1]; and the means. */
  l2: Float64Array[];
  linf: Float64Array[];
  distance: Record<'L2' | 'Linf', Estimate>[];
}

/** Fresh draws at transferred images, of which verdicts are made as of those of attacks on the whole. */
export interface JudgedTransfer {
  /** SGLD steps. */
  steps: number;
  indices: Int32Array;
  labels: Int32Array;
  judged: Judged;
}

export interface PurificationResult {
  system: SystemInfo;
  dataset: DatasetInfo;
  by: string;
  steps: readonly number[];
  /** Names of the ladder's attacks that were asked for. */
  attacks: readonly string[];
  n: number;
  labels: Int32Array;
  indices: Int32Array;
  /** Without purification: on clean images, and on what the attack made of them. */
  bareClean: Estimate;
  bareAttacked: Estimate;
  clean: Track;
  transferred: Track;
  /** By step count, where attacks on the whole are compared with them; without those that failed. */
  transfers: readonly JudgedTransfer[];
  /** Under attack on the whole, by step count and as the ladder goes; without those that failed. */
  rungs: readonly UnderAttack[];
  /** The same with other numbers of draws per gradient. */
  sweep: readonly UnderAttack[];
  /** By step count. */
  diagnostics: readonly Diagnosed[];
}

export function purificationResult(
  on: { system: SystemInfo; dataset: DatasetInfo },
  requests: PurificationRequests,
  collected: CollectedRows,
): PurificationResult | undefined {
  const [transfer, clean] = [collected.get(requests.transfer), collected.get(requests.clean)];
  const transferred = collected.get(requests.transferred);
  if (!transfer || !clean?.labels || !transferred) return undefined;
  const { labels, indices } = clean;
  const { correct, brokenAt } = transfer.rows;
  const n = labels.length;
  const tally = (test: (i: number) => boolean) => Array.from({ length: n }, (_, i) => i).filter(test).length;
  return {
    ...on,
    by: requests.by,
    steps: requests.steps,
    attacks: requests.attacks,
    n,
    labels,
    indices,
    bareClean: wilson(
      tally((i) => correct.data[i] === 1),
      n,
    ),
    bareAttacked: wilson(
      tally((i) => correct.data[i] === 1 && brokenAt.data[i]! < 0),
      n,
    ),
    clean: track(clean, labels),
    transferred: track(transferred, labels),
    transfers: requests.transferredDraws.flatMap((one, k) => {
      const drawn = collected.get(one);
      if (!drawn?.labels) return [];
      const { indices, labels, rows } = drawn;
      return { steps: requests.steps[k]!, indices, labels, judged: judge(rows, labels) };
    }),
    rungs: requests.rungs.flatMap((one) => underAttack(one, collected) ?? []),
    diagnostics: diagnosticsOf(requests.diagnostics, requests.steps, collected),
    sweep: requests.sweep.flatMap((one) => underAttack(one, collected) ?? []),
  };
}

function track({ rows }: Collected<PurifiedRows>, labels: Int32Array): Track {
  const { logits, logPx, logPxBefore } = rows;
  const [n, count, classes] = logits.shape as [number, number, number];
  const before = logPxBefore.data;
  const result: Track = {
    ...{ predictions: [], accuracy: [], before, after: [], change: [], l2: [], linf: [], distance: [] },
  };
  for (let k = 0; k < count; k++) {
    const data = Float64Array.from({ length: n * classes }, (_, at) => {
      const [i, c] = [Math.floor(at / classes), at % classes];
      return logits.data[(i * count + k) * classes + c]!;
    });
    const predictions = argmax({ n, classes, data });
    const ofStep = ({ data }: { data: ArrayLike<number> }) =>
      Float64Array.from({ length: n }, (_, i) => data[i * count + k]!);
    const [after, l2, linf] = [ofStep(logPx), ofStep(rows.l2), ofStep(rows.linf)];
    result.predictions.push(predictions);
    result.accuracy.push(wilson(predictions.filter((p, i) => p === labels[i]).length, n));
    result.after.push(after);
    result.change.push(meanOf(after.map((value, i) => value - before[i]!)));
    result.l2.push(l2);
    result.linf.push(linf);
    result.distance.push({ L2: meanOf(l2), Linf: meanOf(linf) });
  }
  return result;
}
