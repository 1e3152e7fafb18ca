import { sequences } from '../../data/warps/sequences.js';
import type { Padding } from '../../data/warps/warp.js';
import { unknownName } from '../../errors.js';
import { imageSize } from '../../models/batching.js';
import { stream } from '../../random/stream.js';
import { int32, type RowsIn } from '../columns.js';
import { defineMeasurement, type MeasureContext } from '../contract.js';
import { predictedClasses } from './predicted-classes.js';

export interface SequenceParams {
  /** Of `sequences`. */
  sequence: string;
  frames: number;
  padding: Padding;
}

const columns = (_: unknown, { frames }: SequenceParams) => ({ classes: int32(frames) });

export type SequenceRows = RowsIn<ReturnType<typeof columns>>;

/** The class of every frame of a sequence made of each image: `classes` (n, frames). */
export const sequenceClasses = defineMeasurement({
  name: 'sequence-classes',
  version: 1,
  needs: ['logits'],
  unitSize: 256,
  passes: ({ frames }: SequenceParams) => ({ forward: frames, gradient: 0 }),
  columns,
  async measure(context: MeasureContext, { sequence: name, frames, padding }: SequenceParams) {
    const row = sequences.get(name);
    if (!row) throw unknownName('sequence', name, [...sequences.keys()]);
    const { system, examples, seed } = context;
    const { n, indices, pixels } = examples;
    const { shape } = system.info;
    const size = imageSize(system.info);
    const classes = new Int32Array(n * frames);
    for (let frame = 0; frame < frames; frame++) {
      const made = new Float32Array(pixels.length);
      for (let i = 0; i < n; i++) {
        const draws = stream({ seed, purpose: `sequence/${name}`, example: indices[i]!, step: frame });
        const image = pixels.subarray(i * size, (i + 1) * size);
        made.set(row.frame(image, shape, frame / (frames - 1), padding, draws), i * size);
      }
      const own = await predictedClasses(context, { n, indices, pixels: made }, `sequence-${frame}`);
      own.forEach((c, i) => {
        classes[i * frames + frame] = c;
      });
    }
    return { classes };
  },
});
