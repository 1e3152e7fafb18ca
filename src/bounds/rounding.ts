/** Half a unit in the last place of float32. */
export const UNIT = 2 ** -24;
/** A product, a conversion and what intervals take. */
const SPARE = 4;
/** What is lost of a product that is too small for float32 at most, also where engines make 0 of such. */
export const TINY = 2 ** -126;

/**
 * The relative error of a sum of n products in float32, in any order (Higham 2002, lemma 3.1): n u / (1 - n u).
 */
export const gamma = (n: number): number => ((n + SPARE) * UNIT) / (1 - (n + SPARE) * UNIT);

/** What a sum over all numbers of a value takes that is made axis by axis, and is added to other such sums. */
export const gammaOfAxes = (dims: readonly number[], sums: number): number =>
  gamma(dims.reduce((sum, d) => sum + d, sums));
