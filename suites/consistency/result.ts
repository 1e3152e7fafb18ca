import {
  type BootstrapOptions,
  type Estimate,
  jointBootstrap,
  meanOfShares,
  meanRatioOfDraws,
  wilson,
} from '../../src/metrics.js';
import type { DatasetInfo, SystemInfo } from '../../src/suite.js';
import type { FrameClasses } from './frame-classes.js';

/** How often the predictions of a system changed. */
export interface Flips {
  system: SystemInfo;
  dataset: DatasetInfo;
  n: number;
  /** Of images; of published sequences, of the first frame of each. */
  indices: Int32Array;
  sequences: readonly string[];
  /** How many frames each sequence has, where all have the same number. */
  frames?: number;
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
  of: Pick<Flips, 'system' | 'dataset' | 'indices'>,
  sequences: readonly FrameClasses[],
): Flips {
  const n = of.indices.length;
  const width = sequences.length;
  const shares = new Float64Array(n * width);
  const changes = new Int32Array(n * width);
  for (const [s, { data, frames, against, start }] of sequences.entries())
    for (let i = 0; i < n; i++) {
      const from = start(i);
      let [flips, turns] = [0, 0];
      for (let frame = 1; frame < frames; frame++) {
        const [own, before] = [data[from + frame], data[from + frame - 1]];
        if (own !== before) turns++;
        if (own !== (against === 'first' ? data[from] : before)) flips++;
      }
      shares[i * width + s] = flips / (frames - 1);
      changes[i * width + s] = turns;
    }
  const lengths = new Set(sequences.map(({ frames }) => frames));
  return {
    ...of,
    n,
    sequences: sequences.map(({ name }) => name),
    ...(lengths.size === 1 && { frames: [...lengths][0]! }),
    shares,
    changes,
  };
}

/** (n) */
const column = ({ n, shares, sequences }: Flips, s: number) =>
  Float64Array.from({ length: n }, (_, i) => shares[i * sequences.length + s]!);

/** (n) The mean over the sequences. */
export const meanShares = ({ n, shares, sequences }: Flips) =>
  Float64Array.from({ length: n }, (_, i) => {
    let sum = 0;
    for (let s = 0; s < sequences.length; s++) sum += shares[i * sequences.length + s]!;
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
    each: sequences.map((_, s) => meanOfShares(column(flips, s))),
    mean: meanOfShares(meanShares(flips)),
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
    mean: estimates.mean!,
    each: sequences.map((_, s) => estimates[`${s}`]!),
  };
}
