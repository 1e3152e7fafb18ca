import { drawn } from './draw-counts.js';

/** The standard deviation, with n - 1, of one number per example: a statistic for `jointBootstrap`. NaN below two. */
export function deviationOfDraws(values: Float64Array): (times: Uint8Array) => number {
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
