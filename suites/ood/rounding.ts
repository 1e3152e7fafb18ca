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
  ) as [number, number];
  // NaN, of an empty set, has no range.
  if (!(worst < best || best < worst)) return {};
  return { withinRounding: { pairs, range: worst < best ? [worst, best] : [best, worst] } };
}

/** Half of the last digit that is printed. */
const VISIBLE = 0.0005;

interface Moved {
  separation: Separation;
  /** What rounding moves visibly, most first: `AUROC between 0.84 and 0.85`. */
  metrics: readonly string[];
}

const ordered = (a: number, b: number) => (b < a ? { lo: b, hi: a } : { lo: a, hi: b });

function movedBy(separation: Separation): Moved[] {
  const { id, ood, range } = separation;
  // Of equal sets something worse is said.
  if (range.pairs === 0 || id.dataset.fingerprint === ood.dataset.fingerprint) return [];
  const moved = metrics
    .flatMap(({ metric, title }) =>
      metric ? [{ title, ...ordered(range.worst[metric], range.best[metric]) }] : [],
    )
    .filter(({ lo, hi }) => hi - lo > VISIBLE)
    .sort((a, b) => b.hi - b.lo - (a.hi - a.lo))
    .map(({ title, lo, hi }) => `${title} between ${lo.toFixed(4)} and ${hi.toFixed(4)}`);
  return moved.length > 0 ? [{ separation, metrics: moved }] : [];
}

const pairsOf = ({ range: { pairs } }: Separation) => (pairs === 1 ? '1 pair' : `${pairs} pairs`);

/** Said of a system where another machine may print another number for the same model and the same data. */
export function roundingWarnings(suite: string, separations: readonly Separation[]): Warning[] {
  const moved = separations.flatMap(movedBy);
  if (moved.length === 0) return [];
  const { separation: first, metrics: ofFirst } = moved[0]!;
  const [system, id] = [first.system.name, first.id.dataset.name];
  const each = moved.map(
    ({ separation, metrics: [most] }) =>
      `${separation.score.title} on "${separation.ood.dataset.name}" (${pairsOf(separation)}, ${most})`,
  );
  const message =
    moved.length === 1
      ? `${pairsOf(first)} of an example of "${id}" and one of "${first.ood.dataset.name}" differ in ${first.score.title} by "${system}" by less than the rounding of float32: ${ofFirst.join(', ')}`
      : `pairs of an example of "${id}" and an OOD one differ in scores by "${system}" by less than the rounding of float32, and so measures are known between two values only, at most: ${each.join('; ')}`;
  return [
    {
      suite,
      model: system,
      ...(moved.length === 1 && { dataset: first.ood.dataset.name }),
      code: 'order-within-rounding',
      severity: 'note',
      message,
      why: 'which of the two is higher may change with the processor, the engine and the batch size',
      fix: 'compare to as many digits as these ranges allow, or read a score that spreads more, such as max logit',
    },
  ];
}
