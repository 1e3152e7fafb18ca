import type { RankingMetric } from '../../src/metrics.js';
import type { Measure, Warning } from '../../src/suite.js';
import { metrics } from './metrics.js';
import type { Separation } from './result.js';

/** The pairs closer than rounding, and between which values a metric, or its mean over sets, lies for it. */
export function withinRounding(
  separations: readonly Separation[],
  metric: RankingMetric,
): Pick<Measure, 'withinRounding'> {
  const pairs = separations.reduce((sum, { range }) => sum + range.pairs, 0);
  const [worst, best] = (['worst', 'best'] as const).map(
    (end) => separations.reduce((sum, { range }) => sum + range[end][metric], 0) / separations.length,
  );
  // NaN, of an empty set, has no range.
  if (!(worst < best || best < worst)) return {};
  return { withinRounding: { pairs, range: worst < best ? [worst, best] : [best, worst] } };
}

/** Half of the last digit that is printed. */
const VISIBLE = 0.0005;

/** Said where another machine may print another number for the same model and the same data. */
export function roundingWarning(suite: string, { system, score, id, ood, range }: Separation): Warning[] {
  const moved = metrics
    .flatMap(({ metric, title }) => (metric ? [{ metric, title }] : []))
    .filter(({ metric }) => Math.abs(range.best[metric] - range.worst[metric]) > VISIBLE)
    .map(({ metric, title }) => {
      const [lo, hi] = [range.worst[metric], range.best[metric]].sort((a, b) => a - b);
      return `${title} between ${lo.toFixed(4)} and ${hi.toFixed(4)}`;
    });
  // Of equal sets something worse is said.
  const equal = id.dataset.fingerprint === ood.dataset.fingerprint;
  if (moved.length === 0 || range.pairs === 0 || equal) return [];
  return [
    {
      suite,
      model: system.name,
      dataset: ood.dataset.name,
      code: 'order-within-rounding',
      severity: 'note',
      message: `${range.pairs} pairs of an example of "${id.dataset.name}" and one of "${ood.dataset.name}" have a ${score.title} by "${system.name}" that differs by less than the rounding of float32: ${moved.join(', ')}`,
      why: 'which of the two is higher may change with the processor, the engine and the batch size',
      fix: 'compare to as many digits as these ranges allow, or read a score that spreads more, such as max logit',
    },
  ];
}
