import { parseEpsilon } from '../../src/attack.js';
import {
  type DatasetInfo,
  defineSuite,
  fewUsed,
  labelledTestSets,
  type NotApplicable,
  type SuiteContext,
  type SystemInfo,
  withoutLabels,
} from '../../src/suite.js';
import { accuracyFigure, energyFigure, purificationTable } from './figures.js';
import { purificationMeasures } from './measures.js';
import { type PurificationOptions, purificationOptions } from './options.js';
import { type PurificationRequests, purifierOf, requestsFor } from './requests.js';
import { purificationResult } from './result.js';
import { sheet } from './sheet.js';
import { purificationWarnings } from './warnings.js';

const NAME = 'purification';

interface Job {
  system: SystemInfo;
  dataset: DatasetInfo;
  wanted: PurificationRequests;
}

function jobs(context: SuiteContext, options: PurificationOptions): Job[] {
  return labelledTestSets(context).flatMap((dataset) =>
    context.systems.flatMap((system) => {
      const purifier = purifierOf(system, context.systems, options);
      return 'by' in purifier
        ? [{ system, dataset, wanted: requestsFor(system, dataset, purifier.by, options, context.catalogue) }]
        : [];
    }),
  );
}

export const purification = defineSuite({
  name: NAME,
  title: 'Purification',
  description:
    "SGLD purification before classification: images get noise, climb log p(x) of a model for some steps, and the logits of several chains are averaged. Three accuracies belong together: on clean images (what it costs), on adversarial images made against the model without purification (transfer), and under an attack on model and purification together, with straight-through gradients (BPDA) averaged over draws (EOT). Step sizes and noise are in units of the purifying model's own input.",
  options: purificationOptions,
  needs: ['logits', 'inputGradient'],
  measures: [
    'purified-accuracy',
    'transfer-accuracy',
    'adaptive-robust-accuracy',
    'log-px-change',
    'log-px-change-attacked',
  ],

  plan(context, options) {
    return jobs(context, options).flatMap(({ wanted }) => [
      wanted.transfer,
      wanted.clean,
      wanted.transferred,
      ...wanted.adaptive,
    ]);
  },

  summarise(collected, options, context) {
    const results = jobs(context, options).flatMap(
      ({ wanted, ...on }) => purificationResult(on, wanted, collected) ?? [],
    );
    const sets = labelledTestSets(context)
      .map((dataset) => ({ dataset, own: results.filter((result) => result.dataset.name === dataset.name) }))
      .filter(({ own }) => own.length > 0);
    const attack = attackLine(options);
    return {
      measures: results.flatMap((result) => purificationMeasures(NAME, NAME, result, options)),
      tables: sets.map(({ dataset, own }) => purificationTable(dataset.name, own, attack)),
      figures: sets.flatMap(({ dataset, own }) => [
        ...own.map(accuracyFigure),
        energyFigure(dataset.name, own),
      ]),
      warnings: [
        ...sets.flatMap(({ dataset, own }) => fewUsed(NAME, dataset, own[0].n)),
        ...results.flatMap((result) => purificationWarnings(NAME, result)),
      ],
      notApplicable: [...withoutLabels(NAME, context), ...unpurified(context, options)],
      examples: results.length > 0 ? [sheet(NAME, results)] : [],
    };
  },
});

const attackLine = ({ norm, epsilon, attackSteps, adaptive }: PurificationOptions) =>
  `${norm} ${parseEpsilon(epsilon).text}, PGD-${attackSteps} for transfer` +
  (adaptive.steps > 0
    ? `, PGD-${adaptive.steps} with ${adaptive.eot} draws per gradient and ${adaptive.confirm} to confirm on the whole`
    : '');

function unpurified(context: SuiteContext, options: PurificationOptions): NotApplicable[] {
  return context.systems.flatMap((system) => {
    const purifier = purifierOf(system, context.systems, options);
    return 'reason' in purifier ? [{ suite: NAME, model: system.name, reason: purifier.reason }] : [];
  });
}
