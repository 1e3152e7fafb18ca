import { PADDINGS, type Padding } from '../../src/data.js';
import { gridOf, type SpatialParams, type SpatialRows, spatialGrid } from '../../src/measurements.js';
import {
  type DatasetInfo,
  defineSuite,
  fewUsed,
  labelledTestSets,
  oneOf,
  type Request,
  request,
  type SystemInfo,
  singleDraw,
  Type,
  withoutLabels,
} from '../../src/suite.js';
import { SUITE, spatialMeasures } from './measures.js';
import { spatialResult } from './result.js';
import { spatialSheet } from './sheet.js';
import { byAngle, formsBars, spatialTable } from './views.js';

const odd = (usual: number, description: string) =>
  Type.Integer({ minimum: 1, maximum: 361, default: usual, description });

const options = Type.Unsafe<SpatialParams & { examples?: number }>(
  Type.Object(
    {
      degrees: Type.Number({
        minimum: 0,
        maximum: 180,
        default: 30,
        description: 'Images are turned by up to so much, either way.',
      }),
      angles: odd(31, 'Angles of the grid.'),
      shift: Type.Number({
        minimum: 0,
        maximum: 1,
        default: 3 / 32,
        description: 'Images are moved by up to this share of their side, in each direction.',
      }),
      shifts: odd(5, 'Moves of the grid along each of the two directions.'),
      padding: Type.Unsafe<Padding>(
        oneOf(PADDINGS, {
          default: 'black',
          description:
            'What comes in from beyond the border: black, the border itself, or the image mirrored.',
        }),
      ),
      draws: Type.Integer({
        minimum: 1,
        maximum: 1000,
        default: 10,
        description: 'Transformations drawn at random for each image.',
      }),
      whole: Type.Boolean({
        default: false,
        description:
          'Look at every point of the grid for every image, for the mean over the grid and accuracy by angle. Otherwise an image is done with when it is mistaken.',
      }),
      examples: Type.Optional(
        Type.Integer({ minimum: 1, description: 'Only the first n images. Default: all.' }),
      ),
    },
    { additionalProperties: false },
  ),
);

export const spatial = defineSuite({
  name: SUITE,
  title: 'Spatial robustness',
  description:
    'Whether the model still knows an image that is turned and moved a little (Engstrom et al. 2019). Every rotation of a grid is combined with every translation: an image counts as robust when it is right under all of them. Gradients find such transformations badly, which is why all are tried. Beside the worst there is what a transformation at random does. Images are interpolated between pixels, and something has to come in from beyond the border: both change an image too.',
  options,
  needs: ['logits'],
  measures: [
    'unmoved-accuracy',
    'spatial-accuracy',
    'random-spatial-accuracy',
    'worst-random-spatial-accuracy',
    'mean-spatial-accuracy',
    'angle-accuracy',
  ],
  examplesApart: true,

  plan(context, settings) {
    return context.systems.flatMap((system) =>
      labelledTestSets(context).map((dataset) => requestFor(system, dataset, settings)),
    );
  },

  summarise(collected, settings, context) {
    const sets = labelledTestSets(context).map((dataset) => ({
      dataset,
      results: context.systems.flatMap((system) => {
        const rows = collected.get(requestFor(system, dataset, settings));
        return rows ? [spatialResult(system, dataset, rows, settings)] : [];
      }),
    }));
    const measured = sets.filter(({ results }) => results.length > 0);
    const all = measured.flatMap(({ results }) => results);
    return {
      measures: all.flatMap((result) => spatialMeasures(result, settings)),
      tables: measured.map(({ dataset, results }) => spatialTable(dataset, results, settings)),
      figures: measured.flatMap(({ dataset, results }) => [
        formsBars(dataset, results, settings),
        ...byAngle(dataset, results),
      ]),
      warnings: measured.flatMap(({ dataset, results }) => [
        ...fewUsed(SUITE, dataset, results[0].n),
        ...results.flatMap(({ system }) => singleDraw(SUITE, system)),
      ]),
      notApplicable: withoutLabels(SUITE, context),
      examples: all.length > 0 ? [spatialSheet(all, gridOf(settings))] : [],
    };
  },
});

function requestFor(
  { name: system }: SystemInfo,
  { name: dataset }: DatasetInfo,
  { examples, ...params }: SpatialParams & { examples?: number },
): Request<SpatialRows> {
  return request({ measurement: spatialGrid, system, dataset, params, ...(examples && { first: examples }) });
}
