import type { Parameter } from './recalibrator.js';

/** Some probabilities of yes, by their logarithms: neither end is lost to rounding. (n) each */
export interface Chances {
  /** log p */
  yes: Float64Array;
  /** log(1 - p) */
  no: Float64Array;
}

/** What turns one probability into another. */
export interface BinaryMap {
  /** log p and log(1 - p), both finite. */
  apply(yes: number, no: number): readonly [number, number];
  parameters: readonly (Parameter & { values: readonly [number] })[];
  iterations: number;
  note?: string;
}

/** A calibrator of yes and no. */
export interface Binary {
  name: string;
  title: string;
  source: string;
  /** @param outcomes (n) 0 or 1; n > 0 */
  map(chances: Chances, outcomes: Uint8Array): BinaryMap | { reason: string };
}

/**
 * Targets of Platt 2000: what a yes and a no count as, so that n examples never speak for a probability of 0 or 1: (yes + 1) / (yes + 2)
 * and 1 / (no + 2).
 */
export function smoothedTargets(outcomes: Uint8Array): Float64Array {
  const yes = outcomes.reduce((sum, outcome) => sum + outcome, 0);
  const no = outcomes.length - yes;
  return Float64Array.from(outcomes, (outcome) => (outcome ? (yes + 1) / (yes + 2) : 1 / (no + 2)));
}

/** log p and log(1 - p) of a mean of n outcomes, not closer to 0 and 1 than a yes and a no among n + 2. */
export function logChances(mean: number, n: number): readonly [number, number] {
  const p = Math.min((n + 1) / (n + 2), Math.max(1 / (n + 2), mean));
  return [Math.log(p), Math.log1p(-p)];
}

/** log sigmoid(z) and log sigmoid(-z). */
export function logSigmoids(z: number): readonly [number, number] {
  const rest = Math.log1p(Math.exp(-Math.abs(z)));
  return z > 0 ? [-rest, -z - rest] : [z - rest, -rest];
}
