import type { FeatureRows } from '../../src/measurements.js';
import {
  type Estimate,
  type FeatureTable,
  frechetEstimate,
  inceptionScore,
  jointBootstrap,
  kernelDistance,
  meanOf,
  type Step,
  splitInceptionScores,
} from '../../src/metrics.js';
import { type Collected, type SuiteContext, stream } from '../../src/suite.js';
import { type Fidelity, fidelityOf } from './fidelity.js';
import type { SamplesOptions } from './options.js';
import type { SampleSet } from './result.js';
import type { Selection } from './selection.js';

/** Beyond this width a Frechet distance costs too much to be resampled. */
export const WIDEST_RESAMPLED = 512;

/** How good the images of a set are, as a network sees them. */
export interface Quality {
  selection: Selection;
  /** Absent where there is nothing to compare with. */
  frechet: Estimate | undefined;
  /** Of as many real images, to the others. */
  frechetOfReal: Estimate | undefined;
  kernel: Estimate | undefined;
  fidelity: Fidelity | undefined;
  inception: Estimate | undefined;
  /** Standard deviation of the inception score over its splits. */
  inceptionSpread: number | undefined;
}

export function qualityOf(
  set: SampleSet,
  selections: readonly Selection[],
  reference: Collected<FeatureRows> | undefined,
  ofReal: OfReal,
  { splits, resamples, kernel, balls }: SamplesOptions,
  { seed, steps }: Pick<SuiteContext, 'seed' | 'steps'>,
): Quality[] {
  const { extractor } = set;
  if (!extractor) return [];
  const all = tableOf(extractor.features);
  const real = reference && tableOf(reference.rows.features);
  const draws = drawsFor(all, resamples);
  const who = `${set.name} samples of ${set.system.name}`;
  const step = (what: string) => steps?.(`resamples of ${what}, ${who}`);
  return selections.map((selection) => {
    const chosen = only(all, selection.chosen);
    const scored =
      extractor.classified && scores(extractor.classified.logits, selection, splits, { seed, resamples });
    return {
      selection,
      frechet:
        real &&
        frechetEstimate(chosen, real, { seed, resamples: draws, step: step('their Frechet distance') }),
      frechetOfReal: ofReal(selection.count)?.estimate,
      kernel: kernel && real ? kernelDistance(chosen, real) : undefined,
      fidelity:
        balls > 0 && real ? fidelityOf(chosen, real, balls, steps?.(`neighbours of ${who}`)) : undefined,
      inception: scored?.estimate,
      inceptionSpread: scored?.spread,
    };
  });
}

/** The Frechet distance of that many real images to the others, where there are enough. */
export type OfReal = (count: number) => RealPart | undefined;

/** A random part of the reference against the rest. */
export interface RealPart {
  estimate: Estimate;
  /** (real): 1 for the part. */
  part: Uint8Array;
}

/** Depends on no samples: computed once for every number of images, whatever the set and the selection. */
export function realAgainstItself(
  reference: Collected<FeatureRows> | undefined,
  { resamples }: Pick<SamplesOptions, 'resamples'>,
  { seed, steps }: Pick<SuiteContext, 'seed' | 'steps'>,
): OfReal {
  if (!reference) return () => undefined;
  const real = tableOf(reference.rows.features);
  const draws = drawsFor(real, resamples);
  const { system, dataset } = reference.request;
  const parts = new Map<number, RealPart | undefined>();
  return (count) => {
    if (!parts.has(count)) {
      const step = steps?.(
        `resamples of the Frechet distance of ${count} images of ${dataset} in features of ${system}`,
      );
      parts.set(count, realAgainstReal(real, count, { seed, resamples: draws, step }));
    }
    return parts.get(count);
  };
}

const drawsFor = ({ width }: FeatureTable, resamples: number): number =>
  width > WIDEST_RESAMPLED ? 0 : resamples;

const tableOf = ({ shape, data }: { shape: number[]; data: Float32Array }): FeatureTable => ({
  n: shape[0]!,
  width: shape[1]!,
  data,
});

function only({ n, width, data }: FeatureTable, chosen: ArrayLike<number>): FeatureTable {
  const rows = Array.from({ length: n }, (_, i) => i).filter((i) => chosen[i] === 1);
  const picked = new Float32Array(rows.length * width);
  rows.forEach((row, to) => {
    for (let k = 0; k < width; k++) picked[to * width + k] = data[row * width + k]!;
  });
  return { n: rows.length, width, data: picked };
}

/** What chance alone gives: a random part of the reference against the rest, where enough of it is left. */
function realAgainstReal(
  real: FeatureTable,
  n: number,
  options: { seed: number; resamples: number; step?: Step | undefined },
): RealPart | undefined {
  if (real.n < 3 * n) return undefined;
  const draws = new Float64Array(real.n);
  stream({ seed: options.seed, purpose: 'samples/real', example: 0 }).uniforms(draws);
  const order = Array.from(draws, (_, i) => i).sort((a, b) => draws[a]! - draws[b]!);
  const drawn = new Uint8Array(real.n);
  for (const i of order.slice(0, n)) drawn[i] = 1;
  const rest = drawn.map((one) => 1 - one);
  return { estimate: frechetEstimate(only(real, drawn), only(real, rest), options), part: drawn };
}

/** Of one part with a bootstrap interval, which is shifted: resampled images repeat, and seem less diverse. */
function scores(
  logits: { n: number; classes: number; data: Float32Array },
  { chosen }: Selection,
  splits: number,
  options: { seed: number; resamples: number },
): { estimate: Estimate; spread: number | undefined } {
  const { classes } = logits;
  const picked = only({ n: logits.n, width: classes, data: logits.data }, chosen);
  const table = { n: picked.n, classes, data: picked.data as Float32Array };
  if (splits === 1) {
    const of = inceptionScore(table);
    const { score } = jointBootstrap(
      table.n,
      [{ of: (times: Uint8Array) => ({ score: of(times) }), centred: ['score'], within: [1, classes] }],
      options,
    );
    return { estimate: score, spread: undefined };
  }
  const parts = splitInceptionScores(table, splits);
  const mean = meanOf(parts);
  const squares = parts.reduce((sum, score) => sum + (score - mean.value) ** 2, 0);
  return { estimate: { ...mean, n: table.n }, spread: Math.sqrt(squares / splits) };
}
