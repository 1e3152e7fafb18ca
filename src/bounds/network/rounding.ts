/** Half a unit in the last place of float32. */
export const UNIT = 2 ** -24;
/** A product, a conversion and what intervals take. */
const SPARE = 4;
/** What is lost of a product that is too small for float32 at most, also where engines make 0 of such. */
export const TINY = 2 ** -126;

/**
 * The relative error of a sum of n products in float32, in any order (Higham 2002, lemma 3.1): n u / (1 - n u). Of 2^24 and more nothing is
 * known.
 */
export function gamma(n: number): number {
  const share = (n + SPARE) * UNIT;
  return share < 1 ? share / (1 - share) : Number.POSITIVE_INFINITY;
}

/** How many times a computed sum of numbers, none of which is below 0, the sum is at most, where float32 makes that relative error. */
export const mostOf = (error: number): number => (error < 1 ? 1 / (1 - error) : Number.POSITIVE_INFINITY);

/** What a sum over all numbers of a value takes that is made axis by axis, and is added to other such sums. */
export const gammaOfAxes = (dims: readonly number[], sums: number): number =>
  gamma(dims.reduce((sum, d) => sum + d, sums));
