import { arithmetics } from './ops/arithmetic.js';
import { attentions } from './ops/attention.js';
import { convolution } from './ops/convolution.js';
import { elementwise } from './ops/elementwise.js';
import { linear } from './ops/linear.js';
import { making } from './ops/making.js';
import { normalization } from './ops/normalization.js';
import { picking } from './ops/picking.js';
import { pooling } from './ops/pooling.js';
import { quantization } from './ops/quantization.js';
import { reductions } from './ops/reductions.js';
import { resizing } from './ops/resize.js';
import { shaping } from './ops/shaping.js';
import type { Row } from './row.js';

function index(rows: readonly Row[]): ReadonlyMap<string, Row> {
  const table = new Map<string, Row>();
  for (const row of rows) {
    if (table.has(row.op)) throw new Error(`two rows for operator ${row.op}`);
    table.set(row.op, row);
  }
  return table;
}

/** How each ONNX operator is run with TensorFlow.js. */
export const OPERATORS: ReadonlyMap<string, Row> = index([
  ...elementwise,
  ...arithmetics,
  ...reductions,
  ...linear,
  ...convolution,
  ...pooling,
  ...normalization,
  ...shaping,
  ...picking,
  ...making,
  ...resizing,
  ...quantization,
  ...attentions,
]);
