import { outward } from '../bounds/network/ranges.js';
import type { Stream } from '../random/stream.js';
import type { Box } from './property.js';

/** A box of float32 numbers. */
export interface Box32 {
  lower: Float32Array;
  upper: Float32Array;
}

const nearest = Math.fround;
/** The nearest float32 number that is not below, or not above. */
const atLeast = (x: number) => outward(x, 1);
const atMost = (x: number) => outward(x, -1);

/**
 * What a network can be given of a box: all float32 numbers in it. Where there is none between two ends, the nearest one, which
 * is off by half a unit in its last place: decimals of properties are seldom float32.
 */
export function inputsOf({ lower, upper }: Box): Box32 {
  const inner = { lower: Float32Array.from(lower, atLeast), upper: Float32Array.from(upper, atMost) };
  for (let i = 0; i < lower.length; i++)
    if (inner.lower[i]! > inner.upper[i]!)
      inner.lower[i] = inner.upper[i] = nearest((lower[i]! + upper[i]!) / 2);
  return inner;
}

/** What holds all of that: bounds over it hold for the box, and for what the network is given. */
export const around = ({ lower, upper }: Box): Box32 => ({
  lower: Float32Array.from(lower, atMost),
  upper: Float32Array.from(upper, atLeast),
});

/** Whether a point lies in a box. */
export const holds = ({ lower, upper }: Box32, point: Float32Array): boolean =>
  point.every((x, i) => x >= lower[i]! && x <= upper[i]!);

/** The middle of a box, as a float32 point of it. */
export const middleOf = ({ lower, upper }: Box32): Float32Array =>
  lower.map((low, i) => clamped((low + upper[i]!) / 2, low, upper[i]!));

/** A point drawn uniformly. */
export function drawn({ lower, upper }: Box32, source: Stream): Float32Array {
  const draws = new Float64Array(lower.length);
  source.uniforms(draws);
  return lower.map((low, i) => clamped(low + draws[i]! * (upper[i]! - low), low, upper[i]!));
}

/** Rounded to float32, and no farther than the ends. */
export const clamped = (x: number, low: number, high: number): number =>
  Math.min(high, Math.max(low, nearest(x)));
