import { argmax } from '../../metrics/softmax.js';
import { imageSize } from '../../models/batching.js';
import type { SystemInfo } from '../../models/system.js';
import { float32, float64, int32, type Rows, type RowsIn } from '../columns.js';
import { defineMeasurement, type MeasureContext } from '../contract.js';
import type { BestScoreRows } from './best-score.js';
import { type ReadScore, scoreParts } from './read-scores.js';

/** Of which images: all, those whose predicted class is the label, or the others. */
export type Outcome = 'all' | 'right' | 'wrong';

export interface HardestParams {
  /** Images of each list. */
  n: number;
  lists: readonly Outcome[];
  /** Which end of the scores. */
  end: 'lowest' | 'highest';
  /** By which: of several, the one that the first of `reference` calls best. */
  scores: readonly ReadScore[];
  /** Whether the next of `reference` says what is predicted. */
  predicted: boolean;
}

const columns = ({ shape }: SystemInfo, { n, lists }: HardestParams) => {
  const slots = n * lists.length;
  return {
    chosen: int32(),
    index: int32(slots),
    score: float64(slots),
    label: int32(slots),
    prediction: int32(slots),
    pixels: float32(slots, ...shape),
  };
};

export type HardestRows = RowsIn<ReturnType<typeof columns>>;

/** An image, by its place in the data set. */
interface Candidate {
  position: number;
  index: number;
  value: number;
}

/**
 * The images of a data set with the lowest or highest scores, in one row: `chosen`, the place of the score among
 * `scores`; and list after list, most extreme first and earlier images first among equals, `index`, the source index, -1
 * where there is no image any more; `score`; `label` and `prediction`, -1 where unknown; `pixels` (slots, C, H, W). No
 * other pixels are read.
 */
export const hardestImages = defineMeasurement({
  name: 'hardest-images',
  version: 1,
  needs: [],
  unitSize: 1,
  aggregate: 'images',
  passes: () => ({ forward: 0, gradient: 0 }),
  columns,
  async measure(context: MeasureContext<[], Rows[]>, { n, lists, end, scores, predicted }: HardestParams) {
    const { parts, images, system, signal } = context;
    let at = 0;
    const chosen = scores.length > 1 ? await bestOf(parts(at++)) : 0;
    const said = await saidOf(predicted ? parts(at++) : undefined);
    for (const { reads } of scores.slice(0, chosen)) at += reads.length;
    const sign = end === 'lowest' ? 1 : -1;
    const order = (a: Candidate, b: Candidate) => sign * (a.value - b.value) || a.position - b.position;
    const hardest = lists.map((): Candidate[] => []);
    for await (const { indices, positions, values } of scoreParts(context, scores[chosen]!, at)) {
      signal.throwIfAborted();
      const candidates = Array.from(indices, (index, i) => ({
        position: positions[i]!,
        index,
        value: values[i]!,
      }));
      lists.forEach((list, l) => {
        const own = candidates.filter(({ index }) => list === 'all' || outcomeOf(said.get(index)) === list);
        hardest[l] = [...hardest[l]!, ...own].sort(order).slice(0, n);
      });
    }
    const size = imageSize(system.info);
    const slots = n * lists.length;
    const rows = {
      chosen: Int32Array.of(chosen),
      index: new Int32Array(slots).fill(-1),
      score: new Float64Array(slots),
      label: new Int32Array(slots).fill(-1),
      prediction: new Int32Array(slots).fill(-1),
      pixels: new Float32Array(slots * size),
    };
    const placed = hardest.flatMap((list, l) => list.map((one, k) => ({ ...one, slot: l * n + k })));
    for (const { slot, index, value } of placed) {
      rows.index[slot] = index;
      rows.score[slot] = value;
      rows.label[slot] = said.get(index)?.label ?? -1;
      rows.prediction[slot] = said.get(index)?.prediction ?? -1;
    }
    const positions = [...new Set(placed.map(({ position }) => position))].sort((a, b) => a - b);
    for await (const { indices, pixels } of images(positions))
      for (const { slot, index } of placed) if (index === indices[0]) rows.pixels.set(pixels, slot * size);
    return rows;
  },
});

interface Said {
  prediction: number;
  /** -1 without labels. */
  label: number;
}

const outcomeOf = (said: Said | undefined): Outcome | undefined =>
  said && said.label >= 0 ? (said.prediction === said.label ? 'right' : 'wrong') : undefined;

type Parts = ReturnType<MeasureContext['parts']>;

async function bestOf(parts: Parts): Promise<number> {
  for await (const { rows } of parts) return (rows as BestScoreRows).best.data[0]!;
  return 0;
}

/** By source index. */
async function saidOf(outputs: Parts | undefined): Promise<ReadonlyMap<number, Said>> {
  const said = new Map<number, Said>();
  if (!outputs) return said;
  for await (const { rows, indices, labels } of outputs) {
    const { data, shape } = rows.logits!;
    const predictions = argmax({ n: shape[0]!, classes: shape[1]!, data });
    indices.forEach((index, i) => {
      said.set(index, { prediction: predictions[i]!, label: labels?.[i] ?? -1 });
    });
  }
  return said;
}
