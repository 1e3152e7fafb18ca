import { eachTie } from '../tests/rank-tests.js';
import { ascendingOrder } from './ascending-order.js';
import type { GroupOrder } from './group-order.js';

/** Examples in ascending order of a value, equal values in one group. @param values (n), none NaN */
export function orderedGroups(values: ArrayLike<number>): GroupOrder {
  const order = ascendingOrder(Float64Array.from(values));
  const starts = [0];
  eachTie(order, values, (_, to) => {
    starts.push(to);
  });
  return { starts: Int32Array.from(starts), order };
}

/** Counts and sums of each group of resamples; the arrays are used again in the next call. */
export interface GroupSums {
  count: Float64Array;
  predicted: Float64Array;
  observed: Float64Array;
}

/**
 * Sums over examples with the same prediction, of resamples given as how often each was drawn.
 * @param predicted (n)
 * @param observed (n) 0 or 1
 */
export function drawnGroupSums(
  predicted: Float64Array,
  observed: ArrayLike<number>,
): (times: Uint8Array) => GroupSums {
  const { starts, order } = orderedGroups(predicted);
  const groups = starts.length - 1;
  const value = Float64Array.from({ length: groups }, (_, g) => predicted[order[starts[g]!]!]!);
  const ordered = Uint8Array.from(order, (i) => observed[i]!);
  const sums = {
    count: new Float64Array(groups),
    predicted: new Float64Array(groups),
    observed: new Float64Array(groups),
  };
  return (times) => {
    for (let g = 0; g < groups; g++) {
      let [count, ones] = [-0, -0];
      for (let at = starts[g]!; at < starts[g + 1]!; at++) {
        const weight = times[order[at]!]!;
        count += weight;
        ones += weight * ordered[at]!;
      }
      sums.count[g] = count;
      sums.predicted[g] = count * value[g]!;
      sums.observed[g] = ones;
    }
    return sums;
  };
}
