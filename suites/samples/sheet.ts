import type { ExampleSheet } from '../../src/suite.js';
import type { Distal } from './distal.js';
import { SAME } from './duplicates.js';
import type { Memorisation } from './neighbours.js';
import type { SampleSet } from './result.js';
import type { Selection } from './selection.js';

/** Beyond this many classes a sheet of logits is a burden. */
export const MOST_LOGITS = 100;

/** The column that says whether a sample is among the most confident. */
export const selectedColumn = (share: number) => `top_${share}`;

/** A set with all that rows tell of it. */
export interface Told {
  set: SampleSet;
  selections: readonly Selection[];
  memorisation: Memorisation | undefined;
}

type Cell = string | number | boolean | null;

/** A row for each sample, and for each chain of the distal adversarials: `index` is the chain, or the place in a buffer, `class` what it climbed. */
export function sheet(name: string, sets: readonly Told[], distals: readonly Distal[]): ExampleSheet {
  const shares = [...new Set(sets.flatMap(({ selections }) => selections.map(({ share }) => share)))]
    .filter((share) => share < 1)
    .sort((a, b) => b - a);
  const columns = [
    ...['model', 'samples', 'index', 'class', 'log_px', 'p_class', 'confidence', 'predicted', 'right'],
    ...['judge', 'judged', 'judged_right', 'saturated', 'nearest_sample_rms', 'duplicate'],
    ...['neighbour', 'neighbour_distance', 'nearer_than_real', 'reached', 'reached_at'],
    ...shares.map(selectedColumn),
    ...['extractor', 'extractor_logits'],
  ];
  const complete = (row: Readonly<Record<string, Cell>>) => columns.map((column) => row[column] ?? null);
  return {
    name,
    columns,
    rows: [...sets.flatMap((told) => rowsOf(told, shares)), ...distals.flatMap(distalRows)].map(complete),
  };
}

function rowsOf({ set, selections, memorisation }: Told, shares: readonly number[]): Record<string, Cell>[] {
  const { own, judge, conditioned, apart, neighbours, extractor } = set;
  const logits = extractor?.classified?.logits;
  const chosen = shares.map((share) => selections.find((one) => one.share === share)?.chosen);
  return Array.from(set.indices, (index, i) => ({
    model: set.system.name,
    samples: set.name,
    index: set.places?.[i] ?? index,
    class: conditioned?.[i] ?? null,
    log_px: set.logPx[i]!,
    p_class: set.ofClass?.[i] ?? null,
    confidence: own?.confidence[i] ?? null,
    predicted: own?.predicted[i] ?? null,
    right: own && conditioned ? own.predicted[i] === conditioned[i] : null,
    judge: judge?.by.name ?? null,
    judged: judge?.predicted[i] ?? null,
    judged_right: judge && conditioned ? judge.predicted[i] === conditioned[i] : null,
    saturated: set.saturated[i]!,
    nearest_sample_rms: apart[i] ?? null,
    duplicate: apart.length > 0 ? apart[i]! < SAME : null,
    neighbour: neighbours?.index[i] ?? null,
    neighbour_distance: neighbours?.distance[i] ?? null,
    nearer_than_real:
      neighbours && memorisation?.below !== undefined ? neighbours.distance[i]! < memorisation.below : null,
    ...Object.fromEntries(shares.map((share, k) => [selectedColumn(share), chosen[k]?.[i] === 1])),
    extractor: extractor?.by.name ?? null,
    extractor_logits:
      logits && logits.classes <= MOST_LOGITS
        ? logits.data.subarray(i * logits.classes, (i + 1) * logits.classes).join(' ')
        : null,
  }));
}

const distalRows = (distal: Distal): Record<string, Cell>[] =>
  Array.from(distal.indices, (index, i) => ({
    model: distal.system.name,
    samples: 'distal',
    index,
    class: distal.classes[i]!,
    log_px: distal.logPx[i]!,
    p_class: distal.probability[i]!,
    reached: distal.steps[i]! >= 0,
    reached_at: distal.steps[i]! >= 0 ? distal.steps[i]! : null,
  }));
