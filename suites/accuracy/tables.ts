import { commonConfusions } from '../../src/metrics.js';
import { type BarFigure, cell, type DatasetInfo, type Table } from '../../src/suite.js';
import type { AccuracyResult } from './result.js';

/** A matrix or a chart with more classes than this cannot be read. */
const READABLE_CLASSES = 20;
const LISTED_CLASSES = 50;
const LISTED_CONFUSIONS = 30;

/** One row per system: accuracy, top-k, NLL, Brier. */
export function overviewTable(dataset: DatasetInfo, results: readonly AccuracyResult[]): Table {
  const topK = results[0]?.topK ?? [];
  return {
    id: `accuracy-${dataset.name}`,
    title: `Accuracy on ${dataset.name}`,
    caption: `${dataset.size} examples; Wilson intervals for proportions, bootstrap for NLL and Brier, all 95 %.`,
    columns: [
      { key: 'model', title: 'Model', format: 'text' },
      { key: 'accuracy', title: 'Accuracy', format: 'percent', better: 'higher' },
      ...topK.map(({ k }) => ({
        key: `top-${k}`,
        title: `Top-${k}`,
        format: 'percent' as const,
        better: 'higher' as const,
      })),
      { key: 'nll', title: 'NLL (nats)', format: 'number', better: 'lower' },
      { key: 'brier', title: 'Brier', format: 'number', better: 'lower' },
    ],
    rows: results.map((result) => ({
      model: result.system.name,
      accuracy: cell(result.accuracy),
      ...Object.fromEntries(result.topK.map(({ k, estimate }) => [`top-${k}`, cell(estimate)])),
      nll: cell(result.nll),
      brier: cell(result.brier),
    })),
  };
}

/** The class names of all results, in the order of the first that has each. */
const classNames = (results: readonly AccuracyResult[]): string[] => [
  ...new Set(results.flatMap(({ system }) => system.classes)),
];

const ofClass = ({ classes }: AccuracyResult, name: string) =>
  classes.find((entry) => entry.name === name)?.estimate;

/** One row per class, one column per system; of many classes the worst ones. */
export function classTable(dataset: DatasetInfo, results: readonly AccuracyResult[]): Table {
  const names = classNames(results);
  const worst = (name: string) =>
    Math.min(...results.map((result) => ofClass(result, name)?.value ?? 1).filter((value) => value >= 0));
  const listed =
    names.length <= LISTED_CLASSES
      ? names
      : [...names].sort((a, b) => worst(a) - worst(b)).slice(0, LISTED_CLASSES);
  return {
    id: `class-accuracy-${dataset.name}`,
    title: `Accuracy per class on ${dataset.name}`,
    caption:
      listed.length < names.length
        ? `The ${LISTED_CLASSES} classes of ${names.length} that the worst model gets wrong most often; all are in measures.csv.`
        : 'n is the number of examples with that label.',
    columns: [
      { key: 'class', title: 'Class', format: 'text' },
      { key: 'n', title: 'n', format: 'number' },
      ...results.map(({ system }) => ({
        key: `model ${system.name}`,
        title: system.name,
        format: 'percent' as const,
        // Which class is the easiest for a model is not what a reader looks for.
        better: 'none' as const,
      })),
    ],
    rows: listed.map((name) => ({
      class: name,
      n: Math.max(0, ...results.map((result) => ofClass(result, name)?.n ?? 0)),
      ...Object.fromEntries(
        results.map((result) => {
          const estimate = ofClass(result, name);
          return [`model ${result.system.name}`, estimate ? cell(estimate) : null];
        }),
      ),
    })),
  };
}

/** Bars of the accuracy per class, where they can be read. */
export function classFigure(dataset: DatasetInfo, results: readonly AccuracyResult[]): BarFigure[] {
  const categories = classNames(results);
  if (categories.length < 2 || categories.length > READABLE_CLASSES) return [];
  return [
    {
      kind: 'bars',
      id: `class-accuracy-${dataset.name}`,
      title: `Accuracy per class on ${dataset.name}`,
      xLabel: 'label',
      yLabel: 'accuracy',
      yDomain: [0, 1],
      yFormat: 'percent',
      categories,
      series: results.map((result) => ({
        name: result.system.name,
        values: categories.map((name) => {
          const estimate = ofClass(result, name);
          return estimate ? cell(estimate) : { value: null };
        }),
      })),
    },
  ];
}

/** The confusion matrix; with many classes, the most frequent confusions. */
export function confusionTable(result: AccuracyResult): Table {
  const { system, dataset, classified } = result;
  const heading = {
    id: `confusion-${system.name}-${dataset.name}`,
    title: `Confusions of ${system.name} on ${dataset.name}`,
    folded: true,
  };
  const { classes } = system;
  if (classes.length > READABLE_CLASSES) {
    return {
      ...heading,
      caption: `The ${LISTED_CONFUSIONS} most frequent.`,
      columns: [
        { key: 'label', title: 'Label', format: 'text' },
        { key: 'prediction', title: 'Predicted', format: 'text' },
        { key: 'count', title: 'Examples', format: 'number' },
      ],
      rows: commonConfusions(classified, LISTED_CONFUSIONS).map(({ label, prediction, count }) => ({
        label: classes[label]!,
        prediction: classes[prediction]!,
        count,
      })),
    };
  }
  const counts = classes.map(() => new Array<number>(classes.length).fill(0));
  for (let i = 0; i < classified.n; i++) counts[classified.labels[i]!]![classified.prediction[i]!]!++;
  return {
    ...heading,
    caption: 'Rows are labels, columns predictions; cells count examples.',
    columns: [
      { key: 'label', title: 'Label', format: 'text' },
      ...classes.map((title, k) => ({ key: `class ${k}`, title, format: 'number' as const })),
    ],
    rows: classes.map((label, row) => ({
      label,
      ...Object.fromEntries(counts[row]!.map((count, k) => [`class ${k}`, count])),
    })),
  };
}
