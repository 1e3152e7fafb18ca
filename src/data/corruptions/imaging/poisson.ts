import type { Stream } from '../../../random/stream.js';

/** A Poisson draw: by summing probabilities below a mean of 10, above by transformed rejection. */
export function poisson(mean: number, draws: Stream): number {
  return mean < 10 ? bySummation(mean, draws.uniform()) : byRejection(mean, draws);
}

/** The quantile of u. */
function bySummation(mean: number, u: number): number {
  let probability = Math.exp(-mean);
  let below = probability;
  let k = 0;
  // From 100 on, what is left is beyond double precision.
  while (u >= below && k < 100) {
    k++;
    probability *= mean / k;
    below += probability;
  }
  return k;
}

/** PTRS of Hörmann 1993, "The transformed rejection method for generating Poisson random variables". */
function byRejection(mean: number, draws: Stream): number {
  const b = 0.931 + 2.53 * Math.sqrt(mean);
  const a = -0.059 + 0.02483 * b;
  const inverseAlpha = 1.1239 + 1.1328 / (b - 3.4);
  const vr = 0.9277 - 3.6624 / (b - 2);
  for (;;) {
    const u = draws.uniform() - 0.5;
    const v = draws.uniform();
    const us = 0.5 - Math.abs(u);
    const k = Math.floor(((2 * a) / us + b) * u + mean + 0.43);
    if (us >= 0.07 && v <= vr) return k;
    if (k < 0 || (us < 0.013 && v > us)) continue;
    if (Math.log((v * inverseAlpha) / (a / (us * us) + b)) <= k * Math.log(mean) - mean - logFactorial(k))
      return k;
  }
}

/** ln k!, by Stirling's series from 10 on. */
function logFactorial(k: number): number {
  if (k < 10) {
    let product = 1;
    for (let i = 2; i <= k; i++) product *= i;
    return Math.log(product);
  }
  const tail = 1 / (12 * k) - 1 / (360 * k ** 3) + 1 / (1260 * k ** 5);
  return (k + 0.5) * Math.log(k) - k + 0.5 * Math.log(2 * Math.PI) + tail;
}
