import { sequences as table } from '../../src/data.js';
import type { SequenceRows } from '../../src/measurements.js';
import {
  type BootstrapOptions,
  type Estimate,
  jointBootstrap,
  meanOf,
  meanRatioOfDraws,
  wilson,
} from '../../src/metrics.js';
import type { Collected, DatasetInfo, SystemInfo } from '../../src/suite.js';

/** How often the predictions of a system changed. */
export interface Flips {
  system: SystemInfo;
  dataset: DatasetInfo;
  n: number;
  indices: Int32Array;
  sequences: readonly string[];
  /** (n, sequences) Share of the comparisons of a sequence that are flips. */
  shares: Float64Array;
  /** (n, sequences) How often the class changed from one frame to the next. */
  changes: Int32Array;
}

export interface ConsistencyResult {
  flips: Flips;
  reference?: Flips;
  /** In the order of the sequences. */
  each: readonly Estimate[];
  mean: Estimate;
  /** Images whose class is one and the same in all sequences. */
  steady: Estimate;
  rates?: { reference: string; mean: Estimate; each: readonly Estimate[] };
  /** Why there are no rates, though a reference was asked for. */
  lacks?: string;
}

export function flipsOf(
  system: SystemInfo,
  dataset: DatasetInfo,
  sequences: readonly string[],
  rows: readonly Collected<SequenceRows>[],
): Flips {
  const { indices } = rows[0];
  const n = indices.length;
  const shares = new Float64Array(n * sequences.length);
  const changes = new Int32Array(n * sequences.length);
  for (const [s, name] of sequences.entries()) {
    const { shape, data } = rows[s].rows.classes;
    const frames = shape[1];
    const first = table.get(name)?.against === 'first';
    for (let i = 0; i < n; i++) {
      let [flips, turns] = [0, 0];
      for (let frame = 1; frame < frames; frame++) {
        const own = data[i * frames + frame];
        const before = data[i * frames + frame - 1];
        if (own !== before) turns++;
        if (own !== (first ? data[i * frames] : before)) flips++;
      }
      shares[i * sequences.length + s] = flips / (frames - 1);
      changes[i * sequences.length + s] = turns;
    }
  }
  return { system, dataset, n, indices, sequences, shares, changes };
}

/** (n) */
const column = ({ n, shares, sequences }: Flips, s: number) =>
  Float64Array.from({ length: n }, (_, i) => shares[i * sequences.length + s]);

/** (n) The mean over the sequences. */
export const meanShares = ({ n, shares, sequences }: Flips) =>
  Float64Array.from({ length: n }, (_, i) => {
    let sum = 0;
    for (let s = 0; s < sequences.length; s++) sum += shares[i * sequences.length + s];
    return sum / sequences.length;
  });

export const isSteady = ({ shares, sequences }: Flips, i: number): boolean =>
  shares.subarray(i * sequences.length, (i + 1) * sequences.length).every((share) => share === 0);

/** @param reference whose flips those are divided by, where one was asked for and measured; or why there is none */
export function consistencyResult(
  flips: Flips,
  reference: Flips | { lacks: string } | undefined,
  options: BootstrapOptions,
): ConsistencyResult {
  const { n, sequences } = flips;
  const steady = Array.from({ length: n }, (_, i) => isSteady(flips, i)).filter((is) => is).length;
  return {
    flips,
    each: sequences.map((_, s) => meanOf(column(flips, s))),
    mean: meanOf(meanShares(flips)),
    steady: wilson(steady, n),
    ...(reference &&
      ('lacks' in reference ? reference : { reference, rates: ratesOf(flips, reference, options) })),
  };
}

function ratesOf(flips: Flips, reference: Flips, options: BootstrapOptions) {
  const { n, sequences } = flips;
  const mean = meanRatioOfDraws(flips.shares, reference.shares, sequences.length);
  const each = sequences.map((_, s) => meanRatioOfDraws(column(flips, s), column(reference, s), 1));
  const estimates: Record<string, Estimate> = jointBootstrap(
    n,
    [
      {
        of: (times: Uint8Array): Record<string, number> =>
          Object.fromEntries([['mean', mean(times)], ...each.map((of, s) => [`${s}`, of(times)])]),
      },
    ],
    options,
  );
  return {
    reference: reference.system.name,
    mean: estimates.mean,
    each: sequences.map((_, s) => estimates[`${s}`]),
  };
}
