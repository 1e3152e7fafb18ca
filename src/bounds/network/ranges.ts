import type { CurveRounding } from '../rows/row.js';
import { type Bent, type Bounded, sizeOf } from './network.js';

/** A ball in L2. */
export interface Ball {
  /** (n, size) */
  centre: Float32Array;
  radius: number;
}

/** Between which numbers a value lies, (n, size); and in which ball, if pixels do. */
export interface Range {
  lower: Float32Array;
  upper: Float32Array;
  ball?: Ball;
}

/** Boxes around images, (n, C, H, W), or what balls have of them. */
export interface Boxes extends Range {
  n: number;
  /** Where that is known. */
  hull?: Hull;
}

/** Between which numbers all pixels are. */
export interface Hull {
  lower: number;
  upper: number;
}

/** By value. */
export type Ranges = ReadonlyMap<string, Range>;

/** What linear functions of a value are at least, over each box. */
export interface LowerBounds {
  /** (n, rows): of the network in exact arithmetic, by float32 computations; no number where something overflows. */
  bound: Float64Array;
  /** (n, rows): what rounding may take from that, of these computations and of any float32 evaluation of the network. */
  rounding: Float64Array;
}

/** Of each function the bound that proves more; what is no finite number proves nothing. */
export function better(one: LowerBounds, other: LowerBounds): LowerBounds {
  const proved = ({ bound, rounding }: LowerBounds, i: number) => {
    const least = bound[i]! - rounding[i]!;
    return Number.isFinite(least) ? least : Number.NEGATIVE_INFINITY;
  };
  const taken = (i: number) => proved(other, i) > proved(one, i);
  return {
    bound: one.bound.map((bound, i) => (taken(i) ? other.bound[i]! : bound)),
    rounding: one.rounding.map((rounding, i) => (taken(i) ? other.rounding[i]! : rounding)),
  };
}

export function rangeOf(ranges: Ranges, value: string): Range {
  const range = ranges.get(value);
  if (!range) throw new Error(`the interval of ${value} was not computed`);
  return range;
}

/** The largest magnitude of a number of a range. */
export const magnitudeAt = ({ lower, upper }: Range, i: number): number =>
  Math.max(Math.abs(lower[i]!), Math.abs(upper[i]!));

/** The same of all numbers of a range. */
export function magnitudesOf(range: Range): Float32Array {
  const magnitudes = new Float32Array(range.lower.length);
  for (let i = 0; i < magnitudes.length; i++) magnitudes[i] = magnitudeAt(range, i);
  return magnitudes;
}

type Products = Extract<Bent, { planes: unknown }>;

const NONE: CurveRounding = { absolute: 0, relative: 0, argument: 0 };

/** What a step that is not affine gives, from what it reads. */
export function imageOf(step: Bent, network: Bounded, ranges: Ranges): Range {
  const { node } = step;
  const of = rangeOf(ranges, node.inputs[0]!);
  if ('planes' in step) return imageOfProduct(step, network, ranges);
  if (!('windows' in step)) {
    const { absolute, relative, argument } = network.outward ? step.rounding : NONE;
    const range = { lower: new Float32Array(of.lower.length), upper: new Float32Array(of.lower.length) };
    for (let i = 0; i < of.lower.length; i++) {
      const [low, high] = step.image(of.lower[i]!, of.upper[i]!);
      const common = absolute + argument * magnitudeAt(of, i);
      range.lower[i] = outward(low - common - relative * Math.abs(low), -1);
      range.upper[i] = outward(high + common + relative * Math.abs(high), 1);
    }
    return range;
  }
  const size = sizeOf(network, node.outputs[0]!);
  const inner = sizeOf(network, node.inputs[0]!);
  const largest = (data: Float32Array) =>
    Float32Array.from({ length: (of.lower.length / inner) * size }, (_, at) => {
      const image = Math.floor(at / size) * inner;
      let most = Number.NEGATIVE_INFINITY;
      for (const i of step.windows[at % size]!) most = Math.max(most, data[image + i]!);
      return most;
    });
  return { lower: largest(of.lower), upper: largest(of.upper) };
}

function imageOfProduct({ node, row }: Products, network: Bounded, ranges: Ranges): Range {
  const [x, y] = node.inputs.map((input) => rangeOf(ranges, input)) as [Range, Range];
  const { absolute, relative } = network.outward ? row.rounding : NONE;
  const range = { lower: new Float32Array(x.lower.length), upper: new Float32Array(x.lower.length) };
  for (let i = 0; i < x.lower.length; i++) {
    const [low, high] = row.image([x.lower[i]!, x.upper[i]!], [y.lower[i]!, y.upper[i]!]);
    range.lower[i] = outward(low - absolute - relative * Math.abs(low), -1);
    range.upper[i] = outward(high + absolute + relative * Math.abs(high), 1);
  }
  return range;
}

/**
 * Writes to a place of an array the nearest float32 number at or below (-1), or at or above (1), a number.
 * @param bits the same memory
 */
export function storeOutward(
  values: Float32Array,
  bits: Int32Array,
  i: number,
  x: number,
  direction: -1 | 1,
): void {
  values[i] = x;
  const rounded = values[i]!;
  if (!Number.isFinite(rounded) || (direction < 0 ? rounded <= x : rounded >= x)) return;
  if (rounded === 0) values[i] = direction * 2 ** -149;
  else bits[i]! += rounded > 0 === direction > 0 ? 1 : -1;
}

export const bitsOf = ({ buffer, byteOffset, length }: Float32Array): Int32Array =>
  new Int32Array(buffer, byteOffset, length);

const one = new Float32Array(1);
const bits = bitsOf(one);

/** The nearest float32 number at or below (-1), or at or above (1), a number. */
export function outward(x: number, direction: -1 | 1): number {
  storeOutward(one, bits, 0, x, direction);
  return one[0]!;
}
