/** Lanczos's coefficients for g = 7, n = 9 (Godfrey 2001). */
const COEFFICIENTS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

/** log Gamma(x) for x >= 1/2, to 1e-14 of the larger of itself and 1 (Lanczos 1964). */
export function logGamma(x: number): number {
  let sum = COEFFICIENTS[0]!;
  for (let k = 1; k < COEFFICIENTS.length; k++) sum += COEFFICIENTS[k]! / (x - 1 + k);
  const t = x + 6.5;
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(sum);
}
