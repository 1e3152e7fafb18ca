/** Bits of a digit: so few that where each of its values goes stays in the cache. */
const BITS = 11;
const VALUES = 2 ** BITS;

/** Numbers as unsigned words that ascend with them, and the examples that they are of. */
interface Keys {
  low: Uint32Array;
  high: Uint32Array;
  of: Int32Array;
}

const room = (n: number): Keys => ({
  low: new Uint32Array(n),
  high: new Uint32Array(n),
  of: new Int32Array(n),
});

/**
 * Example numbers in ascending order of a value, those of equal values in their own order: (n). 0 and -0 are equal. Radix
 * sort of the numbers' bits, from the last digit to the first: several times faster than by comparisons. The bits are moved
 * with the examples, so that they are read in order.
 * @param values (n), none NaN
 */
export function ascendingOrder(values: Float64Array): Int32Array {
  let from = keysOf(values);
  let to: Keys | undefined;
  const starts = new Int32Array(VALUES + 1);
  for (const word of ['low', 'high'] as const)
    for (let shift = 0; shift < 32; shift += BITS) {
      if (!digitStarts(from[word], shift, starts)) continue;
      to ??= room(values.length);
      move(from, to, from[word], shift, starts);
      [from, to] = [to, from];
    }
  return from.of;
}

/** Bits of positive numbers ascend; those of negative ones descend, below them. */
function keysOf(values: Float64Array): Keys {
  const keys = room(values.length);
  const { low, high, of } = keys;
  const words = new Uint32Array(values.buffer, values.byteOffset, 2 * values.length);
  for (let i = 0; i < values.length; i++) {
    const bits = values[i] === 0 ? 0 : words[2 * i + 1]!;
    const negative = bits >>> 31 === 1;
    low[i] = negative ? ~words[2 * i]! : words[2 * i]!;
    high[i] = negative ? ~bits : bits | 0x80000000;
    of[i] = i;
  }
  return keys;
}

function move(from: Keys, to: Keys, digits: Uint32Array, shift: number, starts: Int32Array): void {
  const { low, high, of } = from;
  for (let at = 0; at < of.length; at++) {
    const place = starts[(digits[at]! >>> shift) & (VALUES - 1)]!++;
    to.low[place] = low[at]!;
    to.high[place] = high[at]!;
    to.of[place] = of[at]!;
  }
}

/** Where numbers with each value of a digit go. False where all have the same one. */
function digitStarts(words: Uint32Array, shift: number, starts: Int32Array): boolean {
  starts.fill(0);
  for (let at = 0; at < words.length; at++) starts[((words[at]! >>> shift) & (VALUES - 1)) + 1]!++;
  if (starts.includes(words.length, 1)) return false;
  for (let value = 0; value < VALUES; value++) starts[value + 1]! += starts[value]!;
  return true;
}
