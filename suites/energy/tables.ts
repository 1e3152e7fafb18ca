import { cell, type Table } from '../../src/suite.js';
import type { Comparison, TestName } from './compare.js';
import type { Summarised } from './measures.js';
import type { Sets } from './sets.js';

const number = (key: string, title: string) => ({ key, title, format: 'number' as const });

/** log p(x) of every system on every data set: where it lies, and how far from the reference. */
export function axisTable(
  { reference }: Sets,
  summaries: readonly Summarised[],
  comparisons: readonly Comparison[],
): Table {
  return {
    id: 'log-px',
    title: 'log p(x) by data set',
    caption: `In nats, up to a constant of each model: values of two models have no common zero. The gap is the mean minus that of "${reference.name}": where both are made of the same images, over pairs of images (t interval), else of two samples (Welch). AUROC is the chance that an image of "${reference.name}" has the higher log p(x).`,
    columns: [
      { key: 'model', title: 'Model', format: 'text' },
      { key: 'dataset', title: 'Data set', format: 'text' },
      { key: 'n', title: 'n', format: 'text' },
      number('mean', 'Mean'),
      number('median', 'Median'),
      number('sd', 'SD'),
      number('gap', 'Gap'),
      { key: 'pairs', title: 'Pairs', format: 'text' },
      number('auroc', 'AUROC'),
    ],
    rows: summaries.map(({ of, mean, median, sd }) => {
      const comparison = comparisons.find(({ own }) => own === of);
      return {
        model: of.system.name,
        dataset: of.dataset.name,
        n: String(of.logPx.length),
        mean: cell(mean),
        median: cell(median),
        sd: cell(sd),
        gap: comparison ? cell(comparison.gap) : null,
        pairs: comparison ? (comparison.partners ? 'yes' : 'no') : '',
        auroc: comparison ? cell(comparison.auroc) : null,
      };
    }),
  };
}

/** `0.032`, `< 0.001`. */
const pText = (p: number) => (Number.isNaN(p) ? '' : p < 0.001 ? '< 0.001' : p.toFixed(3));

/** Tests of no difference between each set and the reference. */
export function testTable(
  { reference }: Sets,
  comparisons: readonly Comparison[],
  permutations: number,
): Table {
  const text = (key: string, title: string) => ({ key, title, format: 'text' as const });
  const both = (name: TestName, title: string) => [
    text(name, `p, ${title}`),
    text(`${name} holm`, 'corrected'),
  ];
  return {
    id: 'log-px-tests',
    title: `log p(x) against ${reference.name}, tested`,
    caption: `Two-sided p of no difference, and the same by Holm over the whole table. Rank test: Mann-Whitney (normal, ties and continuity corrected), of pairs Wilcoxon's signed ranks. D, the largest gap between the distribution functions (Kolmogorov-Smirnov): exact up to four million pairs of images and asymptotic beyond. Energy distance: ${permutations} permutations. Where images come in pairs, D and the energy distance are of the images that have partners, and both p by ${permutations} exchanges within pairs.`,
    folded: true,
    columns: [
      text('model', 'Model'),
      text('dataset', 'Data set'),
      ...both('shift', 'ranks'),
      number('d', 'D'),
      ...both('ks', 'D'),
      number('distance', 'Energy distance'),
      ...both('energy', 'energy distance'),
    ],
    rows: comparisons.map(({ own, distances, tests }) => ({
      model: own.system.name,
      dataset: own.dataset.name,
      d: finite(distances.ks),
      distance: finite(distances.energy),
      ...Object.fromEntries(
        Object.entries(tests).flatMap(([name, { p, corrected }]) => [
          [name, pText(p)],
          [`${name} holm`, pText(corrected)],
        ]),
      ),
    })),
  };
}

const finite = (value: number) => (Number.isFinite(value) ? value : null);
