import { AssayError } from '../../errors.js';
import { mapTuple } from '../../map-tuple.js';
import { checkLabels } from '../classification.js';
import { normalQuantile } from '../distributions/distributions.js';
import { checkLogits, type Logits } from '../softmax.js';
import { unorderedSum } from '../unordered-sum.js';

/** The range in which a temperature is looked for. At either end the fit is refused. */
export const TEMPERATURE_BOUNDS = [0.02, 50] as const;

export interface FittedTemperature {
  fitted: true;
  temperature: number;
  /** Normal interval on log T from the robust (sandwich) variance of the fit. */
  interval: [number, number] | null;
  /** Examples fitted on. */
  n: number;
  /** Evaluations of the derivative. */
  evaluations: number;
  /** Width of the last bracket or size of the last step, on log T. */
  tolerance: number;
  /** Mean NLL on the fitting examples at T = 1 and at the fitted T. */
  nllBefore: number;
  nllAfter: number;
}

export interface RefusedTemperature {
  fitted: false;
  n: number;
  reason: string;
}

/** Mean NLL at a temperature, and its first two derivatives in u = log T. */
interface Objective {
  nll: number;
  slope: number;
  curvature: number;
  /** Mean of the squared slopes of single examples. */
  scatter: number;
}

/**
 * With z = f / T: d NLL / du = -(E_p z - z_y) and d2 NLL / du2 = Var_p z + (E_p z - z_y), p = softmax(z).
 * z is taken relative to its row's maximum; the derivatives do not notice.
 */
function objective({ n, classes, data }: Logits, labels: ArrayLike<number>, u: number): Objective {
  const beta = Math.exp(-u);
  const sum = { nll: 0, slope: 0, curvature: 0, scatter: 0 };
  const [z, zeroth, firsts, seconds] = mapTuple([0, 1, 2, 3], () => new Float64Array(classes));
  for (let i = 0; i < n; i++) {
    const row = i * classes;
    let max = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < classes; k++) {
      z[k] = data[row + k]!;
      if (z[k]! > max) max = z[k]!;
    }
    for (let k = 0; k < classes; k++) {
      z[k] = (z[k]! - max) * beta;
      const weight = Math.exp(z[k]!);
      zeroth[k] = weight;
      firsts[k] = weight * z[k]!;
      seconds[k] = weight * z[k]! * z[k]!;
    }
    const total = unorderedSum(zeroth);
    const first = unorderedSum(firsts);
    const second = unorderedSum(seconds);
    const own = z[labels[i]!]!;
    const mean = first / total;
    const excess = mean - own;
    sum.nll += Math.log(total) - own;
    sum.slope -= excess;
    sum.curvature += second / total - mean * mean + excess;
    sum.scatter += excess * excess;
  }
  return { nll: sum.nll / n, slope: sum.slope / n, curvature: sum.curvature / n, scatter: sum.scatter / n };
}

/**
 * The temperature T > 0 that minimises the mean NLL of softmax(f / T) (Guo et al. 2017, section 4.2). NLL is
 * convex in 1/T, hence has one minimum on log T: the zero of its slope, found by Newton's method kept inside a
 * bracket. Refused, with the reason: no examples, logits that do not depend on the class, and a minimum at or
 * beyond `TEMPERATURE_BOUNDS` (every answer right wants T = 0; answers no better than chance want T = infinity).
 * Errors: as `checkLogits` and `checkLabels`; `data-invalid` when NLL on the fitting examples would rise.
 */
export function fitTemperature(
  logits: Logits,
  labels: ArrayLike<number>,
  level = 0.95,
): FittedTemperature | RefusedTemperature {
  checkLogits(logits);
  const { n } = logits;
  checkLabels(labels, n, logits.classes);
  if (n === 0) return { fitted: false, n, reason: 'there is no example to fit on' };
  let [lo, hi] = TEMPERATURE_BOUNDS.map(Math.log) as [number, number];
  const bound = (at: string) => `the NLL of the fitting examples falls all the way to T = ${at}`;
  if (objective(logits, labels, hi).slope <= 0) {
    return { fitted: false, n, reason: `${bound(`${TEMPERATURE_BOUNDS[1]}`)}: no better than chance` };
  }
  if (objective(logits, labels, lo).slope >= 0) {
    return {
      fitted: false,
      n,
      reason: `${bound(`${TEMPERATURE_BOUNDS[0]}`)}: (nearly) every answer is right`,
    };
  }
  const before = objective(logits, labels, 0);
  let [u, here, evaluations, step] = [0, before, 3, Number.POSITIVE_INFINITY];
  while (hi - lo > 1e-10 && Math.abs(step) > 1e-10) {
    if (here.slope < 0) lo = u;
    else hi = u;
    const newton = u - here.slope / here.curvature;
    const next = here.curvature > 0 && newton >= lo && newton <= hi ? newton : (lo + hi) / 2;
    step = next - u;
    u = next;
    here = objective(logits, labels, u);
    evaluations++;
  }
  if (here.nll > before.nll + 1e-9 * (1 + Math.abs(before.nll))) {
    throw new AssayError(
      'data-invalid',
      'temperature scaling raised the NLL on the examples it was fitted on',
      {
        expected: `at most ${before.nll}`,
        found: `${here.nll} at T = ${Math.exp(u)}`,
      },
    );
  }
  const error = Math.sqrt(here.scatter / n) / here.curvature;
  const half = normalQuantile(level) * error;
  return {
    fitted: true,
    temperature: Math.exp(u),
    interval: Number.isFinite(half) && here.curvature > 0 ? [Math.exp(u - half), Math.exp(u + half)] : null,
    n,
    evaluations,
    tolerance: Math.min(Math.abs(step), hi - lo),
    nllBefore: before.nll,
    nllAfter: here.nll,
  };
}
