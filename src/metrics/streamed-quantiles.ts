/** Half of the bits of a float32. */
const HALF = 2 ** 16;

/**
 * Quantiles of float32 numbers that are too many to be held, linear between order statistics as `numpy.percentile`'s are,
 * and exact: in the order of their bits, one reading counts upper halves, and a second the lower halves of those that
 * hold the order statistics. NaN where there is no number.
 * @param read begins from the start each time
 */
export async function streamedQuantiles(
  read: () => AsyncIterable<ArrayLike<number>>,
  quantiles: readonly number[],
): Promise<Float64Array> {
  const upper = new Float64Array(HALF);
  for await (const values of read())
    for (let i = 0; i < values.length; i++) upper[orderedBits(values[i]!) >>> 16]!++;
  const n = upper.reduce((a, b) => a + b, 0);
  if (n === 0) return new Float64Array(quantiles.length).fill(Number.NaN);
  const positions = quantiles.map((q) => q * (n - 1));
  const ranks = positions.flatMap((at) => [Math.floor(at), Math.min(Math.floor(at) + 1, n - 1)]);
  const places = ranks.map((rank) => rankIn(upper, rank));
  const lower = new Map(places.map(({ place }) => [place, new Float64Array(HALF)]));
  for await (const values of read())
    for (let i = 0; i < values.length; i++) {
      const bits = orderedBits(values[i]!);
      const counts = lower.get(bits >>> 16);
      if (counts) counts[bits % HALF]!++;
    }
  const statistics = places.map(({ place, left }) => {
    const counts = lower.get(place) ?? new Float64Array(HALF);
    return fromOrderedBits(place * HALF + rankIn(counts, left).place);
  });
  return Float64Array.from(positions, (at, i) => {
    const [below, above] = [statistics[2 * i]!, statistics[2 * i + 1]!];
    return below + (at - Math.floor(at)) * (above - below);
  });
}

/** Where the rank-th (from 0) of some counted things lies, and which it is there. */
function rankIn(counts: Float64Array, rank: number): { place: number; left: number } {
  let left = rank;
  let place = 0;
  while (left >= counts[place]!) left -= counts[place++]!;
  return { place, left };
}

const scratch = new DataView(new ArrayBuffer(4));

/** Unsigned integers in the order of the numbers. */
function orderedBits(value: number): number {
  scratch.setFloat32(0, value);
  const bits = scratch.getUint32(0);
  return (bits >= 2 ** 31 ? ~bits : bits | (2 ** 31)) >>> 0;
}

function fromOrderedBits(ordered: number): number {
  scratch.setUint32(0, (ordered >= 2 ** 31 ? ordered & ~(2 ** 31) : ~ordered) >>> 0);
  return scratch.getFloat32(0);
}
