import type { Epsilon } from '../../src/attack.js';
import { largestRadius, largestSequentialRadius } from '../../src/metrics.js';
import {
  defineSuite,
  fewUsed,
  labelledTestSets,
  type SuiteContext,
  type Warning,
  withoutLabels,
} from '../../src/suite.js';
import { SUITE, smoothingMeasures } from './measures.js';
import { countsRequest, radiiOf, type SmoothingOptions, sigmasOf, smoothingOptions } from './options.js';
import { smoothedResult } from './result.js';
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
    'average-certified-radius',
    'smoothed-accuracy',
    'abstention-share',
    'draws-per-image',
  ],
  examplesApart: true,

  plan(context, options) {
    return withImages(context).flatMap((system) =>
      labelledTestSets(context).flatMap((dataset) =>
        sigmasOf(options).map((sigma) => countsRequest(system, dataset, sigma, options)),
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
          return rows
            ? [
                smoothedResult({ system, dataset, sigma }, rows, {
                  alpha,
                  radii,
                  anytime: stop !== undefined,
                }),
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
      figures: measured.flatMap(({ dataset, results }) => smoothingCurves(dataset, results, options)),
      warnings: [
        ...measured.flatMap(({ dataset, results }) => fewUsed(SUITE, dataset, results[0]!.images.length)),
        ...(all.length > 0 ? outOfReach(sigmas, radii, options) : []),
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
      ],
      examples: all.length > 0 ? [smoothingSheet(all, radii)] : [],
    };
  },
});

/** Systems that take images. */
const withImages = ({ systems }: Pick<SuiteContext, 'systems'>) =>
  systems.filter(({ input }) => input !== 'predictions');

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
