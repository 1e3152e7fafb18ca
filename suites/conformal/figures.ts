import { clopperPearson } from '../../src/metrics.js';
import {
  type BarFigure,
  type DatasetInfo,
  type Figure,
  identifier,
  type LineFigure,
  point,
} from '../../src/suite.js';
import { percent } from './measures.js';
import type { ConformalResult } from './result.js';

/** Beyond so many, bars for each class cannot be read. */
const CLASSES = 30;

/** Sizes that have a bar of their own, and where those that share one begin. */
const STARTS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 50, 100, 200, 500, 1000];

/** Coverage against size for every score, sizes and coverage of classes for the first. */
export function conformalFigures(dataset: DatasetInfo, results: readonly ConformalResult[]): Figure[] {
  const drawn = results.filter(({ indices }) => indices.length > 0);
  if (drawn.length === 0) return [];
  const first = drawn.filter(({ score }) => score === drawn[0]!.score);
  return [tradeOff(dataset, drawn), ...sizes(dataset, drawn), ...byClass(dataset, first)];
}

function tradeOff(dataset: DatasetInfo, results: readonly ConformalResult[]): LineFigure {
  return {
    kind: 'lines',
    id: `conformal-trade-off-${dataset.name}`,
    title: `Coverage and size on ${dataset.name}`,
    caption:
      'A point for each of alpha = 0.5, 0.4, 0.3, 0.2, 0.15, 0.1, 0.05, 0.02, 0.01. The better score lies to the left: smaller sets at the same coverage.',
    xLabel: 'mean classes in a set',
    yLabel: 'coverage',
    yFormat: 'percent',
    points: true,
    series: results.map(({ system, score, tradeOff: points }) => ({
      name: system.name,
      variant: score.title,
      points: points
        .filter(({ coverage, size }) => Number.isFinite(coverage.value) && Number.isFinite(size.value))
        .map(({ coverage, size }) => point(size.value, coverage))
        .reverse(),
    })),
  };
}

/** Shares of set sizes at the first alpha: a figure for each score. */
function sizes(dataset: DatasetInfo, results: readonly ConformalResult[]): BarFigure[] {
  const scores = [...new Set(results.map(({ score }) => score))];
  return scores.map((score) => {
    const own = results.filter((result) => result.score === score);
    const counts = own.map(({ alphas }) => {
      const { sets } = alphas[0]!;
      const reaching = new Int32Array(STARTS.length);
      for (const size of sets.size) reaching[barOf(size)]!++;
      return reaching;
    });
    const last = Math.max(...counts.map((reaching) => reaching.findLastIndex((n) => n > 0)));
    const { alpha } = own[0]!.alphas[0]!;
    const most = Math.max(...own.map(({ system }) => system.classes.length));
    return {
      kind: 'bars',
      id: `conformal-sizes-${identifier(score.name)}-${dataset.name}`,
      title: `Set sizes of ${score.title} on ${dataset.name}, ${percent(1 - alpha)}`,
      xLabel: 'classes in the set',
      yLabel: 'share of examples',
      yFormat: 'percent',
      categories: STARTS.slice(0, last + 1).map((start, bar) => nameOfBar(start, bar, most)),
      series: own.map(({ system, indices }, s) => ({
        name: system.name,
        values: Array.from(counts[s]!.slice(0, last + 1), (n) => {
          const { value, interval } = clopperPearson(n, indices.length);
          return { value, interval };
        }),
      })),
    };
  });
}

const barOf = (size: number): number => STARTS.findLastIndex((start) => size >= start);

/** @param most classes in a set */
export function nameOfBar(start: number, bar: number, most: number): string {
  const end = Math.min(most, (STARTS[bar + 1] ?? Number.POSITIVE_INFINITY) - 1);
  return end <= start ? `${start}` : `${start}-${end}`;
}

function byClass(dataset: DatasetInfo, results: readonly ConformalResult[]): BarFigure[] {
  const { system, score, alphas } = results[0]!;
  const { classes } = system;
  const same = results.filter((result) => result.system.classes.length === classes.length);
  if (classes.length > CLASSES || !alphas[0]!.labelled) return [];
  return [
    {
      kind: 'bars',
      id: `conformal-classes-${dataset.name}`,
      title: `Coverage by class on ${dataset.name}, ${score.title}, ${percent(1 - alphas[0]!.alpha)}`,
      caption: 'Coverage is guaranteed on average, not for each class. Exact intervals, 95 %.',
      xLabel: 'class',
      yLabel: 'coverage',
      yDomain: [0, 1],
      yFormat: 'percent',
      categories: [...classes],
      series: same.map(({ system: { name }, labels, alphas: own }) => {
        const { labelled } = own[0]!;
        const [hits, total] = [new Int32Array(classes.length), new Int32Array(classes.length)];
        labels?.forEach((label, i) => {
          total[label]!++;
          hits[label]! += labelled?.covered[i] ?? 0;
        });
        return {
          name,
          values: classes.map((_, k) => {
            const { value, interval } = clopperPearson(hits[k]!, total[k]!);
            return { value: Number.isFinite(value) ? value : null, interval };
          }),
        };
      }),
    },
  ];
}
