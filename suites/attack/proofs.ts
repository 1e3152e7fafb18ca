import { parseEpsilon, refuseContradiction } from '../../src/attack.js';
import {
  type AttackParams,
  type AttackRows,
  type BoundsLookRows,
  LOOK,
  type ProvedParams,
  type ProvedRows,
} from '../../src/measurements.js';
import { type Estimate, jointBootstrap, meanOf, meanRatioOfDraws, wilson } from '../../src/metrics.js';
import type { Collected, DatasetInfo, SystemInfo } from '../../src/suite.js';

/** What bounds proved, and what an attack was spared by it. */
export interface Proofs {
  method: ProvedParams['method'];
  /** (n) at how many radii, smallest first, an example is proved. */
  radii: Int32Array;
  /** One per radius: at least so many are robust. */
  lower: Estimate[];
  /** One per radius: of the calls of the system without proofs, the share that was saved. */
  saved: Estimate[];
  /** (n, radii) calls of the system that were saved, and that there would have been without proofs. */
  savedCalls: Float64Array;
  allCalls: Float64Array;
  /** Passes of the bounds: (n) each, and their means. */
  boundPasses: { gradient: Int32Array; forward: Int32Array };
  gradient: Estimate;
  forward: Estimate;
  /** Of the first look: `hopeful`, or why nothing else was bounded. */
  outcome: number;
  look: { images: number; fall: number; margin: number };
}

/** @param calls of the system for an example at one radius that nothing breaks: what a proof saves */
export function proofsOf(
  { certify: method, epsilons }: AttackParams,
  { rows }: Collected<AttackRows>,
  { rows: proved }: Collected<ProvedRows>,
  { rows: look }: Collected<BoundsLookRows>,
  { calls, seed }: { calls: number; seed: number },
): Proofs | undefined {
  if (!method || !rows.callsAt) return undefined;
  const [radii, width] = [proved.radii.data, epsilons.length];
  const made = rows.callsAt.data;
  const savedCalls = Float64Array.from({ length: made.length }, (_, at) =>
    at % width < radii[Math.floor(at / width)]! ? calls : 0,
  );
  const allCalls = savedCalls.map((saved, at) => saved + made[at]!);
  const n = radii.length;
  const at = (k: number, of: Float64Array) => of.filter((_, i) => i % width === k);
  return {
    method,
    radii,
    lower: epsilons.map((_, k) => wilson(radii.filter((most) => most > k).length, n)),
    saved: epsilons.map((_, k) => shareOf(at(k, savedCalls), at(k, allCalls), seed)),
    savedCalls,
    allCalls,
    boundPasses: { gradient: proved.gradient.data, forward: proved.forward.data },
    gradient: meanOf(proved.gradient.data),
    forward: meanOf(proved.forward.data),
    outcome: look.outcome.data[0]!,
    look: { images: look.taken.data[0]!, fall: look.fall.data[0]!, margin: look.margin.data[0]! },
  };
}

/** The ratio of two sums; none where the second is nothing. */
const shareOf = (part: Float64Array, all: Float64Array, seed: number): Estimate =>
  jointBootstrap(
    all.length,
    [{ of: (times: Uint8Array) => ({ share: meanRatioOfDraws(part, all, 1)(times) }) }],
    {
      seed,
    },
  ).share;

export const isHopeless = ({ outcome }: Proofs): boolean => outcome === LOOK.hopeless;
export const isUnbounded = ({ outcome }: Proofs): boolean => outcome === LOOK.unbounded;

/**
 * Holds what is proved against every attack that there is: the attack itself, which finds points in smaller balls too, and the
 * checks, which attack all examples, proved or not.
 * Errors: `suite-failed`.
 */
export function refuseBroken(
  { system, dataset, params }: { system: SystemInfo; dataset: DatasetInfo; params: AttackParams },
  { method, radii }: Proofs,
  { indices }: Collected<ProvedRows>,
  attacks: readonly Collected<AttackRows>[],
): void {
  const within = params.epsilons.map((text) => parseEpsilon(text).value);
  const place = new Map(Array.from(indices, (example, i) => [example, i]));
  const broken = attacks.flatMap(({ rows: { adversarial, distance }, indices: attacked }) =>
    Array.from(attacked).flatMap((example, i) => {
      const most = radii[place.get(example) ?? -1] ?? 0;
      return most > 0 && adversarial.data[i] === 1 && distance.data[i]! <= within[most - 1]!
        ? [{ example, most }]
        : [];
    }),
  );
  const smallest = Math.min(...broken.map(({ most }) => most));
  refuseContradiction({
    method,
    system: system.name,
    dataset: dataset.name,
    ball: `${params.norm} ${params.epsilons[smallest - 1]}`,
    examples: [...new Set(broken.map(({ example }) => example))].sort((a, b) => a - b),
  });
}
