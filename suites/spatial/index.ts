import { gridOf, type SpatialRows, spatialGrid } from '../../src/measurements.js';
import {
  type DatasetInfo,
  defineSuite,
  fewUsed,
  labelledTestSets,
  type Request,
  request,
  type SystemInfo,
  singleDraw,
  withoutLabels,
} from '../../src/suite.js';
import { SUITE, spatialMeasures } from './measures.js';
import { type SpatialOptions, settled, spatialOptions } from './options.js';
import { spatialResult } from './result.js';
import { spatialSheet } from './sheet.js';
import { byAngle, formsBars, spatialTable } from './views.js';

export const spatial = defineSuite({
  name: SUITE,
  title: 'Spatial robustness',
  description:
    'Whether the model still knows an image that is turned and moved a little (Engstrom et al. 2019). Every rotation of a grid is combined with every translation: an image counts as robust when it is right under all of them. Gradients find such transformations badly, which is why all are tried. Beside the worst there is what a transformation at random does. Images are interpolated between pixels, and something has to come in from beyond the border: both change an image too.',
  options: spatialOptions,
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

  plan(context, options) {
    const settings = settled(options);
    return context.systems.flatMap((system) =>
      labelledTestSets(context).map((dataset) => requestFor(system, dataset, settings)),
    );
  },

  summarise(collected, options, context) {
    const settings = settled(options);
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
        ...fewUsed(SUITE, dataset, results[0]!.n),
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
  { examples, ...params }: SpatialOptions,
): Request<SpatialRows> {
  return request({ measurement: spatialGrid, system, dataset, params, ...(examples && { first: examples }) });
}
