import { Type } from '../config/type.js';
import { largestMask } from '../metrics/top-k.js';

/** The option of scores that keep the largest features of an image. */
export const percentileOption = (usual: number) =>
  Type.Integer({
    minimum: 0,
    maximum: 99,
    default: usual,
    description: 'Percentage of the features that are not among the largest.',
  });

/** What OpenOOD tries of it. */
export const triedPercentiles = [65, 70, 75, 80, 85, 90, 95].map((percentile) => ({ percentile }));

/** 1 for each of the largest n - round(n p / 100) features, halves rounded to even; at least one is kept. */
export const prunedMask = (h: Float64Array, percentile: number): Uint8Array =>
  largestMask(h, Math.max(1, h.length - roundHalfEven((h.length * percentile) / 100)));

/** To the nearest whole number, halves to the even one. */
export function roundHalfEven(x: number): number {
  const below = Math.floor(x);
  return x - below === 0.5 ? below + (below % 2) : Math.round(x);
}

/** The sum of those with mask 1. */
export const maskedSum = (h: Float64Array, mask: Uint8Array): number =>
  h.reduce((sum, v, j) => sum + (mask[j] ? v : 0), 0);
