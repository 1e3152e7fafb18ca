import { mapTuple } from '../../map-tuple.js';
import type { Units } from '../resampling/resampling-units.js';
import { groupOrder } from './group-order.js';
import { groupCounts, type Ranking, type RankingMetrics, rankingMetrics } from './ranking.js';

/** About so many blocks of neighbouring ranks, in which the examples of a large ranking are counted. */
const BLOCKS = 2 ** 14;

/** Resamples that are counted in one pass: their draws share a word, a byte each. */
export const LANES = 4;

/** Entries whose draws are added before sums of 16 bits could overflow: 256 * 255 < 2^16. */
const SAFE = 256;

/**
 * Metrics of large rankings on resamples of groups of examples. Neighbouring ranks, ties never parted, are counted as one
 * block. What this does to a metric it does to its value on the data as well, and that is taken off: what is left is 1e-7 for
 * areas and, for FPR95, some examples of the block in which its threshold lies.
 * @returns a function of the draws of `LANES` resamples of either side, packed: (units.count)
 */
export function rankingInBlocks(
  ranking: Ranking,
  values: RankingMetrics,
  units: { id: Units; ood: Units },
): (id: Int32Array, ood: Int32Array) => RankingMetrics[] {
  const block = blocksOf(ranking, values.auroc === 0 || values.auroc === 1);
  const blocks = block[block.length - 1]! + 1;
  const [id, ood] = mapTuple([ranking.id, ranking.ood], (group) => group.map((g) => block[g]!));
  const room = () => new Int32Array(blocks);
  const merged = rankingMetrics(groupCounts(id, room()), groupCounts(ood, room()));
  const countId = laneCounts(id, blocks, units.id);
  const countOod = laneCounts(ood, blocks, units.ood);
  const names = Object.keys(values) as (keyof RankingMetrics)[];
  return (drawnId, drawnOod) => {
    const [ofId, ofOod] = [countId(drawnId), countOod(drawnOod)];
    return ofId.map((counts, lane) => {
      const metrics = rankingMetrics(counts, ofOod[lane]!);
      for (const name of names)
        metrics[name] = Math.max(0, Math.min(1, metrics[name] + values[name] - merged[name]));
      return metrics;
    });
  };
}

/** The block of each group: (groups), ascending from 0. @param apart the sets do not overlap: no block holds both */
function blocksOf({ groups, id, ood }: Ranking, apart: boolean): Int32Array {
  const ofId = groupCounts(id, new Int32Array(groups));
  const ofOod = groupCounts(ood, new Int32Array(groups));
  const enough = (id.length + ood.length) / BLOCKS;
  const block = new Int32Array(groups);
  let [current, held] = [0, 0];
  for (let g = 0; g < groups; g++) {
    const parted = apart && g > 0 && ofId[g]! > 0 !== ofId[g - 1]! > 0;
    if (held >= enough || parted) {
      current++;
      held = 0;
    }
    held += ofId[g]! + ofOod[g]!;
    block[g] = current;
  }
  return block;
}

/** How many drawn examples each block has in each lane. The arrays, (blocks), are used again. */
function laneCounts(
  block: Int32Array,
  blocks: number,
  { of }: Units,
): (drawn: Int32Array) => readonly Int32Array[] {
  const { starts, order } = groupOrder(block, blocks);
  const unit = of ? order.map((i) => of[i]!) : order;
  const counts = Array.from({ length: LANES }, () => new Int32Array(blocks));
  return (drawn) => {
    for (const lane of counts) lane.fill(0);
    addLanes(starts, unit, drawn, counts);
    return counts;
  };
}

function addLanes(
  starts: Int32Array,
  unit: Int32Array,
  drawn: Int32Array,
  lanes: readonly Int32Array[],
): void {
  const [first, second, third, fourth] = lanes as readonly [Int32Array, Int32Array, Int32Array, Int32Array];
  for (let b = 0; b + 1 < starts.length; b++) {
    for (let from = starts[b]!; from < starts[b + 1]!; from += SAFE) {
      const to = Math.min(starts[b + 1]!, from + SAFE);
      let even = 0;
      let odd = 0;
      for (let at = from; at < to; at++) {
        const times = drawn[unit[at]!]!;
        even = (even + (times & 0x00ff00ff)) | 0;
        odd = (odd + ((times >>> 8) & 0x00ff00ff)) | 0;
      }
      first[b]! += even & 0xffff;
      second[b]! += odd & 0xffff;
      third[b]! += even >>> 16;
      fourth[b]! += odd >>> 16;
    }
  }
}

/** The draws of resamples from `start` on, packed into words: (units). The array is used again. */
export function packedDraws(
  count: number,
  draw: (replicate: number) => Uint8Array,
): (start: number) => Int32Array {
  const packed = new Int32Array(count);
  return (start) => {
    packed.fill(0);
    for (let lane = 0; lane < LANES; lane++) {
      const times = draw(start + lane);
      for (let u = 0; u < count; u++) packed[u]! |= times[u]! << (8 * lane);
    }
    return packed;
  };
}
