import { stream } from './stream.js';

/**
 * The numbers 0..n-1 in a random order that depends on the seed alone: every example draws a number of its own, and the
 * smallest comes first. Batches, shards and who measures them do not matter, and of a longer data set the same examples
 * keep their order among themselves.
 */
export function randomOrder(n: number, seed: number): Int32Array {
  const draws = Float64Array.from({ length: n }, (_, example) =>
    stream({ seed, purpose: 'order', example }).uniform(),
  );
  return Int32Array.from({ length: n }, (_, i) => i).sort((a, b) => draws[a]! - draws[b]! || a - b);
}
