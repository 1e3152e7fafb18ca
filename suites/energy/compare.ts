import {
  aurocEstimate,
  type Distances,
  distancesOf,
  type Estimate,
  holm,
  mannWhitneyP,
  meanDifference,
  meanOf,
  permutationTest,
  pooled,
  smirnovP,
  wilcoxonP,
} from '../../src/metrics.js';
import { type Contrast, gapsOf, type Heights } from './heights.js';
import type { EnergyOptions } from './options.js';

/** A set against the reference: how far apart, and whether chance alone would do. */
export interface Comparison extends Contrast {
  /** Mean log p(x) minus that of the reference. */
  gap: Estimate;
  /** P(an image of the reference has a higher log p(x) than one of the set). */
  auroc: Estimate;
  distances: Distances;
  /** Of each test, NaN where it is not defined; and by Holm over all tests of the table. */
  tests: Record<TestName, { p: number; corrected: number }>;
}

export type TestName = 'shift' | 'ks' | 'energy';

/** Compares each with the reference. The p values are corrected as one family. */
export function compareAll(
  all: readonly Contrast[],
  options: Pick<EnergyOptions, 'permutations'>,
  seed: number,
): Comparison[] {
  const untested = all.map((contrast) => compare(contrast, options, seed));
  const p = untested.flatMap(({ p: each }) => Object.values(each)).filter(Number.isFinite);
  const corrected = holm(p);
  let at = 0;
  const next = (value: number) => ({
    p: value,
    corrected: Number.isFinite(value) ? corrected[at++]! : Number.NaN,
  });
  return untested.map(({ p: { shift, ks, energy }, ...rest }) => ({
    ...rest,
    tests: { shift: next(shift), ks: next(ks), energy: next(energy) },
  }));
}

type Untested = Omit<Comparison, 'tests'> & { p: Record<TestName, number> };

function compare(
  contrast: Contrast,
  { permutations }: Pick<EnergyOptions, 'permutations'>,
  seed: number,
): Untested {
  const { own, reference, partners } = contrast;
  const matched = partners ? Float64Array.from(partners, (at) => reference.logPx[at]!) : reference.logPx;
  const gaps = partners && gapsOf(contrast, partners);
  const sample = pooled(own.logPx, matched);
  const distances = distancesOf(sample, sample.first);
  const mixed = permutationTest(sample, {
    seed,
    permutations,
    purpose: `energy/permutations/${own.dataset.name}`,
    paired: partners !== undefined,
  });
  return {
    ...contrast,
    gap: gaps ? meanOf(gaps) : meanDifference(own.logPx, reference.logPx),
    auroc: aurocAbove(reference, own, partners !== undefined),
    distances,
    p: {
      shift: gaps ? wilcoxonP(gaps) : mannWhitneyP(own.logPx, reference.logPx),
      ks: partners ? mixed.ks : smirnovP(distances.ks, own.logPx.length, reference.logPx.length).p,
      energy: mixed.energy,
    },
  };
}

/**
 * P(an image of the first set has a higher log p(x) than one of the second).
 * @param paired whether images of the same number belong together
 */
export function aurocAbove(above: Heights, below: Heights, paired: boolean): Estimate {
  const scores = ({ logPx, indices }: Heights) => ({ values: logPx, ...(paired && { of: indices }) });
  return aurocEstimate(scores(above), scores(below));
}
