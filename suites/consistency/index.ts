import { framesOf, PADDINGS, type Padding, sequences } from '../../src/data.js';
import {
  type PredictedClassRows,
  predictedClass,
  type SequenceRows,
  sequenceClasses,
} from '../../src/measurements.js';
import {
  type CollectedRows,
  checkReference,
  type DatasetInfo,
  defineSuite,
  fewUsed,
  type NotApplicable,
  oneOf,
  type Request,
  referenceAmong,
  request,
  type SuiteContext,
  type SystemInfo,
  singleDraw,
  Type,
  type Warning,
} from '../../src/suite.js';
import { ofMade, ofPublished } from './frame-classes.js';
import { type ConsistencyResult, consistencyResult, type Flips, flipsOf } from './result.js';
import { consistencySheet, SUITE } from './sheet.js';
import { consistencyMeasures, consistencyTable, flipBars } from './views.js';

interface Options {
  sequences: string[];
  frames: number;
  padding: Padding;
  reference?: string;
  examples?: number;
  resamples: number;
}

const options = Type.Unsafe<Options>(
  Type.Object(
    {
      sequences: Type.Array(oneOf(sequences.keys()), {
        minItems: 1,
        uniqueItems: true,
        default: [...sequences.keys()],
        description: `Made of each image: ${[...sequences.values()].map(({ name, title }) => `${name}: ${title}`).join('; ')}. Of data sets of the format cifar-p, those that these hold.`,
      }),
      frames: Type.Integer({
        minimum: 2,
        maximum: 1000,
        default: 31,
        description: 'Frames of a sequence. With fewer, each differs more from the one before.',
      }),
      padding: oneOf(PADDINGS, {
        default: 'reflect',
        description: 'What comes in from beyond the border: black, the border itself, or the image mirrored.',
      }),
      reference: Type.Optional(
        Type.String({
          description: 'For mFR: the model of the run that the flips of the others are divided by those of.',
        }),
      ),
      examples: Type.Optional(
        Type.Integer({ minimum: 1, description: 'Only the first n images. Default: all.' }),
      ),
      resamples: Type.Integer({ minimum: 100, default: 1000, description: 'Bootstrap resamples.' }),
    },
    { additionalProperties: false },
  ),
);

export const consistency = defineSuite({
  name: SUITE,
  title: 'Perturbation consistency',
  description:
    'How often the prediction changes while an image turns, moves, grows or brightens in small steps (as ImageNet-P, Hendrycks & Dietterich 2019): the flip probability of two frames that follow each other, or, of noise, of a frame and the image itself. It asks for no labels: a model may be wrong all the way and consistent. mFR divides by the flips of a reference model.',
  options,
  needs: ['logits'],
  sequences: true,
  measures: ['flip-probability', 'mean-flip-probability', 'steady-share', 'flip-rate', 'mean-flip-rate'],

  plan(context, settings) {
    checkReference(SUITE, settings.reference, context.systems);
    return context.systems.flatMap((system) =>
      testSets(context).flatMap((dataset) => requestsFor(system, dataset, settings)),
    );
  },

  summarise(collected, settings, context) {
    const { seed, steps } = context;
    const sets = testSets(context).map((dataset) => {
      const found = context.systems.flatMap((system): Flips[] => {
        const flips = flipsIn(collected, system, dataset, settings);
        return flips ? [flips] : [];
      });
      return {
        dataset,
        results: found.map((flips) => {
          const reference =
            settings.reference === undefined ? undefined : referenceAmong(flips, found, settings.reference);
          const step = steps?.(`resamples of ${flips.system.name} on ${dataset.name}`);
          return consistencyResult(flips, reference, { resamples: settings.resamples, seed, step });
        }),
      };
    });
    const measured = sets.filter(({ results }) => results.length > 0);
    const all = measured.flatMap(({ results }) => results);
    return {
      measures: all.flatMap(consistencyMeasures),
      tables: measured.map(({ dataset, results }) => consistencyTable(dataset, results)),
      figures: measured.map(({ dataset, results }) => flipBars(dataset, results)),
      warnings: measured.flatMap(({ dataset, results }) => [
        ...few(dataset, results[0]!.flips.n),
        ...results.flatMap(({ flips }) => singleDraw(SUITE, flips.system)),
        ...results.flatMap(withoutFlips),
      ]),
      notApplicable: [...withoutTestSets(context), ...all.flatMap(withoutRates)],
      examples: all.length > 0 ? [consistencySheet(all)] : [],
    };
  },
});

const testSets = ({ datasets }: Pick<SuiteContext, 'datasets'>) =>
  datasets.filter(({ role }) => role === 'test');

const requestFor = (
  { name: system }: SystemInfo,
  { name: dataset }: DatasetInfo,
  sequence: string,
  { frames, padding, examples: first }: Options,
): Request<SequenceRows> =>
  request({
    measurement: sequenceClasses,
    system,
    dataset,
    params: { sequence, frames, padding },
    ...(first && { first }),
  });

/** The class of every frame of the published sequences. */
const publishedRequest = (
  { name: system }: SystemInfo,
  { name: dataset }: DatasetInfo,
  published: NonNullable<DatasetInfo['sequences']>,
  { examples }: Options,
): Request<PredictedClassRows> =>
  request({
    measurement: predictedClass,
    system,
    dataset,
    ...(examples && { first: examples * framesOf(published) }),
  });

const requestsFor = (system: SystemInfo, dataset: DatasetInfo, settings: Options): Request[] =>
  dataset.sequences
    ? [publishedRequest(system, dataset, dataset.sequences, settings)]
    : settings.sequences.map((name) => requestFor(system, dataset, name, settings));

/** Nothing where something was not measured. */
function flipsIn(
  collected: CollectedRows,
  system: SystemInfo,
  dataset: DatasetInfo,
  settings: Options,
): Flips | undefined {
  if (dataset.sequences) {
    const found = collected.get(publishedRequest(system, dataset, dataset.sequences, settings));
    if (!found) return undefined;
    const { indices, sequences: classes } = ofPublished(dataset.sequences, found);
    return flipsOf({ system, dataset, indices }, classes);
  }
  const rows = settings.sequences.map((name) => collected.get(requestFor(system, dataset, name, settings)));
  if (!rows.every((one) => one !== undefined)) return undefined;
  const { indices, sequences: classes } = ofMade(settings.sequences, rows);
  return flipsOf({ system, dataset, indices }, classes);
}

/** Images count, not their frames. */
const few = (dataset: DatasetInfo, n: number): Warning[] => {
  const each = dataset.sequences ? framesOf(dataset.sequences) : 1;
  return fewUsed(SUITE, { ...dataset, size: dataset.size / each }, n);
};

function withoutTestSets(context: SuiteContext): NotApplicable[] {
  if (testSets(context).length > 0) return [];
  const reason = 'the run has no data set with `role: test`';
  return context.systems.map(({ name }) => ({ suite: SUITE, model: name, reason }));
}

const withoutRates = ({ flips: { system, dataset }, lacks }: ConsistencyResult): NotApplicable[] =>
  lacks ? [{ suite: SUITE, model: system.name, what: `mFR on ${dataset.name}`, reason: lacks }] : [];

function withoutFlips({ flips, rates }: ConsistencyResult): Warning[] {
  if (!rates || Number.isFinite(rates.mean.value)) return [];
  const steady = flips.sequences.filter((_, c) => !Number.isFinite(rates.each[c]!.value));
  return [
    {
      code: 'reference-without-errors',
      severity: 'warning',
      suite: SUITE,
      model: flips.system.name,
      dataset: flips.dataset.name,
      message: `mFR is not defined: "${rates.reference}" never changes its prediction under ${steady.join(', ')}`,
      why: 'mFR divides by its flips',
      fix: 'choose another `reference`, or measure more images',
    },
  ];
}
