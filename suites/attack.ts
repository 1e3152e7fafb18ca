import type { DatasetInfo } from '../src/data/dataset.js';
import type { SystemInfo } from '../src/models/system.js';
import { fewUsed, labelledTestSets, singleDraw, withoutLabels } from '../src/suites/caveats.js';
import { type Collected, defineSuite, type Request, request } from '../src/suites/contract.js';
import { type AttackParams, attackRequest, campaignOf } from '../src/suites/measurements/attack.js';
import { clean } from '../src/suites/measurements/clean.js';
import { pixels } from '../src/suites/measurements/pixels.js';
import { verifyRequest } from '../src/suites/measurements/verify.js';
import { curve, grid } from './attack/figures.js';
import { attackMeasures, attackTable } from './attack/measures.js';
import { AttackOptions, attackParams, checkParams, HUGE_RADIUS_EXAMPLES } from './attack/options.js';
import { attackResult, findRequest, labelOf } from './attack/result.js';
import { sheet } from './attack/sheet.js';
import { attackWarnings } from './attack/warnings.js';

const NAME = 'attack';

/** Examples among which those for the picture grid are looked for. */
const THUMBNAILS = 64;

/** What is asked of one system on one data set. */
interface Asked {
  params: AttackParams;
  main: Request<never>;
  verified: Request<never>;
  clean: Request<never>;
  oneStep?: Request<never>;
  hugeRadius?: Request<never>;
}

function asked(system: SystemInfo, dataset: DatasetInfo, options: AttackOptions): Asked {
  const params = attackParams(options, system);
  const { examples } = options;
  const main = attackRequest(system.name, dataset.name, params, examples);
  const checks = options.checks ? checkParams(params) : null;
  const on = { system: system.name, dataset: dataset.name, ...(examples && { first: examples }) };
  return {
    params,
    main,
    verified: verifyRequest(main, params),
    clean: request({ measurement: clean, params: {}, ...on }),
    ...(checks && { oneStep: attackRequest(system.name, dataset.name, checks.oneStep, examples) }),
    ...(checks?.hugeRadius && {
      hugeRadius: attackRequest(
        system.name,
        dataset.name,
        checks.hugeRadius,
        Math.min(examples ?? HUGE_RADIUS_EXAMPLES, HUGE_RADIUS_EXAMPLES),
      ),
    }),
  };
}

const thumbnails = (system: SystemInfo, dataset: DatasetInfo) =>
  request({ measurement: pixels, system: system.name, dataset: dataset.name, params: {}, first: THUMBNAILS });

export const attack = defineSuite({
  name: NAME,
  title: 'Adversarial robustness',
  description:
    'Robust accuracy: the share of all examples that are classified correctly and for which the attack found no misclassified image within the radius. Radii are swept upwards; an example broken at one radius counts as broken at all larger ones. It is an upper bound: a stronger attack can only lower it. Every adversarial example is checked again, in a fresh pass, from what was stored.',
  options: AttackOptions,
  needs: ['logits', 'inputGradient'],

  plan(context, options) {
    return labelledTestSets(context).flatMap((dataset) => [
      ...context.systems.flatMap((system) => {
        const { main, verified, clean, oneStep, hugeRadius } = asked(system, dataset, options);
        return [clean, main, verified, ...[oneStep, hugeRadius].filter((r) => r !== undefined)];
      }),
      ...context.systems.slice(0, options.pictures > 0 ? 1 : 0).map((system) => thumbnails(system, dataset)),
    ]);
  },

  summarise(collected, options, context) {
    const rowsOf = (wanted: Request<never> | undefined): Collected | undefined =>
      wanted && findRequest(collected, wanted);
    const sets = labelledTestSets(context).map((dataset) => ({
      dataset,
      pictures: collected.find(
        ({ request }) => request.measurement.name === pixels.name && request.dataset === dataset.name,
      ),
      found: context.systems.flatMap((system) => {
        const wanted = asked(system, dataset, options);
        const main = rowsOf(wanted.main);
        if (!main) return [];
        const on = { system, dataset, params: wanted.params };
        return [{ wanted, result: attackResult(on, main, rowsOf(wanted.verified)) }];
      }),
    }));
    const all = sets.flatMap(({ found }) => found);
    const id = idOf(options, context.systems[0]);
    return {
      measures: all.flatMap(({ result }) => attackMeasures(NAME, result)),
      tables: sets
        .filter(({ found }) => found.length > 0)
        .map(({ dataset, found }) =>
          attackTable(`${id}-${dataset.name}`, heading(found[0].result), results(found)),
        ),
      figures: sets
        .filter(({ found }) => found.length > 0)
        .flatMap(({ dataset, found, pictures }) => [
          curve(`${id}-curve-${dataset.name}`, heading(found[0].result), results(found)),
          ...found.flatMap(({ result }) =>
            grid(`${id}-images-${dataset.name}-${result.system.name}`, result, pictures, options.pictures),
          ),
        ]),
      warnings: [
        ...sets.flatMap(({ dataset, found }) =>
          found.length > 0 ? fewUsed(NAME, dataset, found[0].result.n) : [],
        ),
        ...[...new Set(all.map(({ result }) => result.system))].flatMap((system) => singleDraw(NAME, system)),
        ...all.flatMap(({ result, wanted }) =>
          attackWarnings(NAME, result, {
            oneStep: rowsOf(wanted.oneStep),
            hugeRadius: rowsOf(wanted.hugeRadius),
          }),
        ),
      ],
      notApplicable: withoutLabels(NAME, context),
      examples:
        all.length > 0
          ? [
              sheet(
                id,
                all.map(({ result, wanted }) => ({ result, clean: rowsOf(wanted.clean) })),
              ),
            ]
          : [],
    };
  },
});

const results = <T>(found: readonly { result: T }[]): T[] => found.map(({ result }) => result);

const heading = ({ label, params, dataset }: ReturnType<typeof attackResult>) =>
  `${label} ${params.norm} on ${dataset.name}`;

/** Tells several attacks of one run apart: `attack-pgd-40-linf`. */
function idOf(options: AttackOptions, system: SystemInfo | undefined): string {
  if (!system) return NAME;
  const params = attackParams(options, system);
  const label = labelOf(params, campaignOf(params));
  return `${NAME}-${label}-${params.norm}`
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/-$/, '');
}
