import { logitsOf } from '../../src/measurements.js';
import {
  binSums,
  drawnExamples,
  drawnGaps,
  type Estimate,
  ece,
  equalWidth,
  jointBootstrap,
  ofClass,
  ofUnits,
  softmax,
} from '../../src/metrics.js';
import { cell, type DatasetInfo, type Table } from '../../src/suite.js';
import type { CalibrationResult } from './result.js';

/** So many of a system's classes are shown. */
const WORST = 5;
/** What their intervals rest on. */
const RESAMPLES = 200;

/** The classes whose probability is the least calibrated, of every system: what classwise ECE averages. */
export function classTable(
  dataset: DatasetInfo,
  results: readonly CalibrationResult[],
  { bins, seed }: { bins: number; seed: number },
): Table[] {
  const rows = results.flatMap((result) => worstClasses(result, bins, seed));
  if (rows.length === 0) return [];
  return [
    {
      id: `calibration-classes-${dataset.name}`,
      title: `Least calibrated classes on ${dataset.name}`,
      caption: `The ${WORST} classes of each system with the largest ECE of their probability, ${bins} bins of equal width. A positive gap: the class gets more probability than it has examples. Bootstrap intervals from ${RESAMPLES} resamples; the largest of many are too large for having been picked.`,
      folded: true,
      columns: [
        { key: 'model', title: 'Model', format: 'text' },
        { key: 'class', title: 'Class', format: 'text' },
        { key: 'n', title: 'n', format: 'number' },
        { key: 'share', title: 'Share', format: 'percent', better: 'none' },
        { key: 'probability', title: 'Mean probability', format: 'percent', better: 'none' },
        { key: 'gap', title: 'Gap', format: 'percent', better: 'none' },
        { key: 'ece', title: 'ECE of the class', format: 'percent', better: 'lower' },
      ],
      rows,
    },
  ];
}

function worstClasses(
  { system, collected, whole }: CalibrationResult,
  bins: number,
  seed: number,
): Table['rows'] {
  const { n, classes, labels } = whole.classified;
  if (n === 0 || classes < 3) return [];
  const probabilities = { n, classes, data: softmax(logitsOf(collected)) };
  const each = Array.from({ length: classes }, (_, k) => {
    const { column, isClass } = ofClass(k, probabilities, labels);
    return { k, ece: ece(binSums(equalWidth(column, bins), column, isClass)) };
  });
  const worst = each
    .sort((a, b) => b.ece - a.ece || a.k - b.k)
    .slice(0, WORST)
    .map(({ k }) => ({ k, ...ofClass(k, probabilities, labels) }));
  const eceOf = ({ k, column, isClass }: (typeof worst)[number]) =>
    ofUnits((units): ((times: Uint8Array) => Record<string, number>) => {
      const gaps = drawnGaps(equalWidth(column, bins), column, isClass, units);
      const examples = units ? drawnExamples(units) : total;
      return (times) => ({ [k]: gaps(times) / examples(times) });
    });
  const estimates: Record<string, Estimate> = jointBootstrap(
    n,
    worst.map((one) => ({
      ...eceOf(one),
      centred: [String(one.k)],
      within: [0, 1] as const,
      gaps: { [one.k]: 1 },
    })),
    { seed, resamples: RESAMPLES },
  );
  return worst.map(({ k, column, isClass }) => {
    const [share, probability] = [total(isClass) / n, total(column) / n];
    return {
      model: system.name,
      class: system.classes[k] ?? String(k),
      n: total(isClass),
      share,
      probability,
      gap: probability - share,
      ece: cell(estimates[k]!),
    };
  });
}

const total = (values: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum;
};
