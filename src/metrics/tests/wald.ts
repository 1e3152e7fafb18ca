import {
  normalQuantile,
  normalTwoSided,
  studentTQuantile,
  studentTTwoSided,
} from '../distributions/distributions.js';

/** A difference with its interval, and how likely one as large is without any. */
export interface TestedDifference {
  value: number;
  interval: [number, number] | null;
  /** Two-sided; null where none can be given. */
  p: number | null;
}

/**
 * Wald's interval and test of a value with a standard error: Student's t with n - 1 degrees of freedom, or the normal
 * distribution. An error of 0 gives no interval, since it would claim certainty: p is then 1 for a value of 0, and else
 * that of a sign test in which all n examples say the same. Values that are not finite have neither.
 */
export function waldTest(
  value: number,
  error: number,
  n: number,
  { level = 0.95, by }: { level?: number; by: 'student-t' | 'normal' },
): TestedDifference {
  if (!Number.isFinite(value) || !Number.isFinite(error) || n < 2) return { value, interval: null, p: null };
  if (error === 0) return { value, interval: null, p: value === 0 ? 1 : 2 ** (1 - n) };
  const [quantile, p] =
    by === 'normal'
      ? [normalQuantile(level), normalTwoSided(value / error)]
      : [studentTQuantile(level, n - 1), studentTTwoSided(value / error, n - 1)];
  return { value, interval: [value - quantile * error, value + quantile * error], p };
}
