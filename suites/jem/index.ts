import { parseEpsilon } from '../../src/attack.js';
import {
  defineSuite,
  fewExamples,
  fewUsed,
  type Request,
  type SuiteContext,
  withoutLabels,
} from '../../src/suite.js';
import { accuracy, calibration, type OnTest } from './classification.js';
import { detection } from './detection.js';
import type { Compared } from './deviation.js';
import { type JemOptions, jemOptions } from './options.js';
import { columnsTable, comparedMeasures, deviationTable, robustnessFigure } from './panel.js';
import { type Cast, castOf, requestsIn, robustnessRequests, scoredRequests } from './requests.js';
import { comparedAt, type Robustness, robustnessOf } from './robustness.js';
import { type Scored, scoreAll, shown } from './scored.js';
import { robustnessSheet, scoreSheet } from './sheets.js';
import { jemWarnings } from './warnings.js';

const NAME = 'jem';
const SHEETS = { scores: 'jem', robustness: 'jem-robustness' };
/** The radius that the panel shows, of those that were measured the nearest. */
const SHOWN: Readonly<Record<string, string>> = { Linf: '8/255', L2: '1' };

export const jem = defineSuite({
  name: NAME,
  title: 'The JEM protocol',
  description:
    'The evaluation of the JEM paper (Grathwohl et al. 2019) twice: as its public code does it, and as it should be done. The deviation panel says what each convention of that code is worth on this checkpoint: noise on every image, a second noise on interpolations, images skipped that are wrong when clean, the last restart in place of the best, verdicts by a single draw, gradients that pass the sampler as if it were not there.',
  options: jemOptions,
  needs: ['logits', 'logPx', 'inputGradient'],
  measures: ['as-published', 'as-it-should-be', 'deviation'],

  plan(context, options) {
    const cast = castOf(context, options);
    if (!cast) return [];
    const scored = shown(cast).flatMap(({ system, dataset }): Request[] => {
      const { outputs, gradients } = scoredRequests(system, dataset, options, context, cast);
      return gradients && gradients !== outputs ? [outputs, gradients] : [outputs];
    });
    return [...scored, ...attacked(cast, options, context).flatMap(({ wanted }) => requestsIn(wanted))];
  },

  summarise(collected, options, context) {
    const cast = castOf(context, options);
    if (!cast) return { measures: [], notApplicable: withoutLabels(NAME, context) };
    const scored = scoreAll(cast, collected, options, context);
    const robustness = attacked(cast, options, context).flatMap(
      ({ on, wanted }) => robustnessOf(on, wanted, collected) ?? [],
    );
    const all = [
      ...onImages(cast, scored, options, context),
      ...robustness.flatMap((result) => underAttack(result, options, context)),
    ];
    const { test } = cast;
    const norms = [...new Set(robustness.map(({ norm }) => norm))];
    return {
      measures: comparedMeasures(NAME, test.name, all),
      tables: [
        columnsTable(
          'jem-columns',
          'As published, and as it should be',
          all.filter(({ shown }) => shown),
        ),
        deviationTable(
          { id: 'jem-deviations', title: 'Deviation panel: what each convention is worth', folded: false },
          all.filter(({ shown }) => shown),
        ),
        ...(all.some(({ shown }) => !shown)
          ? [
              columnsTable('jem-columns-all', 'Both columns at every radius', robustOnly(all)),
              deviationTable(
                { id: 'jem-deviations-all', title: 'Every convention at every radius', folded: true },
                robustOnly(all),
              ),
            ].map((table) => ({ ...table, folded: true }))
          : []),
      ],
      figures: norms.map((norm) =>
        robustnessFigure(
          `jem-robustness-${norm.toLowerCase()}`,
          norm,
          test.name,
          robustness.filter((result) => result.norm === norm),
          all,
        ),
      ),
      warnings: [
        ...[test, ...cast.oods].flatMap((set) => fewExamples(NAME, set)),
        ...(robustness[0] ? fewUsed(NAME, test, robustness[0].indices.length) : []),
        ...jemWarnings(NAME, cast, robustness, options, all),
      ],
      notApplicable: withoutLabels(NAME, context),
      examples: [
        scoreSheet(SHEETS.scores, scored, options.scores),
        ...(robustness.length > 0 ? [robustnessSheet(SHEETS.robustness, robustness)] : []),
      ],
    };
  },
});

const robustOnly = (all: readonly Compared[]) =>
  all.filter(({ params }) => params.quantity === 'robust-accuracy');

/** Every system that is attacked, in every norm. */
const attacked = (cast: Cast, options: JemOptions, context: SuiteContext) =>
  cast.refined.flatMap((refined) =>
    options.attacks.map((attack) => ({
      on: { system: refined.system, dataset: cast.test, norm: attack.norm },
      wanted: robustnessRequests(refined, cast.test, attack, options, context),
    })),
  );

/** Accuracy, ECE, and AUROCs of every OOD set. */
function onImages(
  cast: Cast,
  scored: readonly Scored[],
  options: JemOptions,
  context: SuiteContext,
): Compared[] {
  const { model, published, trainMode, test, oods, interpolated, ownSize } = cast;
  const settings = { ...options, seed: context.seed, sheet: SHEETS.scores };
  const on = (dataset: typeof test): OnTest | undefined => {
    const of = (system: typeof model | undefined) =>
      scored.find((one) => one.system === system && one.dataset === dataset);
    const [first, second, third] = [of(trainMode), of(published), of(model)];
    if (!second || !third || (trainMode && !first)) return undefined;
    return { ...(first && { trainMode: first }), published: second, model: third };
  };
  const onTest = on(test);
  if (!onTest) return [];
  return [
    accuracy(onTest, settings),
    calibration(onTest, settings),
    ...oods.flatMap((ood) => {
      const here = on(ood);
      if (!here || here.model.indices.length === 0) return [];
      const replaced = [
        {
          name: 'double-noise' as const,
          ...{ of: interpolated?.plain, dataset: interpolated?.published, system: trainMode ?? published },
        },
        { name: 'image-size' as const, ...ownSize },
      ].find((one) => one.of === ood);
      const other =
        replaced &&
        scored.find(({ system, dataset }) => system === replaced.system && dataset === replaced.dataset);
      const instead = replaced && other && { name: replaced.name, other };
      return detection(onTest, { ...here, ...(instead && { instead }) }, options.scores, {
        ...context,
        resamples: options.resamples,
        sheet: SHEETS.scores,
      });
    }),
  ];
}

/** One system in one norm, at every radius. */
function underAttack(result: Robustness, { resamples }: JemOptions, { seed }: SuiteContext): Compared[] {
  const shown = parseEpsilon(SHOWN[result.norm] ?? result.epsilons[0]!).value;
  const far = (text: string) => Math.abs(parseEpsilon(text).value - shown);
  const nearest = result.epsilons.reduce((a, b) => (far(b) < far(a) ? b : a));
  return result.epsilons.map((text, k) => ({
    ...comparedAt(result, k, { sheet: SHEETS.robustness, resamples, seed }),
    shown: text === nearest,
  }));
}
