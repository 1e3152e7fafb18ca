import { affine } from './affine.js';
import { curves } from './curves.js';
import type { BoundRow } from './row.js';
import { maxima } from './windows.js';

/** How each operator is bounded, by operator. */
export const BOUNDS: ReadonlyMap<string, BoundRow> = new Map(
  [...affine, ...curves, ...maxima].map((row) => [row.op, row]),
);
