/** Bits of a digit: so few that where each of its values goes stays in the cache. */
const BITS = 11;
const VALUES = 2 ** BITS;

/**
 * Example numbers in ascending order of a value, those of equal values in their own order: (n). 0 and -0 are equal. Radix
 * sort of the numbers' bits, from the last digit to the first: several times faster than by comparisons.
 * @param values (n), none NaN
 */
export function ascendingOrder(values: Float64Array): Int32Array {
  const n = values.length;
  const words = new Uint32Array(new Float64Array(values).buffer);
  // Bits of positive numbers ascend; those of negative ones descend, below them.
  for (let i = 0; i < n; i++) {
    const high = values[i] === 0 ? 0 : words[2 * i + 1];
    const negative = high >>> 31 === 1;
    words[2 * i] = negative ? ~words[2 * i] : words[2 * i];
    words[2 * i + 1] = negative ? ~high : high | 0x80000000;
  }
  let order = new Int32Array(n);
  for (let i = 0; i < n; i++) order[i] = i;
  let next = new Int32Array(n);
  const starts = new Int32Array(VALUES + 1);
  for (const word of [0, 1])
    for (let shift = 0; shift < 32; shift += BITS) {
      if (!digitStarts(words, word, shift, starts)) continue;
      for (let at = 0; at < n; at++) {
        const i = order[at];
        next[starts[(words[2 * i + word] >>> shift) & (VALUES - 1)]++] = i;
      }
      [order, next] = [next, order];
    }
  return order;
}

/** Where numbers with each value of a digit go. False where all have the same one. */
function digitStarts(words: Uint32Array, word: number, shift: number, starts: Int32Array): boolean {
  starts.fill(0);
  for (let at = word; at < words.length; at += 2) starts[((words[at] >>> shift) & (VALUES - 1)) + 1]++;
  if (starts.includes(words.length / 2, 1)) return false;
  for (let value = 0; value < VALUES; value++) starts[value + 1] += starts[value];
  return true;
}
