import { energyCaveat, lacksOf, scoresNamed, setWarnings } from '../../src/score.js';
import {
  defineSuite,
  fewUsed,
  identifier,
  labelledTestSets,
  type NotApplicable,
  type SuiteContext,
  type Warning,
} from '../../src/suite.js';
import { evadedCurves, evadedTable, raisedCurves, raisedTables } from './figures.js';
import { evadedMeasures, METRICS, raisedMeasures } from './measures.js';
import { type RobustOodOptions, resolveDetectorAttack, robustOodOptions } from './options.js';
import { evadeRequestsFor, oodSets, raiseRequestsFor, referenceOf, testSets } from './requests.js';
import { type Raised, raisedResults } from './robust-auroc.js';
import { errorSheet, errorSheetName, scoreSheet, scoreSheetName } from './sheets.js';
import { evadedResult } from './undetected-errors.js';
import { evadedWarnings, raisedWarnings } from './warnings.js';

const NAME = 'robust-ood';

export const robustOod = defineSuite({
  name: NAME,
  title: 'Detectors under attack',
  description:
    'Whether a score that separates test images from others still does so when the attacker knows it. OOD images are changed within a ball to look as in-distribution as possible: robust AUROC compares them with clean test images, beside the AUROC of clean OOD images. Test images are changed until they are misclassified while the detector, with the threshold that 95 % of clean images reach, accepts them: undetected errors are what an attacker achieves who must get past both. Robust AUROC is an upper bound and undetected errors a lower one: a stronger attack can only make them worse.',
  options: robustOodOptions,
  needs: ['logits', 'inputGradient'],
  measures: [
    ...METRICS.flatMap(({ id }) => ['', 'mean-'].flatMap((of) => [`${of}clean-${id}`, `${of}robust-${id}`])),
    'undetected-error-rate',
    'plain-error-rate',
    'plain-errors-refused',
    'clean-acceptance',
  ],

  plan(context, options) {
    const raises = raiseRequestsFor(context, options).flatMap(({ cleanId, cleanOod, raised }) => [
      cleanId,
      cleanOod,
      ...raised.flatMap(({ attacked, shown }) => [attacked, shown]),
    ]);
    const evades = evadeRequestsFor(context, options).flatMap((asked) => [
      asked.accepted,
      asked.cleanId,
      asked.clean,
      asked.plain,
      asked.plainShown,
      asked.evaded,
      asked.evadedShown,
    ]);
    return [...raises, ...evades];
  },

  summarise(collected, options, context) {
    const raised = raisedResults(raiseRequestsFor(context, options), collected, {
      ...options,
      seed: context.seed,
      steps: context.steps,
    });
    const evaded = evadeRequestsFor(context, options).flatMap(
      (asked) => evadedResult(asked, collected, context.catalogue) ?? [],
    );
    const headline = options.scores.includes('log-px') ? 'log-px' : options.scores[0];
    const tests = testSets(context);
    const detectors = tests.map((id) => ({ id, groups: detectorsOf(raised, id.name) }));
    const groups = detectors.flatMap((one) => one.groups);
    const prefix = prefixOf(context, options);
    return {
      measures: [
        ...groups.flatMap((group) =>
          raisedMeasures(NAME, scoreSheetName(prefix), group, group[0]!.score.id === headline),
        ),
        ...evaded.flatMap((result) =>
          evadedMeasures(NAME, errorSheetName(prefix), result, result.score.id === headline),
        ),
      ],
      tables: detectors.flatMap(({ id, groups: own }) => [
        ...raisedTables(prefix, id, own),
        ...evadedTable(prefix, id, evaded),
      ]),
      figures: detectors.flatMap(({ id, groups: own }) => [
        ...raisedCurves(prefix, id, own),
        ...evadedCurves(prefix, id, evaded),
      ]),
      warnings: [
        ...(groups.length + evaded.length > 0 ? caveats(context, options) : []),
        ...groups.flatMap((group) => raisedWarnings(NAME, group)),
        ...evaded.flatMap((result) => evadedWarnings(NAME, result)),
      ],
      notApplicable: notApplicable(context, options),
      examples: [...scoreSheet(prefix, raised), ...errorSheet(prefix, evaded)],
    };
  },
});

/** One group for every system and score: its OOD sets. */
function detectorsOf(raised: readonly Raised[], id: string): Raised[][] {
  const groups = new Map<string, Raised[]>();
  for (const one of raised.filter((r) => r.id.name === id)) {
    const key = `${one.system.name}\n${one.score.id}`;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()];
}

/** What is true of the sets and the systems, whatever came of the attacks. */
function caveats(context: SuiteContext, options: RobustOodOptions): Warning[] {
  const tests = testSets(context);
  const oods = oodSets(context);
  const withoutValidation = labelledTestSets(context).filter((id) => referenceOf(context, id) === id);
  return [
    ...energyCaveat(NAME, context.systems, scoresNamed(options.scores, context.catalogue)),
    ...[...tests, ...oods].flatMap((set) => fewUsed(NAME, set, Math.min(set.size, options.examples))),
    ...tests.flatMap((id) => oods.flatMap((set) => setWarnings(NAME, id, set, context.systems))),
    ...withoutValidation.map(
      ({ name }): Warning => ({
        code: 'threshold-on-test-set',
        severity: 'note',
        suite: NAME,
        dataset: name,
        message: `without a validation set, thresholds are those that 95 % of "${name}" itself reach`,
        why: 'a detector in use gets its threshold from other images: here it fits the test set better than it would in use',
        fix: 'add a data set with `role: validation`',
      }),
    ),
  ];
}

/** Tells several attacks of one run apart: `robust-ood-pgd-40-linf`. */
function prefixOf({ systems, catalogue }: SuiteContext, options: RobustOodOptions): string {
  const { label, params } = resolveDetectorAttack(options, systems[0]!, catalogue);
  return identifier(NAME, label, params.norm);
}

/** Scores that a system lacks something for, and halves of the suite that lack a data set. */
function notApplicable(context: SuiteContext, { scores }: RobustOodOptions): NotApplicable[] {
  const absent: Omit<NotApplicable, 'suite' | 'model'>[] = [];
  if (testSets(context).length === 0) absent.push({ reason: 'the run has no data set with `role: test`' });
  else if (labelledTestSets(context).length === 0)
    absent.push({ what: 'undetected errors', reason: 'no test set has labels' });
  if (oodSets(context).length === 0)
    absent.push({ what: 'robust AUROC', reason: 'the run has no data set with `role: ood`' });
  const detectors = scoresNamed(scores, context.catalogue);
  return context.systems.flatMap((system) =>
    [...absent, ...lacksOf(system, detectors, context.datasets)].map((lack) => ({
      suite: NAME,
      model: system.name,
      ...lack,
    })),
  );
}
