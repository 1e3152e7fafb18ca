import { type AttackPlan, attackPlanOf, type ResolvedAttack } from '../../src/attack.js';
import { type AttackRows, brokenAtRadius, type VerifiedRows } from '../../src/measurements.js';
import { type Estimate, meanOf, wilson } from '../../src/metrics.js';
import type { Catalogue, Collected, DatasetInfo, NdArray, SystemInfo } from '../../src/suite.js';
import type { Proofs } from './proofs.js';

/** Passes per example, spent and as a plain schedule spends them. */
export interface Cost {
  gradient: Estimate;
  forward: Estimate;
  naiveGradient: Estimate;
  naiveForward: Estimate;
}

/** What one attack of several did. */
export interface Member {
  /** Name in the registry. */
  method: string;
  label: string;
  /** Share of all examples that it broke, at some radius, before any other attack did. */
  first: Estimate;
  /** Per radius: accuracy once it and the attacks before it have run. */
  after: Estimate[];
  cost: Cost;
  /** Of its gradients: zero everywhere. */
  zeroGradients: Estimate;
}

/** One attack, or one composition, on one system and data set, as numbers. */
export interface AttackResult extends ResolvedAttack {
  system: SystemInfo;
  dataset: DatasetInfo;
  attackPlan: AttackPlan;
  n: number;
  collected: Collected<AttackRows>;
  verified: Collected<VerifiedRows> | undefined;
  /** On the same examples. */
  clean: Estimate;
  /** One per radius. */
  robust: Estimate[];
  /** With an adversarial example, within a radius or beyond all. */
  broken: number;
  /** Broken by the attack, but not so in a fresh pass from what was stored. */
  disagreements: number;
  /** Stored images outside their ball or box. */
  outside: number;
  /** Of the broken: still misclassified when rounded to 8 bits. */
  survives8bit: Estimate;
  /** Of the attacked: a first gradient of some run was zero everywhere. */
  zeroStarts: Estimate;
  byAttack: Member[];
  cost: Cost;
  /** Where examples were to be proved before they are attacked. */
  proofs?: Proofs;
}

export const count = ({ data }: NdArray, of: (value: number, i: number) => boolean): number => {
  let total = 0;
  for (let i = 0; i < data.length; i++) if (of(data[i]!, i)) total++;
  return total;
};

/** Accuracy at a radius: correct when clean, and not broken at it or a smaller one; over all examples. */
export function robustAccuracy({ rows }: Collected<AttackRows>, radius: number): Estimate {
  const { correct, brokenAt } = rows;
  const robust = count(correct, (c, i) => c === 1 && !brokenAtRadius(brokenAt.data[i]!, radius));
  return wilson(robust, correct.data.length);
}

/** Column `k` of (n, columns), or all columns summed. */
export function column({ shape, data }: NdArray, k?: number): Float64Array {
  const [n, columns] = shape as [number, number];
  return Float64Array.from({ length: n }, (_, i) => {
    if (k !== undefined) return data[i * columns + k]!;
    let sum = 0;
    for (let j = 0; j < columns; j++) sum += data[i * columns + j]!;
    return sum;
  });
}

const costOf = ({ rows }: Collected<AttackRows>, k?: number): Cost => ({
  gradient: meanOf(column(rows.gradient, k)),
  forward: meanOf(column(rows.forward, k)),
  naiveGradient: meanOf(column(rows.naiveGradient, k)),
  naiveForward: meanOf(column(rows.naiveForward, k)),
});

function memberOf(
  collected: Collected<AttackRows>,
  { params, members }: ResolvedAttack,
  stage: number,
): Member {
  const { correct, brokenAt, brokenBy, gradient, zeroGradients } = collected.rows;
  const n = correct.data.length;
  const sum = (row: NdArray) => column(row, stage).reduce((a, b) => a + b, 0);
  const left = (radius: number) =>
    count(correct, (c, i) => {
      const at = brokenAt.data[i]!;
      const gone = at >= 0 && (at < radius || (at === radius && brokenBy.data[i]! <= stage));
      return c === 1 && !gone;
    });
  return {
    method: params.attacks[stage]!.method,
    label: members[stage]!,
    first: wilson(
      count(brokenBy, (by) => by === stage),
      n,
    ),
    after: params.epsilons.map((_, radius) => wilson(left(radius), n)),
    cost: costOf(collected, stage),
    zeroGradients: wilson(sum(zeroGradients), sum(gradient)),
  };
}

export function attackResult(
  on: Pick<AttackResult, 'system' | 'dataset'> & { planned: ResolvedAttack },
  collected: Collected<AttackRows>,
  verified: Collected<VerifiedRows> | undefined,
  proofs: Proofs | undefined,
  catalogue: Catalogue,
): AttackResult {
  const { rows } = collected;
  const { system, dataset, planned } = on;
  const n = rows.correct.data.length;
  const right = count(rows.correct, (c) => c === 1);
  const largest = planned.params.epsilons.length;
  const attacked = count(rows.correct, (c, i) => c === 1 && !(proofs && proofs.radii[i] === largest));
  const brokenCount = count(rows.adversarial, (a) => a === 1);
  const among = (row: NdArray | undefined, value: number) =>
    row ? count(row, (v, i) => rows.adversarial.data[i] === 1 && v === value) : 0;
  const zeroStarts = column(rows.zeroStarts);
  return {
    ...planned,
    system,
    dataset,
    attackPlan: attackPlanOf(planned.params, catalogue),
    n,
    collected,
    verified,
    ...(proofs && { proofs }),
    clean: wilson(right, n),
    robust: planned.params.epsilons.map((_, k) => robustAccuracy(collected, k)),
    broken: brokenCount,
    disagreements: among(verified?.rows.reproduced, 0),
    outside: among(verified?.rows.inside, 0),
    survives8bit: wilson(among(verified?.rows.survives8bit, 1), verified ? brokenCount : 0),
    zeroStarts: wilson(zeroStarts.filter((starts) => starts > 0).length, attacked),
    byAttack: planned.params.attacks.map((_, stage) => memberOf(collected, planned, stage)),
    cost: costOf(collected),
  };
}

/** Verdicts that did not come out again, and points outside, an example counted once. */
export function unconfirmed({ verified, collected }: AttackResult): number {
  if (!verified) return 0;
  const { reproduced, inside } = verified.rows;
  return count(
    reproduced,
    (again, i) => collected.rows.adversarial.data[i] === 1 && !(again === 1 && inside.data[i] === 1),
  );
}

/** Whether the verdicts can be trusted: a deterministic system repeats its mistakes, and points lie where they should. */
export const reproduced = (result: AttackResult): boolean =>
  unconfirmed(result) === 0 || (result.system.stochastic && result.outside === 0);
