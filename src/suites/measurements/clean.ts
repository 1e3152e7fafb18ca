import { AssayError } from '../../errors.js';
import { defineMeasurement, type Rows } from '../contract.js';
import { eachBatch } from './batches.js';

/**
 * One forward pass over unperturbed examples. Rows: `logits` (n, classes) when the system classifies and `logPx`
 * (n) when it has an energy. Any other row of classification or scoring can be computed from these.
 */
export const clean = defineMeasurement<Record<string, never>>({
  name: 'clean',
  version: 1,
  needs: [],
  unitSize: 512,
  passes: () => ({ forward: 1, gradient: 0 }),
  async measure(context) {
    const { system, examples } = context;
    const classes = system.info.classes.length;
    const logits = system.info.offers.includes('logits') ? new Float32Array(examples.n * classes) : undefined;
    const logPx = system.info.offers.includes('logPx') ? new Float32Array(examples.n) : undefined;
    await eachBatch(context, 'clean', async (batch, start) => {
      const outputs = await system.forward(batch);
      logits?.set(offered(outputs.logits, batch.n * classes, 'logits', system.info.name), start * classes);
      logPx?.set(offered(outputs.logPx, batch.n, 'log p(x)', system.info.name), start);
    });
    const rows: Rows = {};
    if (logits) rows.logits = { shape: [examples.n, classes], data: logits };
    if (logPx) rows.logPx = { shape: [examples.n], data: logPx };
    return rows;
  },
});

/** An output that the system said it offers, of the right length. */
function offered(
  output: Float32Array | undefined,
  length: number,
  what: string,
  system: string,
): Float32Array {
  if (output?.length === length) return output;
  throw new AssayError('shape-mismatch', `"${system}" did not return the ${what} that it offers`, {
    expected: `${length} numbers`,
    found: output ? `${output.length}` : 'nothing',
  });
}
