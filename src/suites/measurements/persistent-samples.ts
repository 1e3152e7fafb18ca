import { imageSize } from '../../models/batching.js';
import type { SystemInfo } from '../../models/system.js';
import { inBox, shareOutside } from '../../sampling/in-box.js';
import { persistentChains } from '../../sampling/persistent-chains.js';
import type { SgldOptions } from '../../sampling/sgld.js';
import { float32, int32, type RowsIn } from '../columns.js';
import { defineMeasurement, type MeasureContext } from '../contract.js';

export interface PersistentParams extends SgldOptions {
  /** Images in the buffer. */
  capacity: number;
  rounds: number;
  batch: number;
  reinit: number;
  /** Of every round. */
  steps: number;
}

const columns = ({ shape }: SystemInfo) => ({
  pixels: float32(...shape),
  outside: float32(),
  moved: int32(),
});

export type PersistentRows = RowsIn<ReturnType<typeof columns>>;

/**
 * The buffer of chains that JEM's evaluation keeps (`--eval uncond_samples`). Rows: `pixels` (n, C, H, W), the first
 * images of it, cut to [0, 1]; `outside` (n), the share of pixels that were cut; `moved` (n), the rounds since its
 * place was last filled with noise, 0 of one that was never drawn. Who is drawn when depends on all before, so one unit
 * holds the whole, and a run that is stopped begins it again.
 */
export const persistentSamples = defineMeasurement({
  name: 'persistent-samples',
  version: 1,
  needs: ['logPx', 'inputGradient'],
  unitSize: 10_000_000,
  passes: ({ rounds, batch, steps, capacity }: PersistentParams) => ({
    forward: 0,
    gradient: (rounds * batch * steps) / capacity,
  }),
  columns,
  async measure({ system, examples, seed, signal }: MeasureContext, params: PersistentParams) {
    const size = imageSize(system.info);
    const kept = await persistentChains(system, { ...params, size, seed, signal });
    const rows = Array.from(examples.indices);
    const images = rows.map((i) => kept.pixels.subarray(i * size, (i + 1) * size));
    const pixels = new Float32Array(rows.length * size);
    images.forEach((image, i) => {
      pixels.set(inBox(image), i * size);
    });
    return {
      pixels,
      outside: Float32Array.from(images, shareOutside),
      moved: Int32Array.from(rows, (i) => kept.moved[i]!),
    };
  },
});
