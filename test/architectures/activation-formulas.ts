import type { Planes } from './double-network.js';

/** The error function by its series, for |x| that activations of a few units have. */
function erf(x: number): number {
  let [term, sum] = [x, x];
  for (let n = 1; n < 200 && Math.abs(term) > 1e-18; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

const each =
  (f: (v: number) => number) =>
  (x: Planes): Planes => ({ dims: x.dims, data: x.data.map((v) => f(v)) });

/** Textbook formulas. */
export const activationsOf = {
  silu: each((v) => v / (1 + Math.exp(-v))),
  gelu: each((v) => 0.5 * v * (1 + erf(v / Math.SQRT2))),
  elu: each((v) => (v > 0 ? v : Math.exp(v) - 1)),
  softplus: each((v) => Math.log1p(Math.exp(v))),
  tanh: each(Math.tanh),
  sigmoid: each((v) => 1 / (1 + Math.exp(-v))),
  selu: each((v) => 1.0507009873554805 * (v > 0 ? v : 1.6732632423543772 * (Math.exp(v) - 1))),
  'leaky-relu': each((v) => (v > 0 ? v : 0.01 * v)),
  relu6: each((v) => Math.min(6, Math.max(0, v))),
  'quick-gelu': each((v) => v / (1 + Math.exp(-1.702 * v))),
  'gelu-tanh': each((v) => 0.5 * v * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v ** 3)))),
  'hard-swish': each((v) => (v * Math.min(6, Math.max(0, v + 3))) / 6),
  mish: each((v) => v * Math.tanh(Math.log1p(Math.exp(v)))),
};
