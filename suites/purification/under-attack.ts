import type { AdaptiveRows, DrawsRows } from '../../src/measurements.js';
import { type Estimate, meanOf, wilson } from '../../src/metrics.js';
import type { Collected, CollectedRows } from '../../src/suite.js';
import type { Climb } from './climb.js';
import type { RungRequests } from './requests.js';
import { type Judged, judge } from './verdicts.js';

/** What an attack on the whole came to, at one number of SGLD steps. */
export interface UnderAttack {
  climb: Climb;
  /** SGLD steps. */
  steps: number;
  /** Run beside the ladder, with another number of draws per gradient. */
  swept: boolean;
  indices: Int32Array;
  labels: Int32Array;
  /** (n): correct when clean, and not broken. */
  spared: boolean[];
  /** (n): the attack's step that broke it, counted over restarts, or -1. */
  brokenAfter: Int32Array;
  robust: Estimate;
  broken: number;
  /**
   * Of the broken: those whose image lies where it must, and whose mean logits over all draws are wrong too; absent
   * without draws.
   */
  confirmed?: number;
  /** Passes of the networks per example. */
  passes: {
    forward: Estimate;
    gradient: Estimate;
    rows: Pick<AdaptiveRows, 'forwardPasses' | 'gradientPasses'>;
  };
  /** Of the fresh draws at its images. */
  judged?: Judged;
}

/** Undefined where it failed. */
export function underAttack(
  { climb, steps, swept, attack, draws }: RungRequests,
  collected: CollectedRows,
): UnderAttack | undefined {
  const attacked = collected.get(attack);
  if (!attacked?.labels) return undefined;
  const { rows, indices, labels } = attacked;
  const { correct, brokenAt, inside, restart, step } = rows;
  const n = indices.length;
  const perRun = Number(climb.params.attacks[0]!.options.steps) + 1;
  const isBroken = (i: number) => correct.data[i] === 1 && brokenAt.data[i]! >= 0;
  const judged = drawsOf(attacked, draws && collected.get(draws));
  const right = judged?.right['mean-logits'];
  const spared = Array.from(correct.data, (right, i) => right === 1 && brokenAt.data[i]! < 0);
  const broken = Array.from({ length: n }, (_, i) => i).filter(isBroken);
  return {
    ...{ climb, steps, swept, indices, labels, spared },
    brokenAfter: Int32Array.from({ length: n }, (_, i) =>
      isBroken(i) ? restart.data[i]! * perRun + step.data[i]! : -1,
    ),
    robust: wilson(spared.filter(Boolean).length, n),
    broken: broken.length,
    ...(right && { confirmed: broken.filter((i) => inside.data[i] === 1 && right[i] === 0).length }),
    passes: {
      forward: meanOf(rows.forwardPasses.data),
      gradient: meanOf(rows.gradientPasses.data),
      rows,
    },
    ...(judged && { judged }),
  };
}

/** The verdicts on these very examples; failures of one measurement need not be those of the other. */
function drawsOf(
  { indices }: Collected<AdaptiveRows>,
  drawn: Collected<DrawsRows> | undefined,
): Judged | undefined {
  if (!drawn?.labels || drawn.indices.join() !== indices.join()) return undefined;
  return judge(drawn.rows, drawn.labels);
}
