import type { DatasetInfo } from '../../data/dataset.js';
import type { SystemInfo } from '../../models/system.js';
import { float32, type RowsIn } from '../columns.js';
import { defineMeasurement, type Request, request } from '../contract.js';
import { eachBatch } from './batches.js';
import { sized } from './sized.js';

/** What a system has to say of an image. */
export const outputColumns = ({ offers, classes }: SystemInfo) => ({
  logits: offers.includes('logits') ? float32(classes.length) : undefined,
  logPx: offers.includes('logPx') ? float32() : undefined,
});

/** Rows of `clean`. */
export type OutputRows = RowsIn<ReturnType<typeof outputColumns>>;

/**
 * One forward pass over unperturbed examples. Rows: `logits` (n, classes) when the system classifies and `logPx`
 * (n) when it has an energy. Any other row of classification or scoring can be computed from these.
 */
export const clean = defineMeasurement({
  name: 'clean',
  version: 1,
  needs: [],
  // As many as most of what reads them: several workers are to have some from the start.
  unitSize: 256,
  passes: () => ({ forward: 1, gradient: 0 }),
  columns: outputColumns,
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
    return { ...(logits && { logits }), ...(logPx && { logPx }) };
  },
});

/** What a system says of all images of a data set. */
export const cleanRequest = (
  { name: system }: Pick<SystemInfo, 'name'>,
  { name: dataset }: Pick<DatasetInfo, 'name'>,
): Request<OutputRows> => request({ measurement: clean, system, dataset });

/** An output that the system said it offers, of the right length. Errors: `shape-mismatch`. */
export const offered = (output: Float32Array | undefined, length: number, what: string, system: string) =>
  sized(output, length, `"${system}" did not return the ${what} that it offers`);
