import { TINY, UNIT } from '../network/rounding.js';

/** What an affine step's radius is made of, so that it holds everything: factors of what it reads and adds, and a number. */
export interface Growth {
  ofRadius: number;
  ofCentre: number;
  /** Of the magnitude of what the step adds. */
  ofLoad: number;
  constant: number;
}

/** Nothing is rounded. */
export const EXACTLY: Growth = { ofRadius: 1, ofCentre: 0, ofLoad: 0, constant: 0 };

/** What radii are computed with: at most 6 operations, of numbers that are no larger than |c| + r. */
const COMPUTING = 16 * UNIT;

/**
 * What is lost of numbers that are too small for float32, before products and after: far more than 2^-126, so that products of it with
 * weights are not subnormal, which processors take a hundred times as long for.
 */
export const LOST = 2 ** -110;

/** What its sums of ends, or of centre and radius, take of a value: relative to |c| + r. */
export const ENDS = 8 * UNIT;

/**
 * A step gives y = L x + b, and an engine what differs from that by at most e (|L| |x| + |b|), and by T for what is too small for float32.
 * x is within r of c. So the engine's own y is within
 *
 *     |L| r + e (|L| (|c| + r) + |b|) + e (|L| |c| + |b|) + 2 T
 *
 * of what it makes of c, which is C: the network's evaluation rounds, and that of the centre. The radius R is computed as the sum
 * |L| p + q, so R >= (1 - e) (|L| p + q) - T, and R <= (1 + e) (|L| p + q) + T. It shall be larger than the above by
 * spare (|C| + R) + e R: `spare` is what later steps take that do not look at magnitudes themselves (see `sparesOf`), and e R what
 * adding R to C takes where an engine does so in the midst of the sum that C is: what that loses of C's own terms is counted already.
 * |C| <= (1 + e) (|L| |c| + |b|) + T. All that holds for
 *
 *     p = ((1 + e) r + m |c|) / d,   q = m |b| / d + 5 T,
 *     m = 2 e + spare (1 + e),   d = 1 - e - (spare + e) (1 + e).
 *
 * Half of `LOST` is left to later steps as well, whatever their sums lose.
 * @param e of the step, relative
 */
export function growthOf(e: number, spare: number): Growth {
  const d = 1 - e - (spare + e) * (1 + e);
  // Beyond, nothing is known of sums: infinite radii prove nothing.
  const share = d > 0 ? 1 / d : Number.POSITIVE_INFINITY;
  const magnitude = (2 * e + spare * (1 + e)) * share;
  return {
    ofRadius: (1 + e) * share * (1 + COMPUTING),
    ofCentre: magnitude * (1 + COMPUTING) + COMPUTING,
    ofLoad: magnitude * (1 + COMPUTING),
    constant: 2 * LOST + 8 * (e / UNIT + 1) * TINY,
  };
}

/**
 * What a step that leaves magnitudes to the radii that it reads wants of these: |x - c| <= r - d (|c| + r). By the above, with p = r and
 * q = ofLoad |b|, that is enough for d = 3 e + (spare + e) (1 + e).
 */
export const spareFor = (e: number, spare: number): number => 3 * e + (spare + e) * (1 + e) + ENDS;
