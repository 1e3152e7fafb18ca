import { parseEpsilon } from '../../src/attack.js';
import type { Estimate } from '../../src/metrics.js';
import { cell, type Figure, type Measure, measure, point, type Table } from '../../src/suite.js';
import { type Compared, type DeviationName, deviationTitles } from './deviation.js';
import type { Robustness } from './robustness.js';

/**
 * Three measures of every number: as published, as it should be, and what each difference is worth. Robust accuracy at
 * the radius shown, as it should be, stands in the headline: no other suite of the protocol gives it.
 */
export function comparedMeasures(suite: string, dataset: string, all: readonly Compared[]): Measure[] {
  return all.flatMap(({ title, params, format, better, system, published, corrected, deviations, shown }) => {
    const about = { suite, model: system, dataset, params, format };
    return [
      measure(
        { ...about, better, measure: 'as-published', title: `${title}, as published`, rows: published.rows },
        published.estimate,
      ),
      measure(
        {
          ...about,
          better,
          measure: 'as-it-should-be',
          title: `${title}, as it should be`,
          ...(shown && params.quantity === 'robust-accuracy' && { headline: true }),
          rows: corrected.rows,
        },
        corrected.estimate,
      ),
      ...deviations.map(({ name, difference }) =>
        measure(
          {
            ...about,
            better: 'none',
            params: { ...params, deviation: name },
            measure: 'deviation',
            title: `${title}: worth of ${name}`,
            note: deviationTitles[name],
          },
          difference,
        ),
      ),
    ];
  });
}

const NUMBERS: Table['columns'] = [
  { key: 'model', title: 'System', format: 'text' },
  { key: 'quantity', title: 'what', format: 'text' },
];

/** Tables have one format a column: shares as points, AUROC in hundredths, as papers print them. */
const hundred = (estimate: Estimate) => cell(estimate, { times: 100 });

/** The same of a plain number: there is none among no images, as where all are wrong when clean. */
const hundredOf = (value: number) => (Number.isFinite(value) ? 100 * value : null);

/** The two columns. */
export function columnsTable(id: string, title: string, all: readonly Compared[]): Table {
  return {
    id,
    title,
    caption:
      'Both columns in hundredths: percent of accuracies, robust accuracies and ECE, AUROC times 100. As published: with every convention of the public code. As it should be: without noise on images, over all images, with confirmed verdicts of a sweep of radii. n: images, of AUROC those of both sets.',
    columns: [
      ...NUMBERS,
      { key: 'published', title: 'as published', format: 'number' },
      { key: 'n published', title: 'n', format: 'number' },
      { key: 'corrected', title: 'as it should be', format: 'number' },
      { key: 'n corrected', title: 'n', format: 'number' },
    ],
    rows: all.map((one) => ({
      model: one.system,
      quantity: one.title,
      published: hundred(one.published.estimate),
      'n published': one.published.estimate.n,
      corrected: hundred(one.corrected.estimate),
      'n corrected': one.corrected.estimate.n,
    })),
  };
}

/** What each difference is worth. */
export function deviationTable(
  { id, title, folded }: { id: string; title: string; folded: boolean },
  all: readonly Compared[],
): Table {
  const names = Object.keys(deviationTitles) as DeviationName[];
  return {
    id,
    title,
    ...(folded && { folded }),
    caption:
      'In hundredths. Worth: the number with the convention minus the number without it, on the same images, all conventions above it in the list being gone already; 95 % intervals of the paired difference. Positive: the convention makes the number look higher. n: images, of AUROC those of both sets.',
    columns: [
      { key: 'deviation', title: 'convention of the public code', format: 'text' },
      ...NUMBERS,
      { key: 'with', title: 'with it', format: 'number' },
      { key: 'without', title: 'without', format: 'number' },
      { key: 'worth', title: 'worth', format: 'number' },
      { key: 'n', title: 'n', format: 'number' },
    ],
    rows: names.flatMap((name) =>
      all.flatMap((one) =>
        one.deviations
          .filter((deviation) => deviation.name === name)
          .map((deviation) => ({
            deviation: deviationTitles[name],
            model: one.system,
            quantity: one.title,
            with: hundredOf(deviation.with),
            without: hundredOf(deviation.without),
            worth: hundred(deviation.difference),
            n: deviation.difference.n,
          })),
      ),
    ),
  };
}

/** Accuracy against the radius, as the paper draws it, as published and as it should be. */
export function robustnessFigure(
  id: string,
  norm: string,
  dataset: string,
  results: readonly Robustness[],
  all: readonly Compared[],
): Figure {
  const of = (system: string, column: 'published' | 'corrected', { epsilons }: Robustness) =>
    epsilons.flatMap((text) => {
      const compared = all.find(
        ({ system: name, params }) => name === system && params.norm === norm && params.epsilon === text,
      );
      const estimate = compared?.[column].estimate;
      return estimate && Number.isFinite(estimate.value) ? [point(parseEpsilon(text).value, estimate)] : [];
    });
  const ticks = results[0]?.epsilons ?? [];
  return {
    kind: 'lines',
    id,
    title: `Accuracy against the ${norm} radius on ${dataset}`,
    caption: 'As published: among the images that are correct when clean. As it should be: among all.',
    xLabel: `${norm} radius`,
    yLabel: 'accuracy',
    yDomain: [0, 1],
    yFormat: 'percent',
    points: true,
    xTicks: ticks.map((text) => ({ value: parseEpsilon(text).value, label: text })),
    series: results.flatMap((result) => {
      const { name } = result.system;
      return [
        { name, variant: 'as published', dashed: true, points: of(name, 'published', result) },
        { name, variant: 'as it should be', points: of(name, 'corrected', result) },
      ];
    }),
  };
}
