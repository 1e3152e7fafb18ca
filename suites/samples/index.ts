import {
  type CollectedRows,
  defineSuite,
  type Measure,
  type NotApplicable,
  type SuiteContext,
  type Summary,
} from '../../src/suite.js';
import { classBars, confidenceBars } from './bars.js';
import type { Common } from './describer.js';
import { type Distal, distalOf } from './distal.js';
import { featureSheet, keepsFeatures } from './feature-sheet.js';
import { distalGrid, extremes, filmStrips, neighbourGrid, sampleGrid } from './grids.js';
import { distalMeasures, neighbourMeasures, sampleMeasures } from './measures.js';
import { type Memorisation, memorisation } from './neighbours.js';
import { type SamplesOptions, samplesOptions } from './options.js';
import { type Quality, qualityOf, realAgainstItself } from './quality.js';
import { type FeatureSheet, qualityMeasures, realMeasures } from './quality-measures.js';
import { requestsFor, type SetRequests, type SystemRequests } from './requests.js';
import { neighboursOf, type SampleSet, sampleSet } from './result.js';
import { type Selection, selectionsOf } from './selection.js';
import { sheet } from './sheet.js';
import { contentTable, distalTable, fidelityTable, qualityTable } from './tables.js';
import { setWarnings } from './warnings.js';

const NAME = 'samples';
const FEATURES = `${NAME}-features`;

export const samples = defineSuite({
  name: NAME,
  title: 'Samples',
  description:
    'What a model takes for likely images: chains of SGLD from noise up log p(x), and up log p(x, y) for each class in turn. Grids show the first chains, nothing is chosen unless it says so. Frechet distance, kernel distance and inception score are taken in the features of a named network, the extractor, and mean nothing without its name, n and the selection. Distal adversarials climb p(y|x) from noise: a classifier that is sure of noise has learnt no p(x).',
  options: samplesOptions,
  needs: [],
  requestsApart: true,
  measures: [
    'sample-log-px',
    'sample-confidence',
    'conditional-accuracy',
    'saturated-pixels',
    'duplicate-samples',
    'frechet-distance',
    'frechet-distance-of-real',
    'kernel-distance',
    'sample-precision',
    'sample-density',
    'sample-recall',
    'sample-coverage',
    'inception-score',
    'neighbour-distance',
    'nearer-than-real',
    'distal-reached',
    'distal-steps',
  ],

  plan(context, options) {
    return jobs(requestsFor(context, options)).flatMap(({ sets, distal, reference, nearestOfReal }) =>
      [
        ...sets.flatMap(({ drawn, own, judged, extracted, nearest, strips }) => [
          drawn,
          own,
          judged,
          extracted,
          nearest,
          strips?.drawn,
          strips?.seen,
        ]),
        distal?.drawn,
        distal?.seen,
        reference,
        nearestOfReal,
      ].filter((one) => one !== undefined),
    );
  },

  summarise(collected, options, context): Summary {
    const requests = requestsFor(context, options);
    const results = jobs(requests).map((job) => foundFor(job, collected, options, context));
    const sets = results.flatMap((one) => one.sets);
    const distals = results.flatMap(({ distal }) => distal ?? []);
    const { threshold, steps } = options.distal;
    const common: Common = { suite: NAME, sheet: NAME, chain: chainOf(options) };
    const measures: Measure[] = [
      ...sets.flatMap(({ set, reference, qualities, memorisation, features }) => [
        ...sampleMeasures(common, set),
        ...qualityMeasures(common, set, reference?.name, qualities, { splits: options.splits, features }),
        ...(memorisation ? neighbourMeasures(common, memorisation) : []),
      ]),
      ...realMeasures(common, sets),
      ...distals.flatMap((distal) => distalMeasures(common, distal, threshold, steps)),
    ];
    return {
      measures,
      tables: [
        ...qualityTable(
          sets.map(({ set, reference, qualities }) => ({ set, reference: reference?.name, qualities })),
        ),
        ...contentTable(sets),
        ...fidelityTable(sets),
        ...distalTable(distals, threshold),
      ],
      figures: results.flatMap(({ sets: own, strips, distal }) => [
        ...own.flatMap(({ set }) => sampleGrid(set)),
        ...strips.map(filmStrips),
        ...own.flatMap(({ set }) => extremes(set)),
        ...own.flatMap(({ memorisation }) => (memorisation ? neighbourGrid(memorisation) : [])),
        ...(distal ? distalGrid(distal, threshold) : []),
        ...classBars(own.map(({ set }) => set)),
        ...confidenceBars(own.map(({ set }) => set)),
      ]),
      warnings: sets.flatMap((judged) => setWarnings(NAME, judged)),
      notApplicable: requests.flatMap((one) => lacks(one, options)),
      examples: [
        ...(sets.length > 0 ? [sheet(NAME, sets, distals)] : []),
        ...(sets.some(({ qualities }) => qualities.length > 0)
          ? [
              featureSheet(
                FEATURES,
                results.map(({ inFeatures }) => inFeatures),
              ),
            ]
          : []),
      ],
      arrays: sets.map(({ set }) => ({ name: `${NAME}-${set.name}-${set.system.name}`, array: set.pixels })),
    };
  },
});

/** How the chains ran: values of other chains are not compared. */
const chainOf = ({
  steps,
  stepSize,
  noise,
  temperature,
  clamp,
  clip,
}: SamplesOptions): Measure['params'] => ({
  steps,
  stepSize,
  noise,
  temperature,
  clamp,
  ...(clip !== undefined && { clip }),
});

const jobs = (requests: ReturnType<typeof requestsFor>): SystemRequests[] =>
  requests.filter((one) => 'sets' in one);

interface FoundSet {
  set: SampleSet;
  selections: readonly Selection[];
  reference: { name: string; n: number } | undefined;
  qualities: Quality[];
  features: FeatureSheet;
  memorisation: Memorisation | undefined;
}

function foundFor(
  job: SystemRequests,
  collected: CollectedRows,
  options: SamplesOptions,
  context: SuiteContext,
) {
  const { system, roles, looks } = job;
  const features = job.reference && collected.get(job.reference);
  const nearest = job.nearestOfReal && collected.get(job.nearestOfReal);
  const real = nearest &&
    roles.real && {
      ...neighboursOf(
        nearest,
        nearest.rows.query.data.filter((index) => index >= 0),
      ),
      of: roles.real.name,
    };
  const ofReal = realAgainstItself(features, options, context);
  const drawn = job.sets.flatMap((requests) => {
    const set = sampleSet(system, roles, requests, collected);
    return set ? [{ wanted: requests, set }] : [];
  });
  const kept = keepsFeatures(drawn, features);
  const sets = drawn.map(({ wanted, set }): FoundSet & { wanted: SetRequests } => {
    const selections = selectionsOf(set, options.selections);
    return {
      wanted,
      set,
      selections,
      reference: features && { name: features.request.dataset, n: features.indices.length },
      qualities: qualityOf(set, selections, features, ofReal, options, context),
      features: { sheet: FEATURES, kept },
      memorisation: memorisation(set, real),
    };
  });
  return {
    sets,
    inFeatures: { sets, reference: features, ofReal, kept },
    strips: sets.flatMap(({ set, wanted: { strips } }) => {
      const [drawn, seen] = strips ? [collected.get(strips.drawn), collected.get(strips.seen)] : [];
      // All or none: a chain that failed has no strip, and the others are not shown without it.
      if (!drawn?.rows.looks || !seen?.rows.logPx || seen.indices.length !== drawn.indices.length) return [];
      const { looks: images, conditioned } = drawn.rows;
      const [indices, logPx] = [drawn.indices, seen.rows.logPx.data];
      return [{ set, steps: looks, indices, conditioned: conditioned.data, looks: images, logPx }];
    }),
    distal: distalFor(job, collected, options),
  };
}

const distalFor = (
  { system, distal }: SystemRequests,
  collected: CollectedRows,
  options: SamplesOptions,
): Distal | undefined => distal && distalOf(system, distal, collected, options.distal.threshold);

/** Systems that cannot be drawn from, and what of the others was left out. */
function lacks(
  requests: ReturnType<typeof requestsFor>[number],
  { selections }: SamplesOptions,
): NotApplicable[] {
  const on = { suite: NAME, model: requests.system.name };
  if ('reason' in requests) return [{ ...on, reason: requests.reason }];
  const { system, roles } = requests;
  const classless = system.lacks.logits ?? 'it has no logits';
  const left: (false | { what: string; reason: string })[] = [
    !system.offers.includes('logits') && {
      what: 'conditional samples and distal adversarials',
      reason: classless,
    },
    !system.offers.includes('logits') &&
      selections.some((share) => share < 1) && {
        what: 'selections of the most confident samples',
        reason: classless,
      },
    !roles.extractor && {
      what: 'Frechet distance, kernel distance and inception score',
      reason: 'no system of the run has features of these images: name one as `extractor`',
    },
    system.offers.includes('logits') &&
      !roles.judge && {
        what: 'class of conditional samples, by another classifier',
        reason: 'the run has no other classifier of these classes: add one, and name it as `judge`',
      },
    roles.extractor !== undefined &&
      !roles.reference && {
        what: 'Frechet distance and kernel distance',
        reason:
          'the run has no images of this shape that are read from files: add some, or name a data set as `reference`',
      },
    !roles.neighbours && {
      what: 'nearest training images',
      reason: 'the run has no data set with `role: train` of this shape: add it, or name one as `neighbours`',
    },
  ];
  return left.filter((one) => one !== false).map((one) => ({ ...on, ...one }));
}
