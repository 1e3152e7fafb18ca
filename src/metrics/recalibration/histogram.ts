import { binOf, binSums, equalMass } from '../calibration/binning.js';
import { type Binary, logChances } from './binary.js';

const BINS = 15;

/** The share of yes in the bin of p, of bins that hold equally many. Its values stay within what their examples can speak for. */
export const histogram: Binary = {
  name: 'histogram',
  title: 'Histogram binning',
  source: `Zadrozny & Elkan 2001, ${BINS} bins of equal mass`,
  map({ yes }, outcomes) {
    // Exp of what is just above 0 may exceed 1 in the last bit.
    const p = yes.map((value) => Math.min(1, Math.exp(value)));
    const binning = equalMass(p, BINS);
    const { count, observed } = binSums(binning, p, outcomes);
    return {
      apply(y) {
        const bin = binOf(Math.min(1, Math.exp(y)), binning.edges);
        return logChances(observed[bin]! / count[bin]!, count[bin]!);
      },
      parameters: [{ name: 'bins', values: [count.length] }],
      iterations: 0,
    };
  },
};
