import { parseEpsilon } from '../../src/attack.js';
import { type LipschitzRows, localLipschitz } from '../../src/measurements.js';
import { type Estimate, meanOf } from '../../src/metrics.js';
import {
  type Collected,
  type CollectedRows,
  cell,
  type DatasetInfo,
  type ExampleSheet,
  type Measure,
  measure,
  type Request,
  request,
  type SystemInfo,
  type Table,
} from '../../src/suite.js';
import { NAME } from './measures.js';
import type { EnergyOptions } from './options.js';
import { untraced } from './traces.js';

const SHEET = 'energy-lipschitz';

/** How steep log p(x) is around images of a data set. */
export interface Steep {
  system: SystemInfo;
  dataset: string;
  collected: Collected<LipschitzRows>;
  bound: Estimate;
  centre: Estimate;
}

/** Undefined where it is not wanted, and for systems without a gradient of their own. */
export function lipschitzRequest(
  system: SystemInfo,
  { name: dataset }: DatasetInfo,
  { lipschitz: { examples, radius, samples, steps } }: EnergyOptions,
): Request<LipschitzRows> | undefined {
  if (examples === 0 || untraced(system)) return undefined;
  const { text } = parseEpsilon(radius, 'lipschitz.radius');
  const params = { radius: text, samples, steps };
  return request({ measurement: localLipschitz, system: system.name, dataset, params, first: examples });
}

export function steepOf(
  system: SystemInfo,
  dataset: DatasetInfo,
  options: EnergyOptions,
  collected: CollectedRows,
): Steep[] {
  const request = lipschitzRequest(system, dataset, options);
  const constants = request && collected.get(request);
  if (!constants) return [];
  const meanFor = (name: 'bound' | 'centre') => meanOf(Float64Array.from(constants.rows[name].data));
  return [
    {
      system,
      dataset: dataset.name,
      collected: constants,
      bound: meanFor('bound'),
      centre: meanFor('centre'),
    },
  ];
}

export function lipschitzMeasures(
  { system, dataset, bound }: Steep,
  { lipschitz: { samples, steps, radius } }: EnergyOptions,
): Measure[] {
  const { text } = parseEpsilon(radius, 'lipschitz.radius');
  return [
    measure(
      {
        suite: NAME,
        measure: 'local-lipschitz',
        title: `Mean steepness of log p(x) within L2 ${text}, a lower bound`,
        model: system.name,
        dataset,
        params: { radius: text, samples, steps, examples: bound.n },
        better: 'none',
        format: 'number',
        rows: {
          sheet: SHEET,
          where: { model: system.name, dataset },
          statistic: 'mean',
          columns: { value: 'bound' },
        },
      },
      bound,
    ),
  ];
}

export function lipschitzSheet(all: readonly Steep[]): ExampleSheet {
  return {
    name: SHEET,
    columns: ['model', 'dataset', 'index', 'bound', 'centre'],
    rows: all.flatMap(({ system, dataset, collected: { indices, rows } }) =>
      Array.from(indices, (index, i) => [
        system.name,
        dataset,
        index,
        rows.bound.data[i]!,
        rows.centre.data[i]!,
      ]),
    ),
  };
}

export function lipschitzTable(
  all: readonly Steep[],
  { lipschitz: { samples, steps, radius } }: EnergyOptions,
): Table {
  return {
    id: 'lipschitz',
    title: 'Steepness of log p(x) around images',
    caption: `The steepest of ${samples} points drawn from the L2 ball of radius ${parseEpsilon(radius).text} (in pixels) and of ${steps} steps of ascent from the best of them, per image, in units of the input of the model itself: a lower bound of the local constant of Lipschitz. Beside it the gradient at the image.`,
    folded: true,
    columns: [
      { key: 'model', title: 'Model', format: 'text' },
      { key: 'dataset', title: 'Data set', format: 'text' },
      { key: 'n', title: 'n', format: 'text' },
      { key: 'bound', title: 'Steepest', format: 'number' },
      { key: 'centre', title: 'At the image', format: 'number' },
    ],
    rows: all.map(({ system, dataset, bound, centre }) => ({
      model: system.name,
      dataset,
      n: String(bound.n),
      bound: cell(bound),
      centre: cell(centre),
    })),
  };
}
