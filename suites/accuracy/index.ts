import { cleanRequest } from '../../src/measurements.js';
import {
  defineSuite,
  type ExampleSheet,
  fewExamples,
  labelledTestSets,
  type Measure,
  type MeasureRows,
  measure,
  singleDraw,
  Type,
  withoutLabels,
} from '../../src/suite.js';
import { type AccuracyResult, accuracyResult } from './result.js';
import { classFigure, classTable, confusionTable, overviewTable } from './tables.js';
import { accuracyWarnings } from './warnings.js';

const NAME = 'accuracy';

const AccuracyOptions = Type.Object(
  {
    topK: Type.Array(Type.Integer({ minimum: 2 }), {
      default: [],
      description: 'for each k: how often the label is among the k largest logits',
    }),
    resamples: Type.Integer({
      minimum: 100,
      default: 1000,
      description: 'bootstrap resamples for NLL and Brier',
    }),
  },
  { additionalProperties: false },
);

export const accuracy = defineSuite({
  name: NAME,
  title: 'Accuracy',
  description:
    'How often the class with the largest logit is the label, over all examples and per class. NLL (the mean of -log p(label), in nats) and the Brier score (squared error of the probabilities summed over classes, between 0 and 2) also punish wrong confidence.',
  options: AccuracyOptions,
  needs: ['logits'],
  measures: ['accuracy', 'top-k-accuracy', 'nll', 'brier', 'class-accuracy'],
  examplesApart: true,

  plan(context) {
    return context.systems.flatMap((system) =>
      labelledTestSets(context).map((dataset) => cleanRequest(system, dataset)),
    );
  },

  summarise(collected, options, context) {
    const sets = labelledTestSets(context).map((dataset) => ({
      dataset,
      results: context.systems.flatMap((system) => {
        const rows = collected.get(cleanRequest(system, dataset));
        const step = context.steps?.(`resamples of ${system.name} on ${dataset.name}`);
        return rows ? [accuracyResult(system, dataset, rows, { ...options, seed: context.seed, step })] : [];
      }),
    }));
    const results = sets.flatMap((set) => set.results);
    return {
      measures: results.flatMap(measures),
      tables: [
        ...sets.map((set) => overviewTable(set.dataset, set.results)),
        ...sets.map((set) => classTable(set.dataset, set.results)),
        ...results.map(confusionTable),
      ],
      figures: sets.flatMap((set) => classFigure(set.dataset, set.results)),
      warnings: [
        ...sets.flatMap(({ dataset }) => fewExamples(NAME, dataset)),
        ...context.systems.flatMap((system) => singleDraw(NAME, system)),
        ...results.flatMap((result) => accuracyWarnings(NAME, result)),
      ],
      notApplicable: withoutLabels(NAME, context),
      examples: [sheet(results)],
    };
  },
});

function measures({ system, dataset, accuracy, nll, brier, topK, classes }: AccuracyResult): Measure[] {
  const on = { suite: NAME, model: system.name, dataset: dataset.name };
  const where = { model: system.name, dataset: dataset.name };
  const shareOf = (outcome: string, of: MeasureRows['where'] = where): MeasureRows => ({
    sheet: NAME,
    where: of,
    statistic: 'share',
    columns: { outcome },
  });
  const meanOf = (value: string): MeasureRows => ({
    sheet: NAME,
    where,
    statistic: 'mean',
    columns: { value },
  });
  const share = { ...on, better: 'higher', format: 'percent' } as const;
  const loss = { ...on, better: 'lower', format: 'number' } as const;
  return [
    measure(
      { ...share, measure: 'accuracy', title: 'Accuracy', headline: true, rows: shareOf('correct') },
      accuracy,
    ),
    ...topK.map(({ k, estimate }) =>
      measure(
        {
          ...share,
          measure: 'top-k-accuracy',
          title: `Top-${k} accuracy`,
          params: { k },
          rows: shareOf(topKColumn(k)),
        },
        estimate,
      ),
    ),
    measure({ ...loss, measure: 'nll', title: 'NLL (nats)', rows: meanOf('nll') }, nll),
    measure({ ...loss, measure: 'brier', title: 'Brier score', rows: meanOf('brier') }, brier),
    ...classes.map(({ name, estimate }, label) =>
      measure(
        {
          ...share,
          measure: 'class-accuracy',
          title: `Accuracy on ${name}`,
          params: { class: name },
          rows: shareOf('correct', { ...where, label }),
        },
        estimate,
      ),
    ),
  ];
}

const topKColumn = (k: number) => `top_${k}`;

function sheet(results: readonly AccuracyResult[]): ExampleSheet {
  return {
    name: NAME,
    columns: [
      'model',
      'dataset',
      'index',
      'label',
      'prediction',
      'correct',
      'confidence',
      'nll',
      'brier',
      ...(results[0]?.topK ?? []).map(({ k }) => topKColumn(k)),
    ],
    rows: {
      *[Symbol.iterator]() {
        for (const { system, dataset, classified: c, indices, topK } of results) {
          for (let i = 0; i < c.n; i++) {
            yield [
              system.name,
              dataset.name,
              indices[i]!,
              c.labels[i]!,
              c.prediction[i]!,
              c.correct[i] === 1,
              c.confidence[i]!,
              c.nll[i]!,
              c.brier[i]!,
              ...topK.map(({ inside }) => inside[i] === 1),
            ];
          }
        }
      },
    },
  };
}
