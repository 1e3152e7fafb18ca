import type { Tensor } from '../../graph/graph.js';
import { floats } from '../../graph/tensor.js';
import { outward } from '../network/ranges.js';
import type { BoundSite } from '../rows/site.js';
import { type Growth, LOST } from './growth.js';

/** Weights are not near what is too small for float32: halves of them are exact. */
const LEAST = 2 ** -100;

/** More weights are not held once more for a factor. */
const FOLDED = 2 ** 20;

/** A convolution with known weights, as two: of the centre, and of the radius by magnitudes of weights that have grown. */
export interface ConvPair {
  /** Of the centre, times a power of 2 that is at least 1/2. */
  centre(x: string, factor: number): string;
  /** -R of `growthOf`, of a number that p is `factor` times of. */
  minus(x: string, factor: number): string;
}

const floatsOf = (tensor: Tensor | undefined) =>
  tensor?.data instanceof Float32Array ? tensor.data : undefined;

/**
 * Undefined where its weights are not known here. What does not depend on the image is folded into weights and biases, rounded outward.
 * @param room what p takes besides
 */
export function convPair(s: BoundSite, growth: Growth, room: number): ConvPair | undefined {
  const { node } = s;
  const [, kernel, added] = s.x as [string, string, string | undefined];
  const tensor = s.constant(kernel);
  const weights = floatsOf(tensor);
  const biases = s.has(2) ? floatsOf(s.constant(added ?? '')) : undefined;
  if (node.op !== 'Conv' || !tensor || !weights || (s.has(2) && !biases)) return undefined;
  if (weights.some((w) => w !== 0 && Math.abs(w) < Math.max(LEAST, s.floor))) return undefined;
  const outputs = tensor.dims[0]!;
  const each = weights.length / outputs;
  const constant = (data: Float32Array, dims = tensor.dims) => s.b.constant(floats([...dims], data), kernel);
  const constants = Float32Array.from({ length: outputs }, (_, o) => {
    let sum = 0;
    for (let i = o * each; i < (o + 1) * each; i++) sum += Math.abs(weights[i]!);
    const load = Math.abs(biases?.[o] ?? 0);
    return -outward(growth.ofLoad * load + growth.constant + sum * (2 * LOST + room), 1);
  });
  return {
    centre: (x, factor) => {
      const folds = factor !== 1 && weights.length <= FOLDED;
      const [input, own] = folds
        ? [x, constant(weights.map((w) => w * factor))]
        : [factor === 1 ? x : s.mul(x, factor), kernel];
      return s.again([input, own, ...s.x.slice(2)])[0]!;
    },
    minus: (x, factor) =>
      s.again([
        x,
        constant(weights.map((w) => -outward(Math.abs(w) * factor, 1))),
        constant(constants, [outputs]),
      ])[0]!,
  };
}
