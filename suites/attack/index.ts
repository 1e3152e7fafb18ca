import { attackPasses, resolveAttack } from '../../src/attack.js';
import { pixels } from '../../src/measurements.js';
import {
  defineSuite,
  fewUsed,
  identifier,
  labelledTestSets,
  type Request,
  type Rows,
  type SuiteContext,
  type SystemInfo,
  singleDraw,
  withoutLabels,
} from '../../src/suite.js';
import { distanceCurve, distanceMeasures, distanceTable } from './distances.js';
import { curve, grid } from './figures.js';
import { attackMeasures, attackTable, breakdownTable } from './measures.js';
import { attackNotes } from './notes.js';
import { type AttackOptions, attackOptions } from './options.js';
import { proofMeasures, proofNotes, proofTable } from './proof-views.js';
import { proofsOf, refuseBroken } from './proofs.js';
import { cleanImages, requestsFor, requestsIn } from './requests.js';
import { type AttackResult, attackResult } from './result.js';
import { sheet } from './sheet.js';
import { flagMeasures, flagWarnings, runChecks, validityPanel } from './validity.js';

const NAME = 'attack';

export const attack = defineSuite({
  name: NAME,
  title: 'Adversarial robustness',
  description:
    'Robust accuracy: the share of all examples that are classified correctly and for which the attack found no misclassified image within the radius. Radii are swept upwards; an example broken at one radius counts as broken at all larger ones. It is an upper bound: a stronger attack can only lower it. Every adversarial example is checked again, in a fresh pass, from what was stored.',
  options: attackOptions,
  needs: ['logits', 'inputGradient'],
  measures: [
    'robust-accuracy',
    'broken-first',
    'verification-disagreements',
    'survives-8-bit',
    'zero-gradient',
    'gradient-passes',
    'forward-passes',
    'naive-gradient-passes',
    'naive-forward-passes',
    'validity-flag',
    'validity-flags-raised',
    'distance-quartile-1',
    'median-distance',
    'distance-quartile-3',
    'adversarial-found',
    'certified-accuracy',
    'attack-passes-saved',
    'bound-gradient-passes',
    'bound-forward-passes',
  ],
  examplesApart: true,

  plan(context, options) {
    return labelledTestSets(context).flatMap((dataset) => [
      ...context.systems.flatMap((system) =>
        requestsIn(requestsFor(system, dataset, options, context.catalogue)),
      ),
      ...context.systems
        .slice(0, options.pictures > 0 ? 1 : 0)
        .map((system) => cleanImages(system, dataset, options)),
    ]);
  },

  summarise(collected, options, context) {
    const rowsOf = <R extends Rows>(request: Request<R> | undefined) => request && collected.get(request);
    const sets = labelledTestSets(context).map((dataset) => ({
      dataset,
      pictures: collected.all(pixels).find(({ request }) => request.dataset === dataset.name),
      found: context.systems.flatMap((system) => {
        const requests = requestsFor(system, dataset, options, context.catalogue);
        const main = rowsOf(requests.main);
        if (!main) return [];
        const on = { system, dataset, planned: requests.planned };
        const checks = {
          oneStep: rowsOf(requests.oneStep),
          byRadius: requests.byRadius.flatMap((one) => rowsOf(one) ?? []),
          hugeRadius: rowsOf(requests.hugeRadius),
        };
        const [proved, look] = [rowsOf(requests.bounds?.proved), rowsOf(requests.bounds?.look)];
        const { params } = requests.planned;
        const proofs =
          proved && look
            ? proofsOf(params, main, proved, look, {
                calls: callsAt(params, system, context),
                seed: context.seed,
              })
            : undefined;
        if (proofs && proved) {
          const { oneStep, byRadius, hugeRadius } = checks;
          const attacks = [main, oneStep, ...byRadius, hugeRadius].filter((rows) => rows !== undefined);
          refuseBroken({ system, dataset, params }, proofs, proved, attacks);
        }
        const result = attackResult(on, main, rowsOf(requests.verified), proofs, context.catalogue);
        const cleanRows = rowsOf(requests.clean);
        const looked = runChecks(result, {
          ...checks,
          repeated: rowsOf(requests.repeated),
          clean: cleanRows,
        });
        return [{ result, looked, clean: cleanRows }];
      }),
    }));
    const all = sets.flatMap(({ found }) => found);
    const id = idOf(options, context);
    const filled = sets
      .filter(({ found }) => found.length > 0)
      .map((set) => ({ ...set, on: results(set.found), title: heading(set.found[0]!.result) }));
    return {
      measures: all.flatMap(({ result, looked }) => [
        ...attackMeasures(NAME, id, result),
        ...distanceMeasures(NAME, id, result),
        ...proofMeasures(NAME, id, result),
        ...flagMeasures(NAME, result, looked),
      ]),
      tables: filled.flatMap(({ dataset, found, on, title }) => [
        attackTable(`${id}-${dataset.name}`, title, on),
        ...proofTable(`${id}-proved-${dataset.name}`, title, on),
        ...breakdownTable(`${id}-by-attack-${dataset.name}`, title, on),
        ...distanceTable(`${id}-distances-${dataset.name}`, title, on),
        validityPanel(`${id}-validity-${dataset.name}`, title, found),
      ]),
      figures: filled.flatMap(({ dataset, on, title, pictures }) => [
        curve(`${id}-curve-${dataset.name}`, title, on),
        ...distanceCurve(`${id}-distance-curve-${dataset.name}`, title, on),
        ...on.flatMap((result) =>
          grid(`${id}-images-${dataset.name}-${result.system.name}`, result, pictures, options.pictures),
        ),
      ]),
      warnings: [
        ...filled.flatMap(({ dataset, on }) => fewUsed(NAME, dataset, on[0]!.n)),
        ...[...new Set(all.map(({ result }) => result.system))].flatMap((system) => singleDraw(NAME, system)),
        ...all.flatMap(({ result, looked }) => [
          ...flagWarnings(NAME, result, looked),
          ...attackNotes(NAME, result, context.catalogue),
          ...proofNotes(NAME, result, options.certify !== undefined),
        ]),
      ],
      notApplicable: withoutLabels(NAME, context),
      examples: all.length > 0 ? [sheet(id, all)] : [],
      arrays: filled.flatMap(({ dataset, on, pictures }) => [
        ...on.map((result) => adversarialImages(id, result)),
        ...labelsOf(`${id}-${dataset.name}-labels`, on[0]!),
        ...(pictures ? [{ name: `${id}-${dataset.name}-clean`, array: pictures.rows.pixels }] : []),
      ]),
    };
  },
});

const results = <T>(all: readonly { result: T }[]): T[] => all.map(({ result }) => result);

/** Calls of the system for one example at one radius, none of its runs ended early: what a proof saves. */
function callsAt(params: AttackResult['params'], system: SystemInfo, { catalogue }: SuiteContext): number {
  const { forward, gradient } = attackPasses(
    { ...params, epsilons: params.epsilons.slice(0, 1) },
    system,
    catalogue,
  );
  return forward + gradient;
}

const heading = ({ label, params, dataset }: AttackResult) => `${label} ${params.norm} on ${dataset.name}`;

/** What the attack stored, (n, C, H, W) in [0, 1]: a row for every row of the sheet of this system and data set. */
const adversarialImages = (id: string, { system, dataset, collected }: AttackResult) => ({
  name: `${id}-${dataset.name}-${system.name}`,
  array: collected.rows.pixels,
});

/** So that the images can be read as a data set. */
const labelsOf = (name: string, { collected: { labels } }: AttackResult) =>
  labels ? [{ name, array: { shape: [labels.length], data: labels } }] : [];

/** Tells several attacks of one run apart: `attack-pgd-40-linf`. */
function idOf(options: AttackOptions, { systems: [system], catalogue }: SuiteContext): string {
  if (!system) return NAME;
  const { label, params } = resolveAttack(options, system, catalogue);
  return identifier(NAME, label, params.norm);
}
