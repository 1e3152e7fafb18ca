import { activation } from './activation.js';
import { convolution } from './convolution.js';
import { merging } from './merging.js';
import { normalizations } from './normalization.js';
import { pooling } from './pooling.js';
import type { LayerRow } from './row.js';
import { shaping } from './shaping.js';
import { training } from './training.js';

function index(rows: readonly LayerRow[]): ReadonlyMap<string, LayerRow> {
  const table = new Map<string, LayerRow>();
  for (const row of rows) {
    if (table.has(row.className)) throw new Error(`two rows for layer ${row.className}`);
    table.set(row.className, row);
  }
  return table;
}

/** Every layer that can be read, by the class that configurations name. */
export const LAYERS: ReadonlyMap<string, LayerRow> = index([
  ...convolution,
  ...normalizations,
  ...activation,
  ...pooling,
  ...shaping,
  ...merging,
  ...training,
]);
