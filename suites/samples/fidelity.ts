import {
  coverageOfSame,
  type Estimate,
  type FeatureTable,
  type Manifolds,
  manifoldsOf,
  meanOf,
  type Step,
  wilson,
} from '../../src/metrics.js';

/** Whether samples look like real images, and real images like samples: in features, by balls out to k-th neighbours. */
export interface Fidelity {
  k: number;
  found: Manifolds;
  /** Over samples, of these real images. */
  precision: Estimate;
  density: Estimate;
  /** Over real images, of these samples. */
  recall: Estimate;
  coverage: Estimate;
  /** Coverage on average by as many images of the distribution of the real ones. */
  expected: number;
}

/** Undefined where one of the sets has no more than k images. */
export function fidelityOf(
  samples: FeatureTable,
  real: FeatureTable,
  k: number,
  step?: Step,
): Fidelity | undefined {
  const manifolds = manifoldsOf(samples, real, k, step);
  if (!manifolds) return undefined;
  const { held, recalled, covered } = manifolds;
  const share = (flags: ArrayLike<number>) =>
    wilson(Array.from(flags).filter((flag) => flag > 0).length, flags.length);
  return {
    k,
    found: manifolds,
    precision: share(held),
    density: meanOf(densities(manifolds, k)),
    recall: share(recalled),
    coverage: share(covered),
    expected: coverageOfSame(samples.n, real.n, k),
  };
}

/** (samples): balls of real images that hold the sample, by k. */
export const densities = ({ held }: Manifolds, k: number): Float64Array =>
  Float64Array.from(held, (count) => count / k);
