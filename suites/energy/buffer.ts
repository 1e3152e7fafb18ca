import { placesOf, type StoredChainRows, storedChains } from '../../src/measurements.js';
import { type Estimate, meanOf, meanOfShares, wilson } from '../../src/metrics.js';
import {
  type BarFigure,
  type CollectedRows,
  cell,
  type ExampleSheet,
  type Measure,
  measure,
  type Request,
  request,
  type SystemInfo,
  type Table,
  type Warning,
} from '../../src/suite.js';
import { NAME } from './measures.js';
import type { EnergyOptions } from './options.js';
import type { Sets } from './sets.js';

const SHEET = 'energy-buffer';
/** A larger share of copies is told. */
const COPIES = 0.01;

/** What is in the replay buffer of a checkpoint. */
export interface Buffer {
  system: SystemInfo;
  dataset: string;
  rows: StoredChainRows;
  stored: number;
  /** Places of which log p(x) was asked, without those for which there is none. */
  asked: Int32Array;
  logPx: Float64Array;
  prediction: Int32Array;
  mean: Estimate;
  saturated: Estimate;
  broken: Estimate;
  copies: Estimate;
}

/** Undefined for a checkpoint without a buffer, and where it is not wanted. Rows hang on a data set: the reference. */
export function bufferRequest(
  { name: system, storedChains: stored = 0 }: SystemInfo,
  { reference }: Sets,
  { buffer: images }: EnergyOptions,
): Request<StoredChainRows> | undefined {
  if (stored === 0 || images === 0) return undefined;
  return request({ measurement: storedChains, system, dataset: reference.name, params: { images } });
}

export function bufferOf(
  system: SystemInfo,
  sets: Sets,
  options: EnergyOptions,
  collected: CollectedRows,
): Buffer[] {
  const request = bufferRequest(system, sets, options);
  const chains = request && collected.get(request);
  if (!chains) return [];
  const { rows } = chains;
  const stored = system.storedChains ?? 0;
  const places = placesOf(stored, options.buffer);
  const known = Int32Array.from(places.keys()).filter((i) => Number.isFinite(rows.logPx.data[i]!));
  const logPx = Float64Array.from(known, (i) => rows.logPx.data[i]!);
  const count = (of: ArrayLike<number>, test: (x: number) => boolean) => Array.from(of).filter(test).length;
  return [
    {
      system,
      dataset: sets.reference.name,
      rows,
      stored,
      asked: Int32Array.from(known, (i) => places[i]!),
      logPx,
      prediction: Int32Array.from(known, (i) => rows.prediction.data[i]!),
      mean: meanOf(logPx),
      saturated: meanOfShares(Float64Array.from(rows.saturated.data)),
      broken: wilson(
        count(rows.finite.data, (x) => x === 0),
        stored,
      ),
      copies: wilson(
        count(rows.copyOf.data, (x) => x >= 0),
        stored,
      ),
    },
  ];
}

export function bufferMeasures({ system, dataset, stored, logPx, ...of }: Buffer): Measure[] {
  const common = { suite: NAME, model: system.name, dataset, better: 'none' } as const;
  const params = { images: 'replay buffer' };
  const where = { model: system.name };
  const some = logPx.length < stored ? { note: `${logPx.length} of ${stored} images, evenly` } : {};
  return [
    measure(
      {
        ...common,
        measure: 'buffer-log-px',
        title: 'Mean log p(x) of the replay buffer',
        params,
        format: 'number',
        rows: {
          sheet: SHEET,
          where: { ...where, asked: true },
          statistic: 'mean',
          columns: { value: 'log_px' },
        },
        ...some,
      },
      of.mean,
    ),
    ...(
      [
        ['saturated', 'Mean share of numbers at 0 or 1, or beyond, in the replay buffer', of.saturated],
        ['not-finite', 'Images of the replay buffer with NaN or infinity', of.broken],
        ['copies', 'Images of the replay buffer that repeat an earlier one', of.copies],
      ] as const
    ).map(([id, title, estimate]) =>
      measure(
        {
          ...common,
          measure: `buffer-${id}`,
          title,
          params,
          format: 'percent',
          rows: {
            sheet: SHEET,
            where,
            ...(id === 'saturated'
              ? { statistic: 'mean', columns: { value: 'saturated' } }
              : { statistic: 'share', columns: { outcome: id === 'copies' ? 'copy' : 'not_finite' } }),
          },
        },
        estimate,
      ),
    ),
  ];
}

/** A row per image of a buffer; `index` is its place. */
export function bufferSheet(all: readonly Buffer[]): ExampleSheet {
  return {
    name: SHEET,
    columns: [
      'model',
      'index',
      'asked',
      'log_px',
      'prediction',
      'saturated',
      'outside',
      'not_finite',
      'copy',
    ],
    rows: {
      *[Symbol.iterator]() {
        for (const { system, rows, stored, asked, logPx, prediction } of all) {
          const at = new Map(Array.from(asked, (place, i) => [place, i]));
          const { saturated, outside, finite, copyOf } = rows;
          for (let place = 0; place < stored; place++) {
            const i = at.get(place);
            const known = i !== undefined;
            yield [
              system.name,
              place,
              known,
              known ? logPx[i]! : null,
              known && prediction[i]! >= 0 ? prediction[i]! : null,
              saturated.data[place]!,
              outside.data[place]!,
              finite.data[place] === 0,
              copyOf.data[place]! >= 0,
            ];
          }
        }
      },
    },
  };
}

/** Which classes the images of each buffer are taken for. */
export function bufferFigures(all: readonly Buffer[]): BarFigure[] {
  return all
    .filter(({ system }) => system.classes.length > 0)
    .map(({ system, prediction }) => ({
      kind: 'bars',
      id: `buffer-classes-${system.name}`,
      title: `Classes in the replay buffer of ${system.name}`,
      caption: `Predictions for ${prediction.length} images of the buffer, with Wilson intervals.`,
      xLabel: 'class',
      yLabel: 'share of images',
      yFormat: 'percent',
      categories: [...system.classes],
      series: [
        {
          name: system.name,
          values: system.classes.map((_, k) =>
            cell(wilson(prediction.filter((one) => one === k).length, prediction.length)),
          ),
        },
      ],
    }));
}

export function bufferTable(all: readonly Buffer[]): Table {
  return {
    id: 'buffer',
    title: 'Replay buffers',
    caption:
      'Images of the chains of training that checkpoints keep. Saturated: numbers at 0 or 1, or beyond. Copies: images that repeat an earlier one, to the bit.',
    columns: [
      { key: 'model', title: 'Model', format: 'text' },
      { key: 'stored', title: 'Images', format: 'text' },
      { key: 'asked', title: 'log p(x) of', format: 'text' },
      { key: 'mean', title: 'log p(x)', format: 'number' },
      { key: 'saturated', title: 'Saturated', format: 'percent' },
      { key: 'broken', title: 'Not finite', format: 'percent' },
      { key: 'copies', title: 'Copies', format: 'percent' },
    ],
    rows: all.map(({ system, stored, logPx, mean, saturated, broken, copies }) => ({
      model: system.name,
      stored: String(stored),
      asked: String(logPx.length),
      mean: cell(mean),
      saturated: cell(saturated),
      broken: cell(broken),
      copies: cell(copies),
    })),
  };
}

export function bufferWarnings({ system, stored, broken, copies }: Buffer): Warning[] {
  const on = { suite: NAME, model: system.name };
  const count = ({ value }: Estimate) => Math.round(value * stored);
  return [
    ...(broken.value > 0
      ? [
          {
            ...on,
            code: 'buffer-not-finite',
            severity: 'serious' as const,
            message: `${count(broken)} of ${stored} images in the replay buffer of "${system.name}" hold NaN or infinity`,
            why: 'chains of its training diverged; what was trained from them afterwards is in doubt',
            fix: 'go back to a checkpoint from before, and train on with a smaller SGLD step',
          },
        ]
      : []),
    ...(copies.value > COPIES
      ? [
          {
            ...on,
            code: 'buffer-copies',
            severity: 'warning' as const,
            message: `${count(copies)} of ${stored} images in the replay buffer of "${system.name}" repeat an earlier one, to the bit`,
            why: 'its chains have collapsed onto each other, or it was not filled: samples from it say less than their number',
          },
        ]
      : []),
  ];
}
