import { STREAMS } from './box-muller-module.js';
import { boxMullers } from './box-mullers.js';
import { type StreamKey, stateOf, stream } from './stream.js';

/**
 * The first normal draws of the streams of some keys: to the bit what `stream(key).normals` gives. Of four keys at once in
 * less than half the time; two or three take as long as four, and a lone one is drawn by itself.
 * @param into (keys.length, numbers of each)
 */
export function normalsOf(keys: readonly StreamKey[], into: Float64Array): void {
  const size = into.length / Math.max(1, keys.length);
  for (let first = 0; first < keys.length; first += STREAMS) {
    const some = keys.slice(first, first + STREAMS);
    const together = some.length > 1 ? boxMullers() : undefined;
    if (together) together(some.map(stateOf), into, first * size, size);
    else
      for (const [i, key] of some.entries())
        stream(key).normals(into.subarray((first + i) * size, (first + i + 1) * size));
  }
}
