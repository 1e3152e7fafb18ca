import type { Convex } from '../linear-algebra/newton-cg.js';
import { type Logits, logSoftmax } from '../softmax.js';

/** How logits are made of inputs, linearly in the parameters: both are (classes) of one example, written in place. */
export interface LinearMap {
  /** Number of parameters. */
  size: number;
  /** logits = A(parameters) input + b(parameters) */
  forward(parameters: Float64Array, input: Float64Array, logits: Float64Array): void;
  /** Adds the transpose: what a change of logits by `residual` changes in the parameters. */
  backward(residual: Float64Array, input: Float64Array, into: Float64Array): void;
  /** Scales of one and biases of zero: the map that changes nothing. */
  identity: Float64Array;
}

/** A scale and a bias for each class: parameters (scale, bias). */
export function diagonal(classes: number): LinearMap {
  return {
    size: 2 * classes,
    identity: Float64Array.from({ length: 2 * classes }, (_, i) => (i < classes ? 1 : 0)),
    forward(x, input, logits) {
      for (let k = 0; k < classes; k++) logits[k] = x[k]! * input[k]! + x[classes + k]!;
    },
    backward(residual, input, into) {
      for (let k = 0; k < classes; k++) {
        into[k]! += residual[k]! * input[k]!;
        into[classes + k]! += residual[k]!;
      }
    },
  };
}

/** A matrix, row after row, and a bias for each class. */
export function full(classes: number): LinearMap {
  const square = classes * classes;
  return {
    size: square + classes,
    identity: Float64Array.from({ length: square + classes }, (_, i) =>
      i < square && i % (classes + 1) === 0 ? 1 : 0,
    ),
    forward(x, input, logits) {
      for (let k = 0; k < classes; k++) {
        let sum = x[square + k]!;
        for (let j = 0; j < classes; j++) sum += x[k * classes + j]! * input[j]!;
        logits[k] = sum;
      }
    },
    backward(residual, input, into) {
      for (let k = 0; k < classes; k++) {
        for (let j = 0; j < classes; j++) into[k * classes + j]! += residual[k]! * input[j]!;
        into[square + k]! += residual[k]!;
      }
    },
  };
}

/**
 * Mean NLL of softmax(A u + b) plus sum_i ridge_i x_i^2, convex in the parameters x.
 * @param inputs u, (n, classes)
 * @param ridge (size)
 */
export function multinomial(
  inputs: Logits,
  labels: ArrayLike<number>,
  map: LinearMap,
  ridge?: Float64Array,
): Convex {
  const { n, classes } = inputs;
  const data = Float64Array.from(inputs.data);
  const rows = Array.from({ length: n }, (_, i) => data.subarray(i * classes, (i + 1) * classes));
  const residual = new Float64Array(classes);
  return {
    at(x) {
      const logP = logSoftmax({ n, classes, data: mapped(map, x, inputs) });
      const p = logP.map(Math.exp);
      const gradient = new Float64Array(map.size);
      let nll = 0;
      for (let i = 0; i < n; i++) {
        nll -= logP[i * classes + labels[i]!]!;
        for (let k = 0; k < classes; k++) residual[k] = (p[i * classes + k]! - (labels[i] === k ? 1 : 0)) / n;
        map.backward(residual, rows[i]!, gradient);
      }
      let penalty = 0;
      ridge?.forEach((weight, j) => {
        penalty += weight * x[j]! * x[j]!;
        gradient[j]! += 2 * weight * x[j]!;
      });
      const hessianTimes = (v: Float64Array) => {
        const product = new Float64Array(map.size);
        const change = new Float64Array(classes);
        for (let i = 0; i < n; i++) {
          map.forward(v, rows[i]!, change);
          let mean = 0;
          for (let k = 0; k < classes; k++) mean += p[i * classes + k]! * change[k]!;
          for (let k = 0; k < classes; k++) residual[k] = (p[i * classes + k]! * (change[k]! - mean)) / n;
          map.backward(residual, rows[i]!, product);
        }
        ridge?.forEach((weight, j) => {
          product[j]! += 2 * weight * v[j]!;
        });
        return product;
      };
      return { value: nll / n + penalty, gradient, hessianTimes };
    },
  };
}

/** A u + b of every example, (n, classes). */
export function mapped(map: LinearMap, x: Float64Array, { n, classes, data }: Logits): Float64Array {
  const out = new Float64Array(n * classes);
  const input = new Float64Array(classes);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < classes; k++) input[k] = data[i * classes + k]!;
    map.forward(x, input, out.subarray(i * classes, (i + 1) * classes));
  }
  return out;
}
