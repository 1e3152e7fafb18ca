import { AssayError } from '../../errors.js';
import { argmaxOf } from '../../metrics/softmax.js';
import { float64, type RowsIn, uint8 } from '../columns.js';
import { defineMeasurement } from '../contract.js';
import { eachBatch } from './batches.js';

/** How often the same images are asked about. */
const TIMES = 5;

/** A row of probabilities sums to 1 within this. */
const SUM = 1e-5;

const columns = { gap: float64(), wavers: uint8(), simplex: uint8(), innerGradients: float64() };

export type RepeatabilityRows = RowsIn<typeof columns>;

/**
 * Asks about the same images five times, as one who does not know whether the system draws at random: the checks of
 * the public AutoAttack. Rows (n): `gap`, the largest L2 distance between two answers, each divided by its L2 norm;
 * `wavers`, 1 where predictions differ; `simplex`, 1 where the outputs are in [0, 1] and sum to 1 within 1e-5;
 * `innerGradients`, gradient passes that one forward pass of the system makes.
 */
export const repeatability = defineMeasurement({
  name: 'repeatability',
  version: 1,
  needs: ['logits'],
  unitSize: 64,
  passes: () => ({ forward: TIMES, gradient: 0 }),
  columns,
  async measure(context) {
    const { system, examples } = context;
    const { n } = examples;
    const classes = system.info.classes.length;
    const rows = {
      gap: new Float64Array(n),
      wavers: new Uint8Array(n),
      simplex: new Uint8Array(n),
      innerGradients: new Float64Array(n),
    };
    const first = new Float32Array(n * classes);
    for (let time = 0; time < TIMES; time++) {
      await eachBatch(context, `repeat-${time}`, async (batch, start) => {
        const { logits, passes } = await system.forward(batch);
        if (!logits) throw new AssayError('suite-failed', `"${system.info.name}" returned no logits`);
        if (time === 0) first.set(logits, start * classes);
        for (let i = 0; i < batch.n; i++) {
          const row = logits.subarray(i * classes, (i + 1) * classes);
          const known = first.subarray((start + i) * classes, (start + i + 1) * classes);
          rows.gap[start + i] = Math.max(rows.gap[start + i]!, directionGap(row, known));
          if (argmaxOf(row) !== argmaxOf(known)) rows.wavers[start + i] = 1;
          if (time > 0) continue;
          rows.simplex[start + i] = isSimplex(row) ? 1 : 0;
          rows.innerGradients[start + i] = passes.gradient / batch.n;
        }
      });
    }
    return rows;
  },
});

/** L2 distance of two vectors after each is divided by its L2 norm. */
function directionGap(a: Float32Array, b: Float32Array): number {
  const [na, nb] = [Math.hypot(...a) || 1, Math.hypot(...b) || 1];
  let squares = 0;
  for (let k = 0; k < a.length; k++) squares += (a[k]! / na - b[k]! / nb) ** 2;
  return Math.sqrt(squares);
}

function isSimplex(row: Float32Array): boolean {
  const sum = row.reduce((a, b) => a + b, 0);
  return row.every((v) => v >= 0 && v <= 1) && Math.abs(sum - 1) <= SUM;
}
