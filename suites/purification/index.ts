import { parseEpsilon } from '../../src/attack.js';
import {
  type DatasetInfo,
  defineSuite,
  fewUsed,
  labelledTestSets,
  type NotApplicable,
  type SuiteContext,
  type SystemInfo,
  type Warning,
  withoutLabels,
} from '../../src/suite.js';
import { diagnosticsSheet } from './diagnostics.js';
import {
  accuracyFigure,
  attackStepsFigure,
  distanceFigure,
  energyFigure,
  eotFigure,
  gradientFigures,
} from './figures.js';
import { flagsTable, purificationWarnings } from './flag-panel.js';
import { measureNames, purificationMeasures } from './measures.js';
import { type PurificationOptions, purificationOptions } from './options.js';
import { onceOnly, type PurificationRequests, purifierOf, requestsFor } from './requests.js';
import { type PurificationResult, purificationResult } from './result.js';
import { sheet } from './sheet.js';
import { ladderTable, purificationTable, verdictsTable } from './tables.js';

const NAME = 'purification';
const DIAGNOSTICS = `${NAME}-gradients`;

interface Job {
  system: SystemInfo;
  dataset: DatasetInfo;
  wanted: PurificationRequests;
}

function jobs(context: SuiteContext, options: PurificationOptions): Job[] {
  return labelledTestSets(context).flatMap((dataset) =>
    context.systems.flatMap((system) => {
      const purifier = purifierOf(system, context, options);
      return 'by' in purifier
        ? [{ system, dataset, wanted: requestsFor(system, dataset, purifier.by, options, context) }]
        : [];
    }),
  );
}

export const purification = defineSuite({
  name: NAME,
  title: 'Purification',
  description:
    "SGLD purification before classification: images get noise, climb log p(x) of a model for some steps, and the logits of several chains are averaged. Three accuracies belong together: on clean images (what it costs), on adversarial images made against the model without purification (transfer), and under attacks on model and purification together, from straight-through gradients (BPDA) averaged over draws (EOT) upwards. Fresh draws at each attack's image tell what one answer, a vote and repeated submission are worth. Step sizes and noise are in units of the purifying model's own input.",
  options: purificationOptions,
  needs: ['logits', 'inputGradient'],
  measures: measureNames,
  examplesApart: true,

  plan(context, options) {
    return jobs(context, options).flatMap(({ wanted }) => [
      wanted.transfer,
      wanted.clean,
      wanted.transferred,
      ...wanted.transferredDraws,
      ...[...wanted.rungs, ...wanted.sweep].flatMap(({ attack, draws }) =>
        draws ? [attack, draws] : [attack],
      ),
      ...Object.values(wanted.diagnostics ?? {}).flat(),
    ]);
  },

  summarise(collected, options, context) {
    const results = jobs(context, options).flatMap(
      ({ wanted, ...on }) => purificationResult(on, wanted, collected) ?? [],
    );
    const sets = labelledTestSets(context)
      .map((dataset) => ({ dataset, own: results.filter((result) => result.dataset.name === dataset.name) }))
      .filter(({ own }) => own.length > 0);
    return {
      measures: results.flatMap((result) =>
        purificationMeasures({ suite: NAME, sheet: NAME, diagnosticsSheet: DIAGNOSTICS, result, options }),
      ),
      tables: sets.flatMap(({ dataset, own }) => [
        purificationTable(dataset.name, own, caption(options, own)),
        ...[ladderTable(dataset.name, own), verdictsTable(dataset.name, own)].filter(
          (table) => table !== undefined,
        ),
        ...own.map(flagsTable),
      ]),
      figures: sets.flatMap(({ dataset, own }) =>
        [
          ...own.map(accuracyFigure),
          ...own.flatMap((result) => [
            attackStepsFigure(result),
            eotFigure(result),
            ...gradientFigures(result),
          ]),
          energyFigure(dataset.name, own),
          distanceFigure(dataset.name, own, 'L2'),
          distanceFigure(dataset.name, own, 'Linf'),
        ].filter((figure) => figure !== undefined),
      ),
      warnings: [
        ...sets.flatMap(({ dataset, own }) => fewUsed(NAME, dataset, own[0]!.n)),
        ...results.flatMap((result) => purificationWarnings(NAME, result)),
        ...otherUnits(context, options, results),
      ],
      notApplicable: [...withoutLabels(NAME, context), ...unpurified(context, options)],
      examples: [
        ...(results.length > 0 ? [sheet(NAME, results)] : []),
        ...(results.some(({ diagnostics }) => diagnostics.some(({ found }) => found.length > 0))
          ? [diagnosticsSheet(DIAGNOSTICS, results)]
          : []),
      ],
    };
  },
});

function caption(
  { norm, epsilon, attackSteps, ladder }: PurificationOptions,
  results: readonly PurificationResult[],
): string {
  const { rungs } = results[0]!;
  const whole = new Map(rungs.map(({ climb, robust }) => [`${climb.rung.title}: ${climb.label}`, robust.n]));
  const transfer = ladder.includes('transfer') ? [`transferred: PGD-${attackSteps} on the bare model`] : [];
  return `Attacks, ${norm} ${parseEpsilon(epsilon).text}. ${[
    ...transfer,
    ...[...whole].map(([label, n]) => `${label}, n ${n}`),
  ].join('; ')}. ${judgedBy(ladder, results)}${transfer.length + whole.size > 1 ? ` ${LOWEST}` : ''}`;
}

/** What to make of columns that are not in order. */
const LOWEST =
  'Columns go from the attack that knows least to the one that knows most. One that knows more may still break fewer images, where its gradients are noisy or its steps few: quote the lowest column, whichever it is.';

/** By which rule each column counts an image as right: they are not the same. */
function judgedBy(asked: readonly string[], results: readonly PurificationResult[]): string {
  const rungs = results.flatMap((one) => one.rungs.map(({ climb }) => climb.rung));
  const clean = asked.includes('transfer') ? 'Clean and transferred images are' : 'A clean image is';
  const drawn = results.some(({ rungs }) => rungs.some(({ judged }) => judged));
  const rules = [
    `${clean} judged by one draw, the mean logits of its chains`,
    rungs.some((rung) => !rung.fixed) &&
      'an attack on the whole breaks an image when at one of its points the mean logits of the draws per gradient are wrong, and those of the draws to confirm as well',
    rungs.some((rung) => rung.fixed) && 'with a fixed seed all draws are one',
    drawn && 'the table of verdicts judges all attacks alike',
  ];
  return `${rules.filter(Boolean).join('; ')}.`;
}

function unpurified(context: SuiteContext, options: PurificationOptions): NotApplicable[] {
  return context.systems.flatMap((system) => {
    const purifier = purifierOf(system, context, options);
    if ('reason' in purifier) return [{ suite: NAME, model: system.name, reason: purifier.reason }];
    const reason = onceOnly(purifier.by, context.systems);
    return reason ? [{ suite: NAME, model: system.name, what: 'full gradient', reason }] : [];
  });
}

/** Presets are figures of papers whose networks take pixels in [-1, 1]. */
function otherUnits(
  { systems }: SuiteContext,
  { preset }: PurificationOptions,
  results: readonly PurificationResult[],
): Warning[] {
  const purifiers = systems.filter(({ name }) => results.some(({ by }) => by === name));
  return purifiers
    .filter(({ inputScale }) => preset !== undefined && inputScale.some((scale) => scale !== 2))
    .map(({ name, inputScale }) => ({
      suite: NAME,
      model: name,
      code: 'preset-units',
      severity: 'note',
      message: `the preset ${preset} is made for an input in [-1, 1]; a pixel's range is ${[...new Set(inputScale)].join(', ')} at the input of "${name}"`,
      why: 'step size and noise are in units of that input: the same figures move pixels by another amount than in the paper',
      fix: 'scale `stepSize` by the square of range / 2, `noise` and `inputNoise` by range / 2',
    }));
}
