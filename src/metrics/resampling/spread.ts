import { drawn } from './draw-counts.js';

/**
 * The standard deviation, with n - 1, of one number per example: a statistic for `jointBootstrap`. NaN below two. Sums are of what lies
 * between the numbers and the first of them, so that of equal numbers it is 0, whatever their mean is rounded to.
 */
export function deviationOfDraws(numbers: Float64Array): (times: Uint8Array) => number {
  const values = numbers.map((value) => value - numbers[0]!);
  return (times) => {
    const n = drawn(times);
    let sum = -0;
    for (let i = 0; i < times.length; i++) sum += times[i]! * values[i]!;
    const mean = sum / n;
    let squares = -0;
    for (let i = 0; i < times.length; i++) squares += times[i]! * (values[i]! - mean) ** 2;
    return n < 2 ? Number.NaN : Math.sqrt(squares / (n - 1));
  };
}
