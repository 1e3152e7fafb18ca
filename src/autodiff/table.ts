import { lowerings } from './lowerings.js';
import type { GradientRow, LoweringRow } from './row.js';
import { convolution } from './rules/convolution.js';
import { elementwise } from './rules/elementwise.js';
import { linear } from './rules/linear.js';
import { normalization } from './rules/normalization.js';
import { pooling } from './rules/pooling.js';
import { quantization } from './rules/quantization.js';
import { reductions } from './rules/reductions.js';
import { shaping } from './rules/shaping.js';

function index<R extends { op: string }>(rows: readonly R[]): ReadonlyMap<string, R> {
  const table = new Map<string, R>();
  for (const row of rows) {
    if (table.has(row.op)) throw new Error(`two rows for operator ${row.op}`);
    table.set(row.op, row);
  }
  return table;
}

/** How each operator's gradient is written, by operator. */
export const GRADIENTS: ReadonlyMap<string, GradientRow> = index([
  ...elementwise,
  ...reductions,
  ...linear,
  ...convolution,
  ...pooling,
  ...normalization,
  ...quantization,
  ...shaping,
]);

/** Composite operators and how they are written in primitives. */
export const LOWERINGS: ReadonlyMap<string, LoweringRow> = index(lowerings);

/**
 * Operators whose outputs do not vary smoothly with their inputs: the gradient through them is zero and the
 * walk stops. (Rounding is piecewise constant; shapes, indices and comparisons are not differentiable at all.)
 */
export const FLAT: ReadonlySet<string> = new Set([
  ...[
    'Shape',
    'Size',
    'ArgMax',
    'ArgMin',
    'NonZero',
    'OneHot',
    'Hardmax',
    'ConstantOfShape',
    'Range',
    'EyeLike',
  ],
  ...[
    'Equal',
    'Greater',
    'GreaterOrEqual',
    'Less',
    'LessOrEqual',
    'Not',
    'And',
    'Or',
    'Xor',
    'IsNaN',
    'IsInf',
  ],
  ...['Floor', 'Ceil', 'Round', 'Sign', 'Constant', 'RandomNormalLike', 'RandomUniformLike'],
]);
