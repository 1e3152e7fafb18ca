import type { FeatureRows } from '../../src/measurements.js';
import type { Collected, ExampleSheet, NdArray } from '../../src/suite.js';
import { densities } from './fidelity.js';
import type { OfReal, Quality } from './quality.js';
import type { SetName } from './requests.js';
import type { SampleSet } from './result.js';
import { selectedColumn } from './sheet.js';

/** What the rows of images that samples are compared with have in place of a set. */
export const REFERENCE = 'reference';

/** Numbers of features that a sheet holds of one system: some 5 MB of text. */
const MOST = 2 ** 18;

/** A system's sets in features of the extractor, and what they are compared with. */
export interface InFeatures {
  sets: readonly { set: SampleSet; qualities: readonly Quality[] }[];
  reference: Collected<FeatureRows> | undefined;
  ofReal: OfReal;
  /** Whether the sheet holds the features themselves: see `keepsFeatures`. */
  kept: boolean;
}

/** Whether features are few enough for the sheet, so that distances can be made again from it. */
export function keepsFeatures(
  sets: readonly { set: SampleSet }[],
  reference: InFeatures['reference'],
): boolean {
  const tables = [
    ...sets.flatMap(({ set }) => set.extractor?.features ?? []),
    ...(reference ? [reference.rows.features] : []),
  ];
  return reference !== undefined && tables.reduce((sum, { data }) => sum + data.length, 0) <= MOST;
}

/** Whether a real image lies in a ball of a sample, and its own ball holds one: by set and selection. */
export const recallColumn = (set: SetName, share: number) => nameOf('recalled', set, share);
export const coverageColumn = (set: SetName, share: number) => nameOf('covered', set, share);

/** Which real images were drawn to be compared with the others. */
export const partColumn = (count: number) => `drawn_${count}`;

const nameOf = (what: string, set: SetName, share: number) =>
  `${what}_${set}${share < 1 ? `_${selectedColumn(share)}` : ''}`;

type Row = Record<string, string | number | boolean | null>;

/** A row for each sample of each system, and for each image that they are compared with. */
export function featureSheet(name: string, all: readonly InFeatures[]): ExampleSheet {
  const rows = all.flatMap((one) => [
    ...one.sets.flatMap(({ set, qualities }) => sampleRows(set, qualities, one.kept)),
    ...referenceRows(one),
  ]);
  const first = ['model', 'samples', 'extractor', 'dataset', 'index'];
  const keys = new Set(rows.flatMap((row) => Object.keys(row)));
  const columns = [
    ...first,
    ...[...keys].filter((column) => !first.includes(column) && column !== 'features'),
    'features',
  ];
  return { name, columns, rows: rows.map((row) => columns.map((column) => row[column] ?? null)) };
}

const listed = ({ shape, data }: NdArray<Float32Array>, i: number) =>
  data.subarray(i * shape[1]!, (i + 1) * shape[1]!).join(' ');

function sampleRows(set: SampleSet, qualities: readonly Quality[], kept: boolean): Row[] {
  const { extractor } = set;
  if (!extractor) return [];
  const density = new Map<number, number>();
  for (const { selection, fidelity } of qualities) {
    if (!fidelity) continue;
    const each = densities(fidelity.found, fidelity.k);
    let at = 0;
    selection.chosen.forEach((chosen, i) => {
      if (chosen) density.set(i, each[at++]!);
    });
  }
  return Array.from(set.indices, (index, i) => ({
    model: set.system.name,
    samples: set.name,
    extractor: extractor.by.name,
    dataset: null,
    index: set.places?.[i] ?? index,
    ...Object.fromEntries(
      qualities
        .filter(({ selection }) => selection.share < 1)
        .map(({ selection }) => [selectedColumn(selection.share), selection.chosen[i] === 1]),
    ),
    ...(density.size > 0 && { density: density.get(i) ?? null, precise: isPositive(density.get(i)) }),
    features: kept ? listed(extractor.features, i) : null,
  }));
}

const isPositive = (value: number | undefined) => (value === undefined ? null : value > 0);

function referenceRows({ sets, reference, ofReal, kept }: InFeatures): Row[] {
  const [first] = sets;
  if (!reference || !first) return [];
  const flags: Record<string, ArrayLike<number>> = {};
  for (const { set, qualities } of sets)
    for (const { selection, fidelity } of qualities) {
      const { share, count } = selection;
      const part = ofReal(count)?.part;
      if (fidelity) {
        flags[recallColumn(set.name, share)] = fidelity.found.recalled;
        flags[coverageColumn(set.name, share)] = fidelity.found.covered;
      }
      if (part) flags[partColumn(count)] = part;
    }
  return Array.from(reference.indices, (index, i) => ({
    model: first.set.system.name,
    samples: REFERENCE,
    extractor: reference.request.system,
    dataset: reference.request.dataset,
    index,
    ...Object.fromEntries(Object.entries(flags).map(([column, values]) => [column, values[i] === 1])),
    features: kept ? listed(reference.rows.features, i) : null,
  }));
}
