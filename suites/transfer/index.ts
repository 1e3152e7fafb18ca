import {
  defineSuite,
  fewUsed,
  identifier,
  labelledTestSets,
  type NotApplicable,
  type SuiteContext,
  withoutLabels,
} from '../../src/suite.js';
import { transferMeasures } from './measures.js';
import { plannedAt, type TransferOptions, transferOptions } from './options.js';
import { isSource, misfit, requestsFor } from './requests.js';
import { transferResult } from './result.js';
import { sheet } from './sheet.js';
import { accuracyMatrix, rateMatrix } from './tables.js';
import { transferWarnings } from './warnings.js';

const NAME = 'transfer';

export const transfer = defineSuite({
  name: NAME,
  title: 'Black-box transfer',
  description:
    'Adversarial images made for one system and shown to every other: what an attacker achieves who cannot see the system but has one like it. Each system with gradients is attacked in white box at one radius. Every system classifies the images, stochastic ones and those without gradients too. It is shown the strongest image, not the first misclassified one, which lies just across one boundary and fools few others. Transfer says little about robustness against an attacker who knows the system; but where transferred images fool a system more often than images made for it, the attack on it has failed.',
  options: transferOptions,
  needs: ['logits'],
  measures: ['black-box-accuracy', 'worst-case-accuracy', 'transfer-accuracy', 'transfer-rate'],
  examplesApart: true,

  plan(context, options) {
    return labelledTestSets(context).flatMap((dataset) => {
      const { sources, targets, pairs } = requestsFor(context, dataset, options);
      return [
        ...sources.map(({ attacked }) => attacked),
        ...targets.map(({ clean }) => clean),
        ...pairs.map(({ shown }) => shown),
      ];
    });
  },

  summarise(collected, options, context) {
    const results = labelledTestSets(context).flatMap(
      (dataset) => transferResult(dataset, requestsFor(context, dataset, options), collected) ?? [],
    );
    const id = idOf(context, options);
    return {
      measures: results.flatMap((result) => transferMeasures(NAME, id, result)),
      tables: results.flatMap((result) => [accuracyMatrix(id, result), ...rateMatrix(id, result)]),
      warnings: results.flatMap((result) => [
        ...fewUsed(NAME, result.dataset, result.n),
        ...transferWarnings(NAME, result),
      ]),
      notApplicable: [...withoutLabels(NAME, context), ...unfit(context)],
      examples: results.length > 0 ? [sheet(id, results)] : [],
      arrays: results.flatMap(({ dataset, sources }) =>
        sources.map(({ system, attacked }) => ({
          name: `${id}-${dataset.name}-${system.name}`,
          array: attacked.rows.pixels,
        })),
      ),
    };
  },
});

/** Tells several attacks of one run apart: `transfer-pgd-40-linf-8-255`. */
function idOf({ systems, catalogue }: SuiteContext, options: TransferOptions): string {
  const source = systems.find(isSource);
  if (!source) return NAME;
  const { label, params } = plannedAt(options, source, catalogue);
  return identifier(NAME, label, params.norm, ...params.epsilons);
}

/** Systems that there are no images for, or not all. */
function unfit({ systems }: SuiteContext): NotApplicable[] {
  const sources = systems.filter(isSource);
  if (sources.length === 0) {
    const reason = 'no system of the run has input gradients to make adversarial images with';
    return systems.map(({ name }) => ({ suite: NAME, model: name, reason }));
  }
  return systems.flatMap((target) =>
    sources.flatMap((source) => {
      const reason = misfit(source, target);
      return reason
        ? [{ suite: NAME, model: target.name, what: `images made for "${source.name}"`, reason }]
        : [];
    }),
  );
}
