import { ascendingOrder } from '../ranking/ascending-order.js';
import { drawn } from '../resampling/draw-counts.js';
import { type Binning, equalWidth } from './binning.js';
import { ece } from './calibration.js';
import { drawnBinSums } from './drawn-bins.js';

/*
 * Binned calibration errors as other code computes them, so that its numbers can be compared with. Each differs from the
 * definition in one way that changes values; none is used unless it is asked for by its name.
 */

/** How other code computes it. */
export interface BinningConvention {
  /** In run files, and the measure: `ece-NAME` or what it is called there. */
  name: string;
  title: string;
  /** Where it is found, and what it does otherwise. */
  description: string;
  /** `max-logit`: the largest logit takes the place of the confidence. */
  bins: 'confidence' | 'max-logit';
  /**
   * @param value (n) confidence or largest logit
   * @param correct (n) 0 or 1
   * @returns a function of how often each example was drawn, (n)
   */
  of(value: Float64Array, correct: ArrayLike<number>, bins: number): (times: Uint8Array) => number;
}

function eceOfBins(binning: Binning, value: Float64Array, correct: ArrayLike<number>) {
  const sums = drawnBinSums(binning, value, Uint8Array.from(correct));
  return (times: Uint8Array) => ece(sums(times));
}

/** Bins from their left ends on, up to the next. Errors: as `equalWidth`. */
function leftClosed(value: Float64Array, lefts: readonly number[]): Binning {
  const bin = Int32Array.from(value, (v) => lefts.findLastIndex((left) => left <= v));
  return { ...equalWidth(value, lefts.length), bin };
}

/**
 * As numpy.histogram with the edges of numpy.linspace(0, 1, bins + 1), which netcal cuts by: these are multiples of 1 / bins,
 * rounded, so that 3 of 5 lies above 0.6.
 */
const numpyBins = (value: Float64Array, bins: number): Binning =>
  leftClosed(
    value,
    Array.from({ length: bins }, (_, b) => b * (1 / bins)),
  );

/** Right-closed bins without the first one's left end. What lies outside (0, 1] is counted, and adds to no sum. */
function eceOfOpenBins(value: Float64Array, correct: ArrayLike<number>, bins: number) {
  const inside = value.map((v) => (v > 0 && v <= 1 ? v : 0));
  const outcome = inside.map((v, i) => (v > 0 ? correct[i]! : 0));
  return eceOfBins(equalWidth(inside, bins), inside, outcome);
}

/** Hendrycks's bins hold this many examples, the last one the rest as well. */
const EXAMPLES_PER_BIN = 100;

export const binningConventions: readonly BinningConvention[] = [
  {
    name: 'ece-torchmetrics',
    title: 'ECE as torchmetrics',
    description:
      'bins are left-closed, [lo, hi), and a confidence of exactly 1 has a bin of its own behind the last',
    bins: 'confidence',
    of(value, correct, bins) {
      const lefts = Array.from({ length: bins + 1 }, (_, b) => b / bins);
      return eceOfBins(leftClosed(value, lefts), value, correct);
    },
  },
  {
    name: 'ece-left-closed',
    title: 'ECE with left-closed bins',
    description:
      'bins are left-closed, [lo, hi), the last one closed on both sides, as numpy.histogram (netcal)',
    bins: 'confidence',
    of: (value, correct, bins) => eceOfBins(numpyBins(value, bins), value, correct),
  },
  {
    name: 'ece-temperature-scaling',
    title: 'ECE as temperature_scaling',
    description:
      'the first bin is open on the left, so that a confidence of exactly 0 is in no bin and adds nothing (Guo et al. 2017, their code)',
    bins: 'confidence',
    of: eceOfOpenBins,
  },
  {
    name: 'ace-netcal',
    title: 'ACE as netcal',
    description:
      'the plain mean of the gaps of the left-closed bins of equal width that are not empty, not weighted by what they hold (Neumann et al. 2018: average calibration error)',
    bins: 'confidence',
    of(value, correct, bins) {
      const sums = drawnBinSums(numpyBins(value, bins), value, Uint8Array.from(correct));
      return (times) => {
        const { count, predicted, observed } = sums(times);
        const filled = Array.from(count.keys()).filter((b) => count[b]! > 0);
        const gaps = filled.map((b) => Math.abs(predicted[b]! - observed[b]!) / count[b]!);
        return gaps.reduce((sum, gap) => sum + gap, 0) / filled.length;
      };
    },
  },
  {
    name: 'rms-ce-outlier-exposure',
    title: 'RMS-CE as outlier-exposure',
    description:
      'bins of 100 examples in the order of confidence, the last one of 100 to 199, and that last, most confident bin is skipped (Hendrycks et al. 2019, their code; copied into many others)',
    bins: 'confidence',
    of(value, correct) {
      const order = ascendingOrder(value);
      return (times) => {
        const n = drawn(times);
        const full = Math.floor(n / EXAMPLES_PER_BIN) - 1;
        let [sum, gap, seen] = [0, 0, 0];
        for (let at = 0; at < order.length && seen < full * EXAMPLES_PER_BIN; at++) {
          const i = order[at]!;
          for (let t = 0; t < times[i]! && seen < full * EXAMPLES_PER_BIN; t++) {
            gap += value[i]! - correct[i]!;
            if (++seen % EXAMPLES_PER_BIN > 0) continue;
            sum += gap ** 2 / EXAMPLES_PER_BIN;
            gap = 0;
          }
        }
        return full < 0 ? Number.NaN : Math.sqrt(sum / n);
      };
    },
  },
  {
    name: 'ece-max-logit',
    title: 'ECE of raw logits',
    description:
      'the largest logit is taken for the confidence, as happens where code that wants probabilities is given logits; what lies outside (0, 1] is in no bin and adds nothing',
    bins: 'max-logit',
    of: eceOfOpenBins,
  },
];
