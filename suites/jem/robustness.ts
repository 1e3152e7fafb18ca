import { parseEpsilon } from '../../src/attack.js';
import { type AttackRows, brokenAtRadius } from '../../src/measurements.js';
import { jointBootstrap, wilson } from '../../src/metrics.js';
import type { Collected, CollectedRows, DatasetInfo, Rows, SystemInfo } from '../../src/suite.js';
import { shares } from './classification.js';
import type { Compared, Deviation } from './deviation.js';
import type { RobustnessRequests } from './requests.js';
import { common } from './scored.js';

/** Who is robust at a radius, by how it is judged: 1 for correct when clean and not broken. (n) each. */
export interface Verdicts {
  /** The search, as published: the image of the last start that found one, by one draw. */
  last: Uint8Array;
  /** The nearest of all starts. */
  best: Uint8Array;
  /** The same of those that are wrong again by fresh draws. */
  confirmed: Uint8Array;
  /** The sweep of radii; and what is left when the full gradient has had its turn as well. */
  sweep: Uint8Array;
  corrected: Uint8Array;
}

/** JEM-k under attack in one norm. */
export interface Robustness {
  system: SystemInfo;
  dataset: DatasetInfo;
  norm: string;
  epsilons: readonly string[];
  full: boolean;
  indices: Int32Array;
  labels: Int32Array;
  /** (n): when clean, by one draw. */
  correct: Uint8Array;
  /** (n): how far the published image lies; Infinity where there is none. */
  distance: Float64Array;
  /** By radius. */
  verdicts: readonly Verdicts[];
}

/** Undefined where rows are missing; examples that failed under any of the attacks are left out of all. */
export function robustnessOf(
  on: Pick<Robustness, 'system' | 'dataset' | 'norm'>,
  requests: RobustnessRequests,
  collected: CollectedRows,
): Robustness | undefined {
  const searches = requests.starts.flatMap(({ main, verified }) => {
    const [first, again] = [collected.get(main), collected.get(verified)];
    return first && again ? [{ found: first, again }] : [];
  });
  const swept = collected.get(requests.sweep.main);
  const back = requests.full && collected.get(requests.full.main);
  if (!swept?.labels || searches.length < requests.starts.length || (requests.full && !back))
    return undefined;
  const { labels } = swept;
  const everything = [
    swept,
    ...searches.flatMap(({ found, again }) => [found, again]),
    ...(back ? [back] : []),
  ];
  const indices = common(everything.map((one) => one.indices));
  const n = indices.length;
  const [sweep, full] = [aligned(swept, indices), back && aligned(back, indices)];
  const each = (test: (i: number) => boolean) => Uint8Array.from({ length: n }, (_, i) => Number(test(i)));
  const correct = each((i) => sweep.rows.correct.data[sweep.at[i]!] === 1);
  const starts = searches.map(({ found, again }) => {
    const [main, verified] = [aligned(found, indices), aligned(again, indices)];
    const holds = (row: number) =>
      verified.rows.reproduced.data[row] === 1 && verified.rows.inside.data[row] === 1;
    return {
      found: distances(main, () => true),
      confirmed: distances(main, (i) => holds(verified.at[i]!)),
    };
  });
  const least = (lists: readonly Float64Array[]) =>
    Float64Array.from({ length: n }, (_, i) => Math.min(...lists.map((list) => list[i]!)));
  const last = Float64Array.from(
    { length: n },
    (_, i) => starts.findLast(({ found }) => Number.isFinite(found[i]))?.found[i] ?? Number.POSITIVE_INFINITY,
  );
  const best = least(starts.map(({ found }) => found));
  const confirmed = least(starts.map((start) => start.confirmed));
  const verdicts = requests.epsilons.map((text, k): Verdicts => {
    const { value } = parseEpsilon(text);
    const beyond = (reached: Float64Array) => each((i) => correct[i] === 1 && reached[i]! > value);
    const spared = (by: typeof sweep | undefined, i: number) =>
      !by || !brokenAtRadius(by.rows.brokenAt.data[by.at[i]!]!, k);
    const left = each((i) => correct[i] === 1 && spared(sweep, i));
    return {
      last: beyond(last),
      best: beyond(best),
      confirmed: beyond(confirmed),
      sweep: left,
      corrected: each((i) => left[i] === 1 && spared(full, i)),
    };
  });
  return {
    ...on,
    epsilons: requests.epsilons,
    full: full !== undefined,
    indices,
    labels: Int32Array.from(sweep.at, (row) => labels[row]!),
    correct,
    distance: last,
    verdicts,
  };
}

/** Rows, and (n) where each of the examples is among them. */
interface Aligned<R extends Rows> {
  rows: R;
  at: Int32Array;
}

function aligned<R extends Rows>({ rows, indices: from }: Collected<R>, indices: Int32Array): Aligned<R> {
  const place = new Map(Array.from(from, (index, row) => [index, row]));
  return { rows, at: indices.map((index) => place.get(index) ?? 0) };
}

/** How far the stored image lies; Infinity where there is none that passes. */
function distances({ rows, at }: Aligned<AttackRows>, passes: (i: number) => boolean): Float64Array {
  const { adversarial, distance } = rows;
  return Float64Array.from(at, (row, i) =>
    adversarial.data[row] === 1 && passes(i) ? distance.data[row]! : Number.POSITIVE_INFINITY,
  );
}

const total = (values: Uint8Array): number => values.reduce((sum, v) => sum + v, 0);

/**
 * Robust accuracy at a radius, from the published number to the one that should be: each deviation is what it is worth
 * when those before it are gone, so that they add up to the whole difference.
 */
export function comparedAt(
  { system, dataset, norm, epsilons, correct, verdicts, full }: Robustness,
  k: number,
  { sheet, resamples, seed }: { sheet: string; resamples: number; seed: number },
): Omit<Compared, 'shown'> {
  const { last, best, confirmed, sweep, corrected } = verdicts[k]!;
  const n = correct.length;
  const where = { model: system.name, dataset: dataset.name, norm, epsilon: epsilons[k]! };
  const rows = (outcome: keyof Verdicts, among = {}) => ({
    sheet,
    where: { ...where, ...among },
    statistic: 'share',
    columns: { outcome },
  });
  return {
    title: `Robust accuracy, ${norm} ${epsilons[k]}`,
    params: { quantity: 'robust-accuracy', norm, epsilon: epsilons[k]! },
    format: 'percent',
    better: 'higher',
    system: system.name,
    published: { estimate: wilson(total(last), total(correct)), rows: rows('last', { correct: true }) },
    corrected: { estimate: wilson(total(corrected), n), rows: rows('corrected') },
    deviations: [
      skipped(last, correct, { resamples, seed }),
      shares('last-restart', last, best),
      shares('one-draw-verdict', best, confirmed),
      shares('least-distance-search', confirmed, sweep),
      ...(full ? [shares('straight-through-gradient', sweep, corrected)] : []),
    ],
  };
}

/** Among the images that are correct when clean, minus among all of them. */
function skipped(
  robust: Uint8Array,
  correct: Uint8Array,
  { resamples, seed }: { resamples: number; seed: number },
): Deviation {
  const of = (times: Uint8Array) => {
    let [all, right, left] = [0, 0, 0];
    for (let i = 0; i < times.length; i++) {
      all += times[i]!;
      right += times[i]! * correct[i]!;
      left += times[i]! * robust[i]!;
    }
    return { difference: left / right - left / all };
  };
  const { difference } = jointBootstrap(robust.length, [{ of }], {
    seed,
    resamples,
    purpose: 'bootstrap/jem',
  });
  const n = robust.length;
  const [among, over] = [total(robust) / total(correct), total(robust) / n];
  return { name: 'clean-errors-skipped', with: among, without: over, difference };
}
