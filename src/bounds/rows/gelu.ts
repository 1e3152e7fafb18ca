import type { Gated } from './gated.js';
import type { Shape } from './shape.js';

/** Standard normal distribution function in float64, by its Taylor series (Marsaglia 2004); beyond 8, all or nothing. */
function normalCdf(x: number): number {
  if (Math.abs(x) > 8) return x > 0 ? 1 : 0;
  let [term, sum] = [x, x];
  for (let k = 3; Math.abs(term) > 1e-18 * Math.abs(sum); k += 2) sum += term *= (x * x) / k;
  return 0.5 + sum * normalDensity(x);
}

const normalDensity = (x: number) => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);

/** Where it is least. */
const BOTTOM = -0.7517915246935645;

/** x times the probability that a standard normal number is below it (Hendrycks & Gimpel 2016). */
export const gelu: Shape = {
  f: (x) => x * normalCdf(x),
  slope: (x) => normalCdf(x) + x * normalDensity(x),
  smooth: true,
  turns: [-Math.SQRT2, Math.SQRT2],
  extremes: [BOTTOM],
};

export const geluGate: Gated = {
  gate: (s, x) => s.mul(s.emit('Erf', s.mul(x, Math.SQRT1_2)), 0.5),
  rise: (s, _, x) => s.mul(s.exp(s.mul(s.mul(x, x), -0.5)), normalDensity(0)),
  turn: Math.SQRT2,
  touch: -BOTTOM,
  spread: 0.47,
};

const [STRETCH, CUBIC] = [Math.sqrt(2 / Math.PI), 0.044715];
const tanhOf = (x: number) => Math.tanh(STRETCH * (x + CUBIC * x ** 3));

/** Their approximation by tanh. */
export const geluByTanh: Shape = {
  f: (x) => 0.5 * x * (1 + tanhOf(x)),
  slope: (x) => {
    const tanh = tanhOf(x);
    return 0.5 * (1 + tanh) + 0.5 * x * (1 - tanh * tanh) * STRETCH * (1 + 3 * CUBIC * x * x);
  },
  smooth: true,
  turns: [-1.4185040087908283, 1.4185040087908283],
  extremes: [-0.7524614220710163],
};
