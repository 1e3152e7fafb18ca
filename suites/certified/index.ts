import {
  attackRequest,
  type BoundsLookRows,
  boundsLookRequest,
  certifiedRequest,
  LOOK,
  LOOKED_AT,
} from '../../src/measurements.js';
import {
  type DatasetInfo,
  defineSuite,
  fewUsed,
  labelledTestSets,
  type SuiteContext,
  type SystemInfo,
  type Warning,
  withoutLabels,
} from '../../src/suite.js';
import { attackOf, type CertifiedOptions, certifiedOptions, radiiOf } from './options.js';
import { type CertifiedResult, certifiedResult, tightened } from './result.js';
import { certifiedCurves, certifiedMeasures, certifiedSheet, certifiedTable, SUITE } from './views.js';

export const certified = defineSuite({
  name: SUITE,
  title: 'Certified robustness',
  description:
    'How much of robust accuracy can be proved. An attack that finds nothing proves nothing; a lower bound of the margin over the whole ball does. Both stand side by side: robust accuracy lies between the share of images that are proved and the share that was not broken. Bounds are of the network as it is, rounding included. A network that was not trained for it often has none, which says nothing against it.',
  options: certifiedOptions,
  needs: ['logits', 'marginBounds'],
  measures: ['certified-accuracy', 'attacked-accuracy', 'undecided-share'],
  examplesApart: true,

  plan(context, options) {
    return context.systems.flatMap((system) =>
      labelledTestSets(context).flatMap((dataset) => {
        const { bounds, attacked } = requestsFor(system, dataset, options, context);
        return [
          ...bounds.flatMap(({ look, request }) => [look, request]),
          ...(attacked ? [attacked.request] : []),
        ];
      }),
    );
  },

  summarise(collected, options, context) {
    const sets = labelledTestSets(context).map((dataset) => ({
      dataset,
      results: context.systems.flatMap((system) => {
        const { bounds, attacked } = requestsFor(system, dataset, options, context);
        const found = attacked && collected.get(attacked.request);
        return options.methods.flatMap((method) => {
          const own = bounds.flatMap(({ request, look, ...about }) => {
            const rows = about.method === method ? collected.get(request) : undefined;
            return rows ? [{ ...about, rows, look: collected.get(look)?.rows }] : [];
          });
          const margins = tightened(own.map(({ rows }) => rows));
          return own.map(({ epsilon, rows, look }, i) => {
            const radius = attacked?.radii.indexOf(epsilon) ?? -1;
            return certifiedResult(
              { system, dataset, method, norm: options.norm, epsilon, look, margin: margins[i]! },
              rows,
              found && radius >= 0 ? { rows: found, radius } : undefined,
            );
          });
        });
      }),
    }));
    const measured = sets.filter(({ results }) => results.length > 0);
    const all = measured.flatMap(({ results }) => results);
    const label = (system: SystemInfo) => attackOf(options, system, context.catalogue).label;
    const radii = radiiOf(options, context.catalogue);
    const isHeadline = ({ method, epsilon }: CertifiedResult) =>
      method === options.methods.at(-1) && epsilon === radii[Math.floor((radii.length - 1) / 2)];
    return {
      measures: all.flatMap((result) => certifiedMeasures(result, label(result.system), isHeadline(result))),
      tables: measured.map(({ dataset, results }) =>
        certifiedTable(dataset, results, label(results[0]!.system)),
      ),
      figures: measured.flatMap(({ dataset, results }) => certifiedCurves(dataset, results)),
      warnings: measured.flatMap(({ dataset, results }) => [
        ...fewUsed(SUITE, dataset, results[0]!.indices.length),
        ...nothingProved(dataset, results),
      ]),
      notApplicable: withoutLabels(SUITE, context),
      examples: all.length > 0 ? [certifiedSheet(all)] : [],
    };
  },
});

function requestsFor(
  system: SystemInfo,
  dataset: DatasetInfo,
  options: CertifiedOptions,
  { catalogue }: Pick<SuiteContext, 'catalogue'>,
) {
  const { norm, methods, iterations, examples } = options;
  const radii = radiiOf(options, catalogue);
  const smallest = radii[0]!;
  const bounds = methods.flatMap((method) => {
    const look = boundsLookRequest(system.name, dataset.name, { method, norm, epsilon: smallest });
    return radii.map((epsilon) => ({
      method,
      epsilon,
      look,
      request: certifiedRequest(
        system.name,
        dataset.name,
        { method, norm, epsilon, smallest, ...(method === 'alpha-crown' && { iterations }) },
        examples,
      ),
    }));
  });
  if (!system.offers.includes('inputGradient')) return { bounds };
  const { params } = attackOf(options, system, catalogue);
  const request = attackRequest(system.name, dataset.name, params, examples);
  return { bounds, attacked: { request, radii: params.epsilons } };
}

/** Models of which nothing is proved at any radius; and those of which that was plain after the first images. */
function nothingProved(dataset: DatasetInfo, results: readonly CertifiedResult[]): Warning[] {
  const models = [...new Set(results.map(({ system }) => system.name))];
  return models.flatMap((model): Warning[] => {
    const own = results.filter(({ system }) => system.name === model);
    if (own.some(({ lower }) => lower.value > 0)) return [];
    const looks = own.flatMap(({ method, look }) => (look && isHopeless(look) ? [{ method, look }] : []));
    const about = {
      code: 'nothing-certified',
      severity: 'note',
      suite: SUITE,
      model,
      dataset: dataset.name,
    } as const;
    if (looks.length < own.length)
      return [
        {
          ...about,
          message: `nothing is proved of "${model}" at any of these radii`,
          why: 'these bounds grow with depth and width: that they prove nothing does not say that the network is not robust',
          fix: 'try a smaller radius or `methods: [crown]`; networks that are trained with bounds can be proved, and the suite `smoothing` certifies any network behind noise',
        },
      ];
    const { norm } = own[0]!;
    const { fall, margin, taken } = looks[0]!.look;
    return [
      {
        ...about,
        message: `nothing can be proved of "${model}" by ${[...new Set(looks.map(({ method }) => method))].join(', ')}: bounds were stopped after the first ${LOOKED_AT} images`,
        why: `on the ${taken.data[0]} of them that are right, bounds at ${norm} ${own[0]!.epsilon} lie at least ${fall.data[0]!.toPrecision(2)} below the margin, the largest of which is ${margin.data[0]!.toPrecision(2)}: bounds grow with depth and width, which says nothing against the network`,
        fix: 'leave it out of `certified`; the suite `smoothing` certifies networks of any size, behind noise',
      },
    ];
  });
}

const isHopeless = ({ outcome }: BoundsLookRows) => outcome.data[0] === LOOK.hopeless;
