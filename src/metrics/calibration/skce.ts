import { stream } from '../../random/stream.js';
import { normalQuantile } from '../distributions/distributions.js';
import type { Estimate } from '../estimates/estimate.js';
import type { Probabilities } from './calibration.js';

/*
 * The squared kernel calibration error (Widmann, Lindsten & Zachariah 2019, "Calibration tests in multi-class
 * classification"): looks at the probabilities of all classes, needs no bins, and has an estimate without bias,
 *
 *     2 / (n (n - 1)) sum_{i < j} k(p_i, p_j) <e_yi - p_i, e_yj - p_j>,   k(p, q) = exp(-TV(p, q) / nu),
 *
 * where TV is half the L1 distance. It can be negative.
 */

/** All pairs of so many examples are looked at; more are cut into blocks of about this size, which are averaged. */
export const SKCE_BLOCK = 1000;

export interface Skce {
  /** With a jackknife interval. */
  estimate: Estimate;
  /** Of the hypothesis that the probabilities of all classes are calibrated. */
  p: number;
  /** nu: the median distance of pairs, unless it was given. */
  bandwidth: number;
  simulations: number;
  /** Blocks within which pairs were looked at: 1 means all pairs. */
  blocks: number;
}

export interface SkceOptions {
  seed: number;
  /** (n) names of the examples, that draws and blocks go by; default: their positions. */
  indices?: ArrayLike<number>;
  /** Default: the median heuristic. */
  bandwidth?: number;
  /** Calibrated data sets that the p-value is from. Default 1000. */
  simulations?: number;
  block?: number;
}

/**
 * The estimate and its test. Under calibration, labels are draws from the probabilities: such labels are simulated, and p is
 * the share of the estimates, the data's counted in, that are at least as large, which is exact for any n. Above 1,000
 * examples, pairs are taken within blocks that the seed deals by the examples' indices (the block estimate of the paper), so
 * that the time grows with n; the order of examples does not matter. Fewer than two examples: NaN and p = 1.
 */
export function skce(p: Probabilities, labels: ArrayLike<number>, options: SkceOptions): Skce {
  const { simulations = 1000, block = SKCE_BLOCK } = options;
  const dealt = deal(p.n, options);
  const bandwidth = options.bandwidth ?? medianDistance(p, dealt[0]!);
  const blocks = dealt.filter(({ length }) => length >= 2);
  const about = { n: p.n, level: 0.95 };
  if (blocks.length === 0) {
    const estimate: Estimate = { ...about, value: Number.NaN, interval: null, method: 'none' };
    return { estimate, p: 1, bandwidth, simulations: 0, blocks: 0 };
  }
  const totals = new Float64Array(simulations + 1);
  let variance = 0;
  for (const members of blocks) {
    const estimates = blockEstimates(p, labels, members, bandwidth, { ...options, simulations, block });
    for (let s = 0; s <= simulations; s++) totals[s]! += estimates.values[s]! / blocks.length;
    variance += estimates.variance / blocks.length ** 2;
  }
  let asLarge = 0;
  for (let s = 0; s <= simulations; s++) if (totals[s]! >= totals[0]! - ROUNDING) asLarge++;
  const half = normalQuantile(about.level) * Math.sqrt(variance);
  return {
    estimate: {
      ...about,
      value: totals[0]!,
      ...(variance > 0
        ? { interval: [totals[0]! - half, totals[0]! + half], method: 'jackknife' }
        : { interval: null, method: 'none' }),
    },
    p: asLarge / (simulations + 1),
    bandwidth,
    simulations,
    blocks: blocks.length,
  };
}

/** Estimates that are equal but for the order of their sums count as equal: p is then never too small. */
const ROUNDING = 1e-12;

/** Examples dealt into blocks of nearly equal size. */
function deal(n: number, { seed, indices, block = SKCE_BLOCK }: SkceOptions): Int32Array[] {
  const named = (i: number) => indices?.[i] ?? i;
  const blocks = Math.max(1, Math.ceil(n / block));
  const key = Float64Array.from({ length: n }, (_, i) =>
    blocks === 1 ? 0 : stream({ seed, purpose: 'calibration/skce-block', example: named(i) }).uniform(),
  );
  const order = Int32Array.from({ length: n }, (_, i) => i).sort(
    (i, j) => key[i]! - key[j]! || named(i) - named(j),
  );
  return Array.from({ length: blocks }, (_, b) =>
    order.subarray(Math.floor((b * n) / blocks), Math.floor(((b + 1) * n) / blocks)),
  );
}

/** Total variation between the probabilities of two examples. */
function distance({ classes, data }: Probabilities, i: number, j: number): number {
  let sum = -0;
  for (let k = 0; k < classes; k++) sum += Math.abs(data[i * classes + k]! - data[j * classes + k]!);
  return sum / 2;
}

/** Pairs that the median is taken of, at most. */
const MEDIAN_EXAMPLES = 1000;

/** The median distance of all pairs, of the first 1,000 examples in the order given; 1 where it is 0. */
function medianDistance(p: Probabilities, members: Int32Array): number {
  const some = members.subarray(0, MEDIAN_EXAMPLES);
  const distances = new Float64Array((some.length * (some.length - 1)) / 2);
  let at = 0;
  for (let a = 0; a < some.length; a++) {
    for (let b = 0; b < a; b++) distances[at++] = distance(p, some[a]!, some[b]!);
  }
  if (at === 0) return 1;
  distances.sort();
  const median = (distances[(at - 1) >> 1]! + distances[at >> 1]!) / 2;
  return median > 0 ? median : 1;
}

/**
 * The estimates of one block: of the labels, then of each simulation. With the kernel's products of probabilities summed
 * once, a set of labels costs a look at each example and at the pairs of one class. And the variance of the first, by the
 * values without each of the examples.
 */
function blockEstimates(
  p: Probabilities,
  labels: ArrayLike<number>,
  members: Int32Array,
  bandwidth: number,
  { seed, indices, simulations }: Required<Pick<SkceOptions, 'simulations'>> & SkceOptions,
): { values: Float64Array; variance: number } {
  const { classes, data } = p;
  const n = members.length;
  const kernel = new Float64Array(n * n);
  /** (n, classes) sum over the others of kernel times probability. */
  const smoothed = new Float64Array(n * classes);
  let constant = 0;
  for (let a = 0; a < n; a++) {
    for (let b = 0; b < a; b++) {
      const [i, j] = [members[a]! * classes, members[b]! * classes];
      const k = Math.exp(-distance(p, members[a]!, members[b]!) / bandwidth);
      kernel[a * n + b] = k;
      kernel[b * n + a] = k;
      let product = 0;
      for (let c = 0; c < classes; c++) {
        smoothed[a * classes + c]! += k * data[j + c]!;
        smoothed[b * classes + c]! += k * data[i + c]!;
        product += data[i + c]! * data[j + c]!;
      }
      constant += k * product;
    }
  }
  const pairs = (n * (n - 1)) / 2;
  const sets = labelSets(p, labels, members, { seed, indices, simulations });
  const sums = sumsOverLabels(sets, simulations + 1, { n, classes, kernel, smoothed });
  const values = sums.map((sum) => (constant + sum) / pairs);
  const residual = (a: number, c: number) =>
    (labels[members[a]!] === c ? 1 : 0) - data[members[a]! * classes + c]!;
  const ofExample = Float64Array.from({ length: n }, (_, a) => {
    let sum = 0;
    for (let b = 0; b < n; b++) {
      let product = 0;
      if (b !== a) for (let c = 0; c < classes; c++) product += residual(a, c) * residual(b, c);
      sum += kernel[a * n + b]! * product;
    }
    return sum;
  });
  return { values, variance: n < 3 ? 0 : jackknifeVariance(values[0]! * pairs, ofExample) };
}

/** Of the mean over pairs, from the sum over all pairs and over those of each example. */
function jackknifeVariance(total: number, ofExample: Float64Array): number {
  const n = ofExample.length;
  const without = ofExample.map((own) => (total - own) / (((n - 1) * (n - 2)) / 2));
  const mean = without.reduce((sum, value) => sum + value, 0) / n;
  return ((n - 1) / n) * without.reduce((sum, value) => sum + (value - mean) ** 2, 0);
}

/** What a block's estimates are summed from. */
interface Block {
  n: number;
  classes: number;
  /** (n, n) */
  kernel: Float64Array;
  /** (n, classes) */
  smoothed: Float64Array;
}

/**
 * Of every set of labels: the kernel over pairs of one class, less the smoothed probabilities of the labels. Row by row of
 * the kernel, for all sets at once: a row stays in the cache, and the members of a class lie side by side.
 */
function sumsOverLabels(
  sets: Int32Array,
  many: number,
  { n, classes, kernel, smoothed }: Block,
): Float64Array {
  const sums = new Float64Array(many);
  // Where the members of each class of each set begin, and how many are there yet.
  const starts = new Int32Array(many * classes);
  const held = new Int32Array(many * classes);
  for (let at = 0; at < sets.length; at++) held[(at % many) * classes + sets[at]!]!++;
  for (let s = 0; s < many; s++) {
    let start = s * n;
    for (let c = 0; c < classes; c++) {
      starts[s * classes + c] = start;
      start += held[s * classes + c]!;
    }
  }
  held.fill(0);
  const list = new Int32Array(many * n);
  for (let a = 0; a < n; a++) {
    const row = kernel.subarray(a * n, (a + 1) * n);
    for (let s = 0; s < many; s++) {
      const y = sets[a * many + s]!;
      const [start, length] = [starts[s * classes + y]!, held[s * classes + y]!++];
      sums[s]! += sumOf(row, list, start, start + length) - smoothed[a * classes + y]!;
      list[start + length] = a;
    }
  }
  return sums;
}

function sumOf(row: Float64Array, list: Int32Array, from: number, to: number): number {
  let sum = -0;
  for (let at = from; at < to; at++) sum += row[list[at]!]!;
  return sum;
}

/** (members, 1 + simulations) the labels, and labels drawn from the probabilities. */
function labelSets(
  { classes, data }: Probabilities,
  labels: ArrayLike<number>,
  members: Int32Array,
  { seed, indices, simulations }: Required<Pick<SkceOptions, 'simulations'>> & SkceOptions,
): Int32Array {
  const many = simulations + 1;
  const sets = new Int32Array(members.length * many);
  const draws = new Float64Array(simulations);
  members.forEach((i, a) => {
    sets[a * many] = labels[i]!;
    stream({ seed, purpose: 'calibration/skce', example: indices?.[i] ?? i }).uniforms(draws);
    for (let s = 0; s < simulations; s++) {
      let [rest, k] = [draws[s]! - data[i * classes]!, 0];
      while (rest >= 0 && k < classes - 1) rest -= data[i * classes + ++k]!;
      sets[a * many + 1 + s] = k;
    }
  });
  return sets;
}
