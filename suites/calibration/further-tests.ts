import { logitsOf } from '../../src/measurements.js';
import { exact, skce, softmax, tCal } from '../../src/metrics.js';
import { chosenMetrics, type FurtherOptions } from './further-options.js';
import type { CalibrationResult, Further } from './result.js';

const rounded = (x: number) => String(Number(x.toPrecision(3)));

/** Tests of the hypothesis that a model is calibrated. Small p: it is not. */
export function testsOf(
  { collected, whole }: Pick<CalibrationResult, 'collected' | 'whole'>,
  settings: FurtherOptions & { resamples: number; seed: number },
): Further[] {
  const names = chosenMetrics(settings);
  const { n, classes, labels, confidence, correct } = whole.classified;
  const { seed } = settings;
  const further: Further[] = [];
  const plain = { format: 'number', better: 'none' } as const;
  if (names.includes('skce') && n > 0) {
    const probabilities = { n, classes, data: softmax(logitsOf(collected)) };
    const { estimate, p, bandwidth, simulations, blocks } = skce(probabilities, labels, {
      seed,
      indices: collected.indices,
      simulations: settings.resamples,
    });
    const pairs =
      blocks > 1 ? `pairs within ${blocks} blocks of about ${Math.round(n / blocks)}` : 'all pairs';
    const about = { ...plain, better: 'lower', note: `${pairs}, bandwidth ${rounded(bandwidth)}` } as const;
    further.push(
      {
        about: { ...about, measure: 'skce', title: 'Squared kernel calibration error', params: {} },
        estimate,
      },
      {
        about: {
          ...plain,
          measure: 'skce-p',
          title: 'Kernel test of calibration, all classes: p',
          params: {},
          note:
            simulations === 0
              ? 'too few examples to test'
              : `${pairs}, ${simulations} calibrated sets simulated`,
        },
        estimate: exact(p, n),
      },
    );
  }
  if (names.includes('t-cal') && n > 0) {
    const { p, error, bins, scales, simulations } = tCal(confidence, correct, { seed });
    further.push({
      about: {
        ...plain,
        measure: 't-cal-p',
        title: 'T-Cal, top label: p',
        params: {},
        note:
          scales === 0
            ? 'too few examples to test'
            : `corrected for ${scales} numbers of bins; least at ${bins}, where the debiased square is ${rounded(error)}; ${simulations} calibrated sets simulated`,
      },
      estimate: exact(p, n),
    });
  }
  return further;
}
