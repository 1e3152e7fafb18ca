import { permutation, stream } from '../../random/stream.js';
import { wilson } from '../estimates/intervals.js';
import { groupCounts, type Ranking } from './ranking.js';

/** How many of each kind are on the wrong side of a threshold. */
interface Wrong {
  id: number;
  ood: number;
}

/**
 * An interval of the detection error, the least mean of both error rates over all thresholds. At the threshold that is best for some
 * examples, their errors are too few: what is measured lies below what other examples will have, and so does each resample of it.
 * The lower end is taken from them all the same. The upper one is taken from a threshold that is best for one half and is tried on the
 * other, and the other way round: its errors are too many, if anything. Both errors have Wilson's intervals, put together as those
 * of independent shares (Newcombe 1998). Halves are drawn, the same for as many examples.
 * @returns undefined with fewer than two examples of a kind
 */
export function detectionErrorInterval(ranking: Ranking, level: number): [number, number] | undefined {
  const [n, m] = [ranking.id.length, ranking.ood.length];
  if (n < 2 || m < 2) return undefined;
  const { chosen, crossed } = errorsOf(ranking);
  const [least, own] = meanOfShares(chosen, n, m, level);
  const [, most] = meanOfShares(crossed, n, m, level);
  return [least, Math.min(0.5, Math.max(most, own))];
}

/** Errors at the best threshold of all, and of both halves at that of the other. */
interface Errors {
  chosen: Wrong;
  crossed: Wrong;
}

/** An interval is asked for at many levels. */
const known = new WeakMap<Ranking, Errors>();

function errorsOf(ranking: Ranking): Errors {
  const errors = known.get(ranking) ?? countErrors(ranking);
  known.set(ranking, errors);
  return errors;
}

function countErrors(ranking: Ranking): Errors {
  const { groups } = ranking;
  const halves = [halvesOf(ranking.id, 'id'), halvesOf(ranking.ood, 'ood')] as const;
  const tried = [0, 1].map((k) => {
    const cut = bestFor({ groups, id: halves[0][k]!, ood: halves[1][k]! }).cut;
    return wrongAt({ groups, id: halves[0][1 - k]!, ood: halves[1][1 - k]! }, cut);
  });
  const crossed = { id: tried[0]!.id + tried[1]!.id, ood: tried[0]!.ood + tried[1]!.ood };
  return { chosen: bestFor(ranking).wrong, crossed };
}

/** The interval of the mean of two independent shares. */
function meanOfShares(wrong: Wrong, n: number, m: number, level: number): [number, number] {
  const both = [wilson(wrong.id, n, level), wilson(wrong.ood, m, level)];
  const mean = (both[0]!.value + both[1]!.value) / 2;
  const reach = (end: 0 | 1) =>
    Math.hypot(...both.map(({ value, interval }) => value - (interval?.[end] ?? value))) / 2;
  return [mean - reach(0), mean + reach(1)];
}

function halvesOf(group: Int32Array, side: string): [Int32Array, Int32Array] {
  const order = permutation(group.length, stream({ seed: 0, purpose: `halves/${side}`, example: 0 }));
  const drawn = Int32Array.from(order, (i) => group[i]!);
  const half = Math.ceil(group.length / 2);
  return [drawn.subarray(0, half), drawn.subarray(half)];
}

/** The threshold with the least mean of error rates: groups before `cut` are accepted. */
function bestFor({ groups, id, ood }: Ranking): { cut: number; wrong: Wrong } {
  const [ofId, ofOod] = [groupCounts(id, new Int32Array(groups)), groupCounts(ood, new Int32Array(groups))];
  let [rejected, accepted] = [id.length, 0];
  let best = { cut: 0, wrong: { id: rejected, ood: accepted } };
  let least = rejected / id.length;
  for (let g = 0; g < groups; g++) {
    rejected -= ofId[g]!;
    accepted += ofOod[g]!;
    const rate = rejected / id.length + accepted / ood.length;
    if (rate < least) {
      least = rate;
      best = { cut: g + 1, wrong: { id: rejected, ood: accepted } };
    }
  }
  return best;
}

function wrongAt({ id, ood }: Ranking, cut: number): Wrong {
  let [rejected, accepted] = [0, 0];
  for (let i = 0; i < id.length; i++) if (id[i]! >= cut) rejected++;
  for (let j = 0; j < ood.length; j++) if (ood[j]! < cut) accepted++;
  return { id: rejected, ood: accepted };
}
