import { forRanges } from '../../concurrency.js';
import { AssayError } from '../../errors.js';
import { sideOfHalf } from '../../metrics/estimates/majority-sequence.js';
import { argmaxOf } from '../../metrics/softmax.js';
import { imageSize } from '../../models/batching.js';
import { PurifiedSystem } from '../../models/defences/purification.js';
import { behindChains } from '../../models/defences/purified-passes.js';
import type { PurifyOptions } from '../../models/defences/purify-options.js';
import type { SystemInfo } from '../../models/system.js';
import { float32, int32, type RowsIn } from '../columns.js';
import { defineMeasurement, type MeasureContext } from '../contract.js';
import type { AttackRows } from './attack.js';

/** Fresh answers of a purified classifier. */
export interface DrawsParams {
  purify: PurifyOptions;
  /** At most so many of each image; a draw is the mean of all chains, as one call gives it. */
  draws: number;
  /** So many in any case, and as many more at once, while it is open on which side of 1/2 their share that is right lies. */
  block: number;
  /** Whether an image gets no more draws once that is settled. */
  sequential: boolean;
}

const columns = ({ classes }: SystemInfo, { draws }: DrawsParams) => ({
  logits: float32(draws, classes.length),
  drawn: int32(),
});

export type DrawsRows = RowsIn<ReturnType<typeof columns>>;

/**
 * What a classifier behind its purification says of each image when it is asked again and again: what every verdict on
 * an image can be made from. The images are those of the data set or, given the rows of an attack, what that made of
 * them. Rows: `drawn` (n), the number of draws, and `logits` (n, draws, classes), of which the first `drawn` of an image
 * count and the rest are 0.
 */
export const purifiedDraws = defineMeasurement({
  name: 'purified-draws',
  version: 1,
  needs: ['logits'],
  unitSize: 32,
  endsEarly: true,
  passes: ({ purify, draws }: DrawsParams) => behindChains({ forward: draws, gradient: 0 }, purify),
  columns,
  async measure(
    context: MeasureContext<[attacked?: Pick<AttackRows, 'pixels'>]>,
    { purify, draws, block, sequential }: DrawsParams,
  ) {
    const { examples, seed, signal } = context;
    const { n, indices, labels } = examples;
    if (!labels) throw new AssayError('suite-failed', 'whether draws are right is a matter of labels');
    const name = `${context.system.info.name}, purified`;
    const system = new PurifiedSystem(context.system, context.systemNamed(purify.by), purify, name);
    const images = context.inputs[0]?.pixels.data ?? examples.pixels;
    const size = imageSize(system.info);
    const classes = system.info.classes.length;
    const logits = new Float32Array(n * draws * classes);
    const drawn = new Int32Array(n);
    const right = new Int32Array(n);
    const settled = new Uint8Array(n);
    const at = (i: number, draw: number) => (i * draws + draw) * classes;
    const isRight = (i: number, draw: number) =>
      argmaxOf(logits.subarray(at(i, draw), at(i, draw + 1))) === labels[i];
    const isOpen = (i: number) => drawn[i]! < draws && !(sequential && settled[i]);
    const lanes = { step: system.batchSize, lanes: system.concurrency, signal };
    for (;;) {
      const open = Array.from(drawn.keys()).filter(isOpen);
      if (open.length === 0) break;
      const pending = open.flatMap((i) =>
        Array.from({ length: Math.min(block, draws - drawn[i]!) }, (_, k) => ({ i, draw: drawn[i]! + k })),
      );
      await forRanges(pending.length, lanes, async (start, end) => {
        const part = pending.slice(start, end);
        const pixels = new Float32Array(part.length * size);
        for (const [row, { i }] of part.entries()) {
          pixels.set(images.subarray(i * size, (i + 1) * size), row * size);
        }
        const keys = part.map(({ i, draw }) => ({
          seed,
          purpose: `purified-draws-${draw}`,
          example: indices[i]!,
        }));
        const outputs = await system.forward({ n: part.length, pixels, keys });
        for (const [row, { i, draw }] of part.entries()) {
          logits.set((outputs.logits ?? []).slice(row * classes, (row + 1) * classes), at(i, draw));
        }
      });
      for (const { i, draw } of pending) {
        drawn[i]!++;
        if (isRight(i, draw)) right[i]!++;
        // Settled at any time is settled for good.
        if (sideOfHalf({ seen: drawn[i]!, right: right[i]! })) settled[i] = 1;
      }
    }
    const spared = drawn.reduce((sum, made) => sum + draws - made, 0);
    context.outlook?.spare(behindChains({ forward: spared, gradient: 0 }, purify));
    return { logits, drawn };
  },
});
