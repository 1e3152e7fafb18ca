import type { Epsilon } from '../../src/attack.js';
import { largestRadius, largestSequentialRadius } from '../../src/metrics.js';
import {
  defineSuite,
  fewUsed,
  labelledTestSets,
  type SuiteContext,
  type SystemInfo,
  type Warning,
  withoutLabels,
} from '../../src/suite.js';
import { SUITE, smoothingMeasures } from './measures.js';
import {
  attackOf,
  countsRequest,
  radiiOf,
  type SmoothingOptions,
  sigmasOf,
  smoothingOptions,
} from './options.js';
import { type SmoothedResult, smoothedResult } from './result.js';
import { smoothingSheet } from './sheet.js';
import { radiiTable, smoothingCurves, smoothingTable } from './views.js';

export const smoothing = defineSuite({
  name: SUITE,
  title: 'Randomised smoothing',
  description:
    'What the model is worth behind Gaussian noise (Cohen et al. 2019). The smoothed classifier gives the class that the model gives most often under noise; how often it does bounds how far in L2 an image must be moved before that class changes, whatever the network. Certified accuracy is the share of images that are right and proved up to a radius, and a lower bound of robust accuracy of the smoothed classifier, not of the model as it is. A model that was not trained under such noise is seldom worth much behind it.',
  options: smoothingOptions,
  needs: ['logits'],
  measures: [
    'certified-accuracy-smoothed',
    'attacked-accuracy-smoothed',
    'undecided-share-smoothed',
    'average-certified-radius',
    'smoothed-accuracy',
    'abstention-share',
    'draws-per-image',
  ],
  examplesApart: true,

  plan(context, options) {
    return withImages(context).flatMap((system) =>
      labelledTestSets(context).flatMap((dataset) =>
        sigmasOf(options).flatMap((sigma) => {
          const behind = smoothedBy(context, system, sigma);
          const attacked = behind && attackOf(behind, dataset, options, context.catalogue);
          return [countsRequest(system, dataset, sigma, options), ...(attacked ? [attacked.request] : [])];
        }),
      ),
    );
  },

  summarise(collected, options, context) {
    const [radii, sigmas] = [radiiOf(options), sigmasOf(options)];
    const sets = labelledTestSets(context).map((dataset) => ({
      dataset,
      results: withImages(context).flatMap((system) =>
        sigmas.flatMap((sigma) => {
          const rows = collected.get(countsRequest(system, dataset, sigma, options));
          const { alpha, stop } = options;
          const behind = smoothedBy(context, system, sigma);
          const attacked = behind && attackOf(behind, dataset, options, context.catalogue);
          return rows
            ? [
                smoothedResult(
                  { system, dataset, sigma },
                  rows,
                  { alpha, radii, anytime: stop !== undefined, seed: context.seed },
                  attacked && collected.get(attacked.request),
                ),
              ]
            : [];
        }),
      ),
    }));
    const measured = sets.filter(({ results }) => results.length > 0);
    const all = measured.flatMap(({ results }) => results);
    // Of those above 0 the one in the middle.
    const headline = radii[Math.ceil((radii.length - 1) / 2)]!;
    return {
      measures: all.flatMap((result) =>
        smoothingMeasures(result, radii, options, result.sigma === sigmas[0] ? headline : undefined),
      ),
      tables: measured.flatMap(({ dataset, results }) => [
        smoothingTable(dataset, results, radii, headline, options),
        radiiTable(dataset, results, radii),
      ]),
      figures: measured.flatMap(({ dataset, results }) => smoothingCurves(dataset, results, radii, options)),
      warnings: [
        ...measured.flatMap(({ dataset, results }) => fewUsed(SUITE, dataset, results[0]!.images.length)),
        ...(all.length > 0 ? outOfReach(sigmas, radii, options) : []),
        ...all.flatMap((result) => broken(result, radii, options)),
      ],
      notApplicable: [
        ...withoutLabels(SUITE, { ...context, systems: withImages(context) }),
        ...context.systems
          .filter(({ input }) => input === 'predictions')
          .map(({ name }) => ({
            suite: SUITE,
            model: name,
            reason: 'there is no model, only what it predicted: noise on images needs one',
          })),
        ...context.systems.flatMap((system) =>
          system.smoothed
            ? [{ suite: SUITE, model: system.name, reason: whereSmoothed(context, system, sigmas) }]
            : [],
        ),
      ],
      examples: all.length > 0 ? [smoothingSheet(all, radii)] : [],
    };
  },
});

/** Systems that take images, and are not smoothed already. */
const withImages = ({ systems }: Pick<SuiteContext, 'systems'>) =>
  systems.filter(({ input, smoothed }) => input !== 'predictions' && !smoothed);

/** The same classifier as a defence, which can be attacked. */
const smoothedBy = (
  { systems }: Pick<SuiteContext, 'systems'>,
  { name }: Pick<SystemInfo, 'name'>,
  sigma: Epsilon,
): SystemInfo | undefined =>
  systems.find(({ smoothed }) => smoothed?.of === name && smoothed.sigma === sigma.value);

/** Why a smoothed system has no row of its own. */
function whereSmoothed(
  { systems }: Pick<SuiteContext, 'systems'>,
  { name, smoothed, offers }: SystemInfo,
  sigmas: readonly Epsilon[],
): string {
  const { of, sigma } = smoothed!;
  const why = 'it is smoothed already:';
  if (!systems.some((system) => system.name === of))
    return `${why} measure "${of}", of which it is the smoothed classifier`;
  const own = sigmas.find(({ value }) => value === sigma);
  if (!own) return `${why} name its sigma, ${sigma}, among \`sigma\`, and "${of}" is certified at it`;
  const stands = `what is certified stands at "${of}", sigma ${sigma}`;
  const attacked = smoothedBy({ systems }, { name: of }, own);
  if (attacked?.name !== name)
    return `${why} ${stands}, and "${attacked?.name}", of the same sigma, is attacked`;
  return offers.includes('inputGradient')
    ? `${why} it is attacked, and ${stands}`
    : `${why} ${stands}, and it has no gradient that an attack could follow`;
}

/** Both sides hold but for chance: where they cross, more than a few images are a sign of a mistake. */
function broken(
  { system, dataset, sigma, images, contradicted = [] }: SmoothedResult,
  radii: readonly Epsilon[],
  { alpha }: SmoothingOptions,
): Warning[] {
  const worst = Math.max(0, ...contradicted);
  if (worst === 0) return [];
  return [
    {
      code: 'certificates-broken',
      severity: 'warning',
      suite: SUITE,
      model: system.name,
      dataset: dataset.name,
      message: `at sigma ${sigma.text}, SmoothAdv breaks ${worst} of ${images.length} images that are certified at L2 ${radii[contradicted.indexOf(worst)]!.text}`,
      why: `a certificate is wrong with a chance of at most ${alpha}, and the votes of the defence are few draws: images near a tie go either way`,
      fix: 'take more draws in the defence (`n`); with many, more such images than alpha explains say that one of the two is wrong',
    },
  ];
}

/** Radii that no image can be certified at, by any model: a 0 there says nothing. */
function outOfReach(
  sigmas: readonly Epsilon[],
  radii: readonly Epsilon[],
  { n, alpha, stop }: SmoothingOptions,
): Warning[] {
  const largest = stop === undefined ? largestRadius : largestSequentialRadius;
  return sigmas.flatMap((sigma) => {
    const reach = largest(n, { sigma: sigma.value, alpha });
    const beyond = radii.filter(({ value }) => reach === undefined || value > reach);
    if (beyond.length === 0) return [];
    return [
      {
        code: 'radius-out-of-reach',
        severity: 'warning',
        suite: SUITE,
        message: `at sigma ${sigma.text}, ${n} draws certify no image at L2 ${beyond.map(({ text }) => text).join(', ')}`,
        why:
          reach === undefined
            ? `even where all draws agree, they do not show at alpha ${alpha} that a class has half of the probability`
            : `where all draws agree, the radius is ${reach.toFixed(3)}: certified accuracy beyond it is 0 for every model`,
        fix: 'take more draws (`n`), a larger sigma, or smaller radii',
      },
    ];
  });
}
