/** Sums are exact, but for what is dropped, up to 2^20 terms. */
const TERMS = 2 ** 20;

/**
 * The sum of up to 2^20 finite numbers, the same to the last bit in whatever order they come: equal logits of permuted
 * classes must give equal scores, or ties between examples are split by rounding. Every number is cut into multiples
 * of two steps that depend on the largest alone, so that both sums are exact; what is dropped is below 2^-64 of the
 * largest (pre-rounding: Demmel & Nguyen 2013, "Fast reproducible floating-point summation").
 */
export function unorderedSum(terms: Float64Array): number {
  let largest = 0;
  for (let i = 0; i < terms.length; i++) largest = Math.max(largest, Math.abs(terms[i]!));
  if (largest === 0) return 0;
  // Of softmax the largest term is 1, and the logarithm costs more than the sum.
  const power = largest === 1 ? 1 : 2 ** Math.ceil(Math.log2(largest));
  // Adding and taking off a number rounds to its last place: to 2^-32 and to 2^-64 of the power.
  const coarse = 1.5 * TERMS * power;
  const fine = coarse * 2 ** -32;
  let [high, low] = [0, 0];
  for (let i = 0; i < terms.length; i++) {
    const part = terms[i]! + coarse - coarse;
    high += part;
    low += terms[i]! - part + fine - fine;
  }
  return high + low;
}
