import type { Subject } from './attack.js';
import { drawSign, drawWindow, eachRow, type Search, sideOf, type Window } from './square-search.js';

/** Tiles of the start along each side. */
const TILES = 5;
/** Keeps empty windows finite, as the public implementation does. */
const EMPTY = 1e-12;
/** A point that rounding takes out of the ball costs a projection. */
const INWARDS = 1 - 1e-6;

/** A length whose powers add up over coordinates. */
interface Length {
  /** |v|^q */
  power(v: number): number;
  root(sum: number): number;
  /** What a new pattern is multiplied by per channel, beyond its share of the length. */
  gain(channels: number): number;
  /** What a perturbation of some length is multiplied by before it is projected. */
  scale(length: number, epsilon: number): number;
}

const lengths: Readonly<Record<string, Length>> = {
  L2: {
    power: (v) => v * v,
    root: Math.sqrt,
    gain: () => 1,
    scale: (length, epsilon) => (epsilon * INWARDS) / (length + EMPTY),
  },
  // As the public AutoAttack has it: what is too long is projected, not scaled (Croce & Hein 2021, "Mind the box").
  L1: {
    power: Math.abs,
    root: (sum) => sum,
    gain: (channels) => channels,
    scale: (length, epsilon) => Math.max(1, epsilon / (length + EMPTY)),
  },
};

/** Divides by the length, in place. */
function normalised(values: Float64Array, { power, root }: Length): Float64Array {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += power(values[i]!);
  const length = root(sum) + EMPTY;
  for (let i = 0; i < values.length; i++) values[i]! /= length;
  return values;
}

/**
 * (height, width) of length 1: rectangles around the middle, the k-th of them 1 / k^2 high and 2k - 1 wide, on top
 * of each other (Andriushchenko et al. 2020, 3.3).
 */
function pyramid(height: number, width: number, length: Length): Float64Array {
  const [middle, centre] = [height >> 1, width >> 1];
  const rings = Math.max(middle, centre) + 1;
  const heights = new Float64Array(rings + 1);
  for (let k = rings; k > 0; k--) heights[k - 1] = heights[k]! + 1 / k ** 2;
  const values = new Float64Array(height * width);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const ring = Math.max(Math.abs(row - middle), Math.abs(column - centre));
      values[row * width + column] = heights[ring]!;
    }
  }
  return normalised(values, length);
}

/** (height, width) of length 1: a pyramid and, below it or to its right, one of the opposite sign. */
export function pyramidPair(height: number, width: number, below: boolean, length: Length): Float64Array {
  const [top, left] = below ? [height >> 1, width] : [height, width >> 1];
  const first = pyramid(top, left, length);
  const second = below ? pyramid(height - top, width, length) : pyramid(height, width - left, length);
  const values = new Float64Array(height * width);
  let [one, two] = [0, 0];
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      values[row * width + column] = row < top && column < left ? first[one++]! : -second[two++]!;
    }
  }
  return normalised(values, length);
}

/**
 * L2 (Andriushchenko et al. 2020, Algorithm 3) and L1: the perturbation is as long as the radius allows. A window
 * takes pyramids on top of what it held, and with them the length of a second window, which is emptied.
 */
export function pyramidSearch({ x0, shape, epsilon: { value: epsilon }, norm, draws }: Subject): Search {
  const source = draws('search');
  const [channels, rows, columns] = shape;
  const length = lengths[norm.name]!;
  const { power, root, gain, scale } = length;
  const drawPair = ({ height, width }: Window) => pyramidPair(height, width, drawSign(source) > 0, length);
  const powerOf = (x: Float32Array) => {
    let sum = 0;
    for (let i = 0; i < x.length; i++) sum += power(x[i]! - x0[i]!);
    return sum;
  };

  /** Pyramids on every tile, with a sign for each channel. */
  const start = () => {
    const delta = new Float64Array(x0.length);
    let sum = 0;
    for (const tile of tilesOf(shape)) {
      const pair = drawPair(tile);
      for (let c = 0; c < channels; c++) {
        const sign = drawSign(source);
        let at = 0;
        eachRow(tile, shape, c, (first, stop) => {
          for (let i = first; i < stop; i++) {
            delta[i] = sign * pair[at++]!;
            sum += power(delta[i]!);
          }
        });
      }
    }
    const factor = scale(root(sum), epsilon);
    return norm.project(
      x0.map((a, i) => a + factor * delta[i]!),
      x0,
      epsilon,
    );
  };

  let best = start();
  let candidate: Float32Array = new Float32Array(x0.length);
  /** Of the best point, like all powers here: the sum over its perturbation. */
  let whole = powerOf(best);

  /** What two windows hold together. */
  const powerIn = (one: Window, other: Window) => {
    let sum = 0;
    for (let c = 0; c < channels; c++) {
      eachRow(one, shape, c, (first, stop) => {
        for (let i = first; i < stop; i++) sum += power(best[i]! - x0[i]!);
      });
      eachRow(other, shape, c, (first, stop) => {
        const row = Math.floor(first / columns) - c * rows;
        const shared = row >= one.top && row < one.top + one.height;
        const [from, to] = [first - other.left + one.left, first - other.left + one.left + one.width];
        for (let i = first; i < stop; i++) {
          if (!(shared && i >= from && i < to)) sum += power(best[i]! - x0[i]!);
        }
      });
    }
    return sum;
  };

  /** (C, height, width): new pyramids on what the window holds, each channel of a given power. */
  const refilled = (window: Window, each: number) => {
    const pair = drawPair(window);
    const values = new Float64Array(channels * pair.length);
    for (let c = 0; c < channels; c++) {
      const sign = drawSign(source);
      const own = values.subarray(c * pair.length, (c + 1) * pair.length);
      let at = 0;
      eachRow(window, shape, c, (first, stop) => {
        for (let i = first; i < stop; i++) own[at++] = best[i]! - x0[i]!;
      });
      normalised(own, length);
      for (at = 0; at < own.length; at++) own[at]! += sign * pair[at]!;
      normalised(own, length);
      for (at = 0; at < own.length; at++) own[at]! *= root(each);
    }
    return values;
  };

  return {
    start: best,
    propose(share) {
      // Odd, so that there is a middle.
      const side = Math.max(3, sideOf(share, shape)) | 1;
      const [filled, emptied] = [drawWindow(side, shape, source), drawWindow(side, shape, source)];
      const held = powerIn(filled, emptied);
      const spare = Math.max(0, power(epsilon) - whole);
      const fresh = refilled(filled, (spare / channels + held) * gain(channels));
      let sum = Math.max(0, whole - held);
      for (let i = 0; i < fresh.length; i++) sum += power(fresh[i]!);
      const factor = scale(root(sum), epsilon);
      for (let i = 0; i < x0.length; i++) candidate[i] = x0[i]! + factor * (best[i]! - x0[i]!);
      let at = 0;
      for (let c = 0; c < channels; c++) {
        eachRow(emptied, shape, c, (first, stop) => candidate.set(x0.subarray(first, stop), first));
        eachRow(filled, shape, c, (first, stop) => {
          for (let i = first; i < stop; i++) candidate[i] = x0[i]! + factor * fresh[at++]!;
        });
      }
      candidate = norm.project(candidate, x0, epsilon);
      return candidate;
    },
    settle(better) {
      if (!better) return;
      [best, candidate] = [candidate, best];
      whole = powerOf(best);
    },
  };
}

/** Five times five tiles around the middle of an image, as large as fit; fewer where there are fewer pixels. */
function tilesOf([, rows, columns]: Subject['shape']): Window[] {
  const along = (size: number) => {
    const [count, side] = [Math.min(TILES, size), Math.max(1, Math.floor(size / TILES))];
    const margin = (size - count * side) >> 1;
    return { side, starts: Array.from({ length: count }, (_, i) => margin + i * side) };
  };
  const [vertical, horizontal] = [along(rows), along(columns)];
  return vertical.starts.flatMap((top) =>
    horizontal.starts.map((left) => ({ top, left, height: vertical.side, width: horizontal.side })),
  );
}
