import { rankingEstimate } from '../../src/metrics.js';
import {
  type ChosenScore,
  chosenScores,
  energyCaveat,
  lackOf,
  scoreEntries,
  setWarnings,
} from '../../src/score.js';
import {
  type Catalogue,
  type DatasetInfo,
  defineSuite,
  type ExampleSheet,
  fewExamples,
  type Measure,
  type MeasureRows,
  measure,
  type NotApplicable,
  type Request,
  type Static,
  type SuiteContext,
  singleDraw,
  Type,
} from '../../src/suite.js';
import { oodFigures } from './figures.js';
import { averages, metrics } from './metrics.js';
import { allOf, requestsFor } from './requests.js';
import { type Scored, type Separation, scoreAll, separate } from './result.js';
import { roundingWarning, withinRounding } from './rounding.js';
import { aurocTable, meanTable, setTable } from './tables.js';
import { scoreWarnings } from './warnings.js';

const NAME = 'ood';

const oodOptions = (catalogue: Catalogue) =>
  Type.Object(
    {
      scores: scoreEntries(catalogue, {
        default: ['log-px', 'max-logit', 'max-softmax', 'approximate-mass'],
        description:
          'confidences that an image is in-distribution; higher means more so. `{ knn: { k: 10 } }` sets options of a score',
      }),
      temperature: Type.Number({
        exclusiveMinimum: 0,
        default: 1,
        description: 'T of the energy score, where its own options give none',
      }),
      histogramBins: Type.Integer({ minimum: 2, maximum: 500, default: 40 }),
      resamples: Type.Integer({ minimum: 100, default: 1000, description: 'bootstrap resamples' }),
    },
    { additionalProperties: false },
  );

type OodOptions = Static<ReturnType<typeof oodOptions>>;

const scoresOf = (
  { scores, temperature }: Pick<OodOptions, 'scores' | 'temperature'>,
  { catalogue }: SuiteContext,
) => chosenScores(scores, catalogue, { energy: { temperature } });

/** The test sets and the OOD sets of a run; both are empty when one is. */
function setsOf({ datasets }: SuiteContext): { ids: DatasetInfo[]; oods: DatasetInfo[] } {
  const ids = datasets.filter(({ role }) => role === 'test');
  const oods = datasets.filter(({ role }) => role === 'ood');
  return ids.length > 0 && oods.length > 0 ? { ids, oods } : { ids: [], oods: [] };
}

export const ood = defineSuite({
  name: NAME,
  title: 'Out-of-distribution detection',
  description:
    'Whether a score of the model separates test images from images of other kinds. AUROC is the chance that a test image scores higher than an OOD image. AUPR and FPR95 depend on which of the two is called positive, and are given both ways. Approximate mass is minus the length of the gradient of log p(x), in the units of the input of the model itself.',
  options: oodOptions,
  needs: [],
  measures: metrics.flatMap(({ id, averaged }) => [
    id,
    ...(averaged ? averages.map((average) => `${average.id}-${id}`) : []),
  ]),

  plan(context, options) {
    const { ids, oods } = setsOf(context);
    return context.systems.flatMap((system) =>
      [...ids, ...oods].flatMap((dataset): Request[] =>
        allOf(requestsFor(system, dataset, context, scoresOf(options, context))),
      ),
    );
  },

  summarise(collected, options, context) {
    const scores = scoresOf(options, context);
    const { ids, oods } = setsOf(context);
    const scored = scoreAll(collected, scores, [...ids, ...oods], context);
    const separations = separate(scored, ids, oods, { ...options, seed: context.seed, steps: context.steps });
    const against = (id: DatasetInfo) => separations.filter((s) => s.id.dataset === id);
    const headline = scores.find(({ id }) => id === 'log-px') ?? scores[0];
    const detectors = ids
      .flatMap((id) =>
        context.systems.flatMap((system) =>
          scores.map((score) => against(id).filter((s) => s.system === system && s.score === score)),
        ),
      )
      .filter((group) => group.length > 0);
    return {
      measures: [
        ...detectors.flatMap((group) => means(group, headline.id)),
        ...separations.flatMap(measures),
      ],
      tables: ids.flatMap((id) => [
        meanTable(id, against(id)),
        aurocTable(id, against(id)),
        ...oods.map((set) =>
          setTable(
            id,
            set,
            against(id).filter((s) => s.ood.dataset === set),
          ),
        ),
      ]),
      figures: ids.flatMap((id) => oodFigures(id, against(id), options.histogramBins)),
      warnings: [
        ...energyCaveat(NAME, ids.length > 0 ? context.systems : [], scores),
        ...[...ids, ...oods].flatMap((set) => fewExamples(NAME, set)),
        ...ids.flatMap((id) => oods.flatMap((set) => setWarnings(NAME, id, set, context.systems))),
        ...(ids.length > 0 ? context.systems.flatMap((system) => singleDraw(NAME, system)) : []),
        ...detectors.flatMap((group) => scoreWarnings(NAME, group)),
        ...separations.flatMap((separation) => roundingWarning(NAME, separation)),
      ],
      notApplicable: notApplicable(context, scores),
      examples: [
        sheet(
          scored,
          context,
          scores.map(({ id }) => id),
        ),
      ],
    };
  },
});

/** Scores that a system lacks something for; everything, when there is nothing to tell apart. */
function notApplicable(context: SuiteContext, scores: readonly ChosenScore[]): NotApplicable[] {
  const absent = (['test', 'ood'] as const).find(
    (role) => !context.datasets.some((dataset) => dataset.role === role),
  );
  return context.systems.flatMap(({ name: model, ...system }) => {
    if (absent) {
      return [{ suite: NAME, model, reason: `the run has no data set with \`role: ${absent}\`` }];
    }
    return scores.flatMap((score) => {
      const lack = lackOf({ name: model, ...system }, score, context.datasets);
      return lack ? [{ suite: NAME, model, what: score.title, reason: lack.reason }] : [];
    });
  });
}

/** All metrics of one score on one OOD set. */
function measures(separation: Separation): Measure[] {
  const { system, score, id, ood: set, replicates } = separation;
  return metrics.map(({ id: name, metric, title, better, format }) =>
    measure(
      {
        suite: NAME,
        measure: name,
        title: `${title} by ${score.title}`,
        model: system.name,
        dataset: set.dataset.name,
        params: { score: score.id, against: id.dataset.name },
        better,
        format,
        note: `${replicates.nId} ID and ${replicates.nOod} OOD examples`,
        rows: rowsOf([separation], name),
        ...withinRounding([separation], metric),
      },
      rankingEstimate([replicates], metric),
    ),
  );
}

/** Unweighted means of one score over OOD sets: all, near, far. */
function means(group: readonly Separation[], headline: string): Measure[] {
  const { system, score, id } = group[0];
  return averages.flatMap((average) => {
    const own = group.filter((s) => average.includes(s.ood.dataset));
    if (own.length === 0) return [];
    return metrics
      .filter(({ averaged }) => averaged)
      .map((row) =>
        measure(
          {
            suite: NAME,
            measure: `${average.id}-${row.id}`,
            title: `${average.title} ${row.title} by ${score.title}`,
            model: system.name,
            dataset: id.dataset.name,
            params: { score: score.id },
            better: row.better,
            format: row.format,
            ...(average.id === 'mean' && row.id === 'auroc' && score.id === headline && { headline: true }),
            note: `over ${own.map((s) => s.ood.dataset.name).join(', ')}`,
            rows: rowsOf(own, row.id),
            ...withinRounding(own, row.metric),
          },
          rankingEstimate(
            own.map((s) => s.replicates),
            row.metric,
          ),
        ),
      );
  });
}

/** Scores of test images and of those of OOD sets, in the sheet; measures and statistics have the same names. */
function rowsOf(separations: readonly Separation[], statistic: string): MeasureRows {
  const [{ system, score, id }] = separations;
  const columns = { score: score.id };
  const where = (dataset: DatasetInfo) => ({ model: system.name, dataset: dataset.name });
  const against = separations.map(({ ood: set }) => ({ where: where(set.dataset), columns }));
  return { sheet: NAME, where: where(id.dataset), statistic, columns, against };
}

/** A row per example and system, a column per score. */
function sheet(
  scored: readonly Scored[],
  { systems }: SuiteContext,
  scores: readonly string[],
): ExampleSheet {
  const groups = systems.flatMap((system) => {
    const own = scored.filter((s) => s.system === system);
    return [...new Set(own.map((s) => s.dataset))].map((dataset) => own.filter((s) => s.dataset === dataset));
  });
  return {
    name: NAME,
    columns: ['model', 'dataset', 'role', 'index', ...scores],
    rows: {
      *[Symbol.iterator]() {
        for (const group of groups) {
          const { system, dataset, indices } = group[0];
          for (let i = 0; i < indices.length; i++) {
            const values = scores.map((id) => group.find(({ score }) => score.id === id)?.values[i] ?? null);
            yield [system.name, dataset.name, dataset.role, indices[i], ...values];
          }
        }
      },
    },
  };
}
