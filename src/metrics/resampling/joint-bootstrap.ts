import type { Estimate } from '../estimates/estimate.js';
import { type BootstrapOptions, resampledEstimate } from '../estimates/intervals.js';
import { asFarAsUnseen } from '../estimates/unseen.js';
import { resamplesOf } from './draw-counts.js';
import type { Units } from './resampling-units.js';

/** Statistics that are computed together, and what their intervals have in common. */
export interface Statistics {
  /** Is given how often each example was drawn, (n), and returns the same names each time. */
  of: (times: Uint8Array) => Readonly<Record<string, number>>;
  /**
   * The same of how often each unit was drawn, (units.count), where a bootstrap draws groups of examples: what is known of a
   * group beforehand, such as the sums of its examples, need not be made anew in each resample. Default: `of`, of the
   * examples of the drawn groups.
   */
  grouped?: (units: Units) => (times: Uint8Array) => Readonly<Record<string, number>>;
  /** Where they cost too much for all resamples: how many of the first ones they are computed on. */
  resamples?: number;
  /**
   * Those whose replicates are biased (ECE and its kin: resampling adds noise that a mean of absolute gaps counts as
   * error). Their replicates are shifted to centre on the value.
   */
  centred?: readonly string[];
  /** What has been shifted, or has a gap, is cut to this range, which the values have anyway. */
  within?: readonly [number, number];
  /**
   * By name, errors that are sums of absolute mean gaps, such as ECE, or differences of two, and the most that one example adds:
   * `asFarAsUnseen`.
   */
  gaps?: Readonly<Record<string, number>>;
}

/** Statistics that are made for examples, or for groups of them when these are drawn, but not for both. */
export function ofUnits<R extends Readonly<Record<string, number>>>(
  make: (units?: Units) => (times: Uint8Array) => R,
): { of: (times: Uint8Array) => R; grouped: (units: Units) => (times: Uint8Array) => R } {
  let ofExamples: ((times: Uint8Array) => R) | undefined;
  return {
    of: (times) => (ofExamples ??= make())(times),
    grouped: make,
  };
}

/** The names that any of some statistics returns. */
type NameIn<S extends Statistics> = S extends Statistics ? keyof ReturnType<S['of']> & string : never;

/**
 * Statistics of n examples with percentile bootstrap intervals (Efron 1979), all from the same resamples: one set of
 * draws instead of one for each. The values are the statistics of each example once. n = 0 gives NaN. Fewer than six
 * examples give no interval at 95 %, nor do resamples that are all alike, but for `gaps`.
 */
export function jointBootstrap<S extends Statistics>(
  n: number,
  statistics: readonly S[],
  options: BootstrapOptions,
): Record<NameIn<S>, Estimate> {
  const { resamples = 1000, level = 0.95 } = options;
  const once = () => new Uint8Array(n).fill(1);
  const { units, draw, perExample } = resamplesOf(n, options);
  const groups = statistics.map((group) => {
    const draws = n === 0 ? 0 : Math.min(resamples, group.resamples ?? resamples);
    const drawn = units.of && draws > 0 ? group.grouped?.(units) : undefined;
    const values = drawn ? drawn(new Uint8Array(units.count).fill(1)) : group.of(once());
    const terms = Object.entries(values).map(([name, value]) => ({
      name,
      value: n === 0 ? Number.NaN : value,
      replicates: new Float64Array(draws),
    }));
    return { ...group, drawn, draws, terms };
  });
  const most = Math.max(0, ...groups.map(({ draws }) => draws));
  for (let b = 0; b < most; b++) {
    const times = draw(b);
    for (const { of, drawn, draws, terms } of groups) {
      if (b >= draws) continue;
      const values = drawn ? drawn(times) : of(perExample());
      for (const { name, replicates } of terms) replicates[b] = values[name]!;
    }
    options.step?.(b + 1, most);
  }
  const estimates = groups.flatMap(({ terms, centred = [], within = [-Infinity, Infinity], gaps }) =>
    terms.map(({ name, value, replicates }): [string, Estimate] => {
      const centredWithin = centred.includes(name) ? within : undefined;
      const estimate = resampledEstimate(replicates, { value, n, level, centredWithin });
      const gap = gaps?.[name];
      return [name, gap === undefined ? estimate : asFarAsUnseen(estimate, gap, within)];
    }),
  );
  return Object.fromEntries(estimates) as Record<NameIn<S>, Estimate>;
}
