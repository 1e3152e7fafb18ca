/**
 * How to get from a point `x` of the box [0, 1]^d to the hyperplane of the points x + m with <w, m> = gap. Every
 * coordinate goes in the direction that closes the gap, as far as the box at most; how the way is shared among
 * them is what the norms differ in. Images are flat float32 arrays, lengths are in the norm.
 */
export interface HyperplaneGeometry {
  /** Length of the shortest m where no box is in the way: |gap| over the dual norm of w (Hoelder). */
  distance(w: Float32Array, gap: number): number;
  /**
   * Writes the shortest m for which x + m lies in the box into `move` and returns its length. Where the box ends
   * before the plane, m leads to a point of the box that is nearest to it (Croce & Hein 2020, "Minimally distorted
   * adversarial examples with a fast adaptive boundary attack", eq. 3 and appendix). In time O(d).
   */
  project(x: Float32Array, w: Float32Array, gap: number, move: Float64Array): number;
}

/** Columns to work in, one call at a time, as long as the largest image so far: fresh ones cost more than the work. */
let columns = { signs: new Float64Array(0), rates: new Float64Array(0), limits: new Float64Array(0) };

function columnsFor(d: number): typeof columns {
  if (columns.signs.length < d) {
    const [signs, rates, limits] = [new Float64Array(d), new Float64Array(d), new Float64Array(d)];
    columns = { signs, rates, limits };
  }
  return columns;
}

/** The bits of float32 numbers: without the sign they are ordered as the magnitudes are. */
const bitsOf = (w: Float32Array) => new Int32Array(w.buffer, w.byteOffset, w.length);

/** Where coordinates have to go, 1 or -1. By bits: a branch that is taken at random costs more than the rest. */
function fillSigns(signs: Float64Array, w: Float32Array, gap: number): void {
  const bits = bitsOf(w);
  const against = gap < 0 ? 1 : 0;
  for (let i = 0; i < w.length; i++) signs[i] = 1 - 2 * ((bits[i]! >>> 31) ^ against);
}

/** How far a coordinate can go in a direction: 1 - value or value. */
const roomOf = (value: number, sign: number) => 0.5 + sign * (0.5 - value);

/**
 * The level t at which sum_i rates_i min(t, limits_i) = gap, the sum over the first d entries; the largest number
 * when it stays below. Newton's method on a concave, piecewise linear function: levels rise until no limit is
 * passed any more. Ratios of successive gaps and slopes sum to at most 1 (Radzik 1998, "Fractional combinatorial
 * optimization"), which allows a few dozen rounds whatever the numbers are; images take two to five.
 */
function levelOf(rates: Float64Array, limits: Float64Array, d: number, gap: number): number {
  let level = 0;
  for (;;) {
    let [full, rate] = [0, 0];
    for (let i = 0; i < d; i++) {
      if (limits[i]! <= level) full += rates[i]! * limits[i]!;
      else rate += rates[i]!;
    }
    const next = Math.min((gap - full) / rate, Number.MAX_VALUE);
    if (!(next > level)) return level;
    level = next;
  }
}

/** All coordinates go equally far, as long as they have room. */
const Linf: HyperplaneGeometry = {
  distance: (w, gap) => Math.abs(gap) / w.reduce((sum, v) => sum + Math.abs(v), 0),
  project(x, w, gap, move) {
    const { signs, rates, limits } = columnsFor(x.length);
    fillSigns(signs, w, gap);
    for (let i = 0; i < x.length; i++) {
      rates[i] = Math.abs(w[i]!);
      limits[i] = roomOf(x[i]!, signs[i]!);
    }
    const level = levelOf(rates, limits, x.length, Math.abs(gap));
    let longest = 0;
    for (let i = 0; i < x.length; i++) {
      const way = rates[i] === 0 ? 0 : Math.min(level, limits[i]!);
      longest = Math.max(longest, way);
      move[i] = signs[i]! * way;
    }
    return longest;
  },
};

/** Coordinates go in proportion to w, as long as they have room. */
const L2: HyperplaneGeometry = {
  distance: (w, gap) => Math.abs(gap) / Math.sqrt(w.reduce((sum, v) => sum + v * v, 0)),
  project(x, w, gap, move) {
    const { signs, rates, limits } = columnsFor(x.length);
    fillSigns(signs, w, gap);
    for (let i = 0; i < x.length; i++) {
      rates[i] = w[i]! * w[i]!;
      limits[i] = rates[i] === 0 ? 0 : roomOf(x[i]!, signs[i]!) / Math.abs(w[i]!);
    }
    const level = levelOf(rates, limits, x.length, Math.abs(gap));
    let squares = 0;
    for (let i = 0; i < x.length; i++) {
      const way = Math.min(level, limits[i]!) * Math.abs(w[i]!);
      squares += way * way;
      move[i] = signs[i]! * way;
    }
    return Math.sqrt(squares);
  },
};

/** Radix selection looks at the 31 bits of a magnitude in three digits: where each starts, and its size. */
const DIGITS = [
  { shift: 20, size: 2048 },
  { shift: 10, size: 1024 },
  { shift: 0, size: 1024 },
];
const sums = new Float64Array(2048);

/** What is missing by less than this share of the gap is rounding of the sums, and not worth another coordinate. */
const ROUNDING = 1e-12;

/**
 * Where entries are taken by falling magnitude as long as what they yield sums to at most `wanted`: the bits of the
 * first magnitude of which not all can be taken, and what is still wanted there.
 */
function thresholdOf(bits: Int32Array, yields: Float64Array, budget: number): { key: number; left: number } {
  let [key, left] = [0, budget];
  for (const { shift, size } of DIGITS) {
    sums.fill(0);
    for (let i = 0; i < bits.length; i++) {
      const digits = (bits[i]! & 0x7fff_ffff) >>> shift;
      const digit = digits - key * size;
      if (digit >= 0 && digit < size) sums[digit]! += yields[i]!;
    }
    let digit = size - 1;
    while (digit > 0 && left > ROUNDING * budget && sums[digit]! <= left) left -= sums[digit--]!;
    key = key * size + digit;
  }
  return { key, left };
}

/** Coordinates go to the box in order of |w|, the last of them by what is still missing. */
const L1: HyperplaneGeometry = {
  distance: (w, gap) => Math.abs(gap) / w.reduce((most, v) => Math.max(most, Math.abs(v)), 0),
  project(x, w, gap, move) {
    const { signs, rates: yields, limits: rooms } = columnsFor(x.length);
    fillSigns(signs, w, gap);
    for (let i = 0; i < x.length; i++) {
      rooms[i] = roomOf(x[i]!, signs[i]!);
      yields[i] = Math.abs(w[i]!) * rooms[i]!;
    }
    const bits = bitsOf(w);
    let { key, left } = thresholdOf(bits, yields, Math.abs(gap));
    let sum = 0;
    for (let i = 0; i < x.length; i++) {
      const own = bits[i]! & 0x7fff_ffff;
      let way = 0;
      if (own > key) way = rooms[i]!;
      else if (own === key && own > 0 && left > ROUNDING * Math.abs(gap)) {
        way = Math.min(rooms[i]!, left / Math.abs(w[i]!));
        left -= way * Math.abs(w[i]!);
      }
      sum += way;
      move[i] = signs[i]! * way;
    }
    return sum;
  },
};

/** Norms in which the way to a hyperplane is known. */
export type HyperplaneNorm = 'Linf' | 'L2' | 'L1';

export const hyperplanes: Readonly<Record<HyperplaneNorm, HyperplaneGeometry>> = { Linf, L2, L1 };

export const hyperplaneNorms = Object.keys(hyperplanes) as HyperplaneNorm[];
