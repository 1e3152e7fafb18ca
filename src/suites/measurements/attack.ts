import { type AttackPlan, exampleCost } from '../../attacks/attack-plan.js';
import type { StageParams } from '../../attacks/compositions.js';
import { parseEpsilons } from '../../attacks/epsilon.js';
import { type Goal, type GoalParams, goalOf } from '../../attacks/goals.js';
import { type AttackRow, settledOptions } from '../../attacks/registry.js';
import { runAttack } from '../../attacks/scheduler.js';
import { isBallNorm } from '../../bounds/margins.js';
import { AssayError } from '../../errors.js';
import type { BoundQuestion, Passes, SystemInfo } from '../../models/system.js';
import type { Catalogue } from '../catalogue.js';
import { float32, float64, int32, type RowsIn, uint8 } from '../columns.js';
import { defineMeasurement, type MeasureContext, type Request, request } from '../contract.js';
import { clean, type OutputRows } from './clean.js';
import { type ProvedRows, provedRequest } from './proved.js';

/** Everything that decides an attack's outcome, as plain JSON. */
export interface AttackParams {
  /** One after the other, on what is left. */
  attacks: readonly Required<StageParams>[];
  norm: string;
  /** As written, smallest first; none for attacks that look for the nearest adversarial point. */
  epsilons: readonly string[];
  goal: GoalParams;
  eot: number;
  /** Left out: gradients of draws are averaged. */
  average?: 'selective';
  confirm: number;
  keep: AttackPlan['keep'];
  /** Radii at which an example is proved to be robust, by these bounds, are not attacked. */
  certify?: BoundQuestion['method'];
}

/** A stage with its defaults filled in. Errors: `unknown-name`, `config-invalid`. */
export function settledStage(
  { method, loss, restarts = 1, options = {} }: StageParams,
  { attacks }: Catalogue,
): Required<StageParams> {
  const attack = attacks.named(method);
  const own = settledOptions(attack, options);
  return { method, loss: attack.create(own, loss).loss, restarts, options: own };
}

/** Errors: `unknown-name`; `config-invalid` where attack, norm, goal and `keep` do not go together. */
export function attackPlanOf(
  { attacks, norm, epsilons, goal, eot, average, confirm, keep }: AttackParams,
  catalogue: Catalogue,
): AttackPlan {
  const aim = goalOf(goal, catalogue);
  return {
    stages: attacks.map(({ method, loss, restarts, options }) => {
      const attack = catalogue.attacks.named(method);
      refuseUnfit(attack, norm, goal, aim);
      return { attack: attack.create(options, loss), restarts };
    }),
    norm: catalogue.norms.named(norm),
    epsilons: epsilons.length > 0 ? parseEpsilons(epsilons) : [],
    goal: aim,
    followed: catalogue.followed,
    eot,
    ...(average && { average }),
    confirm,
    keep,
  };
}

/** Passes of one example that is never broken. Errors: as `attackPlanOf`. */
export function attackPasses(params: AttackParams, system: SystemInfo, catalogue: Catalogue): Passes {
  return exampleCost(attackPlanOf(params, catalogue), system);
}

function refuseUnfit({ name, norms, losses }: AttackRow, norm: string, goal: GoalParams, aim: Goal): void {
  if (norms && !norms.includes(norm)) {
    throw new AssayError('config-invalid', `the attack "${name}" is not defined in ${norm}`, {
      path: 'norm',
      expected: norms.join(' or '),
      found: norm,
    });
  }
  if (!aim.anyAttack && losses.length === 1) {
    throw new AssayError('config-invalid', `the attack "${name}" cannot pursue the goal "${goal.kind}"`, {
      path: 'method',
      hint: 'its loss is its own: choose one that climbs any loss, such as pgd or apgd',
    });
  }
}

/** Columns of every attack; see `Attacked`. Passes and gradients are counted by attack. */
export const attackColumns = (
  { shape }: Pick<SystemInfo, 'shape'>,
  { attacks, epsilons, certify }: Pick<AttackParams, 'attacks' | 'epsilons' | 'certify'>,
) => ({
  correct: uint8(),
  brokenAt: int32(),
  brokenBy: int32(),
  adversarial: uint8(),
  pixels: float32(...shape),
  distance: float64(),
  loss: float64(),
  prediction: int32(),
  restart: int32(),
  target: int32(),
  step: int32(),
  forward: int32(attacks.length),
  gradient: int32(attacks.length),
  naiveForward: int32(attacks.length),
  naiveGradient: int32(attacks.length),
  zeroGradients: int32(attacks.length),
  zeroStarts: int32(attacks.length),
  callsAt: certify ? int32(epsilons.length) : undefined,
});

export type AttackRows = RowsIn<ReturnType<typeof attackColumns>>;

/**
 * Whether an example counts as broken at a radius: it broke there or at a smaller one. Both are positions among the
 * sorted radii; -1 for none.
 */
export const brokenAtRadius = (brokenAt: number, radius: number): boolean =>
  brokenAt >= 0 && brokenAt <= radius;

/**
 * Attacks every example that is not lost already, at every radius; reads the rows of `clean`. Rows, see `Attacked`:
 * `correct` (n); `brokenAt` (n): position among the sorted epsilons of the smallest that broke it, or -1;
 * `brokenBy` (n): position among the attacks; `pixels` (n, C, H, W): the adversarial image, or what came nearest to
 * one; `adversarial`, `distance`, `loss`, `prediction`, `restart`, `target` and `step` (n); and by attack, (n,
 * attacks): `forward`, `gradient`, `naiveForward`, `naiveGradient`, `zeroGradients` and `zeroStarts`. With `certify` it reads
 * the rows of `proved` as well, leaves out the radii at which an example is proved, and has `callsAt` (n, radii), calls of the
 * system at each.
 */
export const attack = defineMeasurement({
  name: 'attack',
  version: 2,
  needs: ['logits', 'inputGradient'],
  unitSize: 256,
  endsEarly: true,
  passes: attackPasses,
  columns: attackColumns,
  async measure(
    {
      system,
      examples,
      inputs: [{ logits, logPx }, proved],
      seed,
      signal,
      fail,
      outlook,
      catalogue,
    }: MeasureContext<[OutputRows, ProvedRows?]>,
    params: AttackParams,
  ) {
    const { n, indices, pixels, labels } = examples;
    const attackPlan = attackPlanOf(params, catalogue);
    if (!logits || (!labels && attackPlan.goal.labelled)) {
      throw new AssayError('suite-failed', 'an attack needs labels and the clean logits', {
        hint: 'request it with `attackRequest`, on a labelled data set',
      });
    }
    // Sets from elsewhere may have classes of their own, which a goal without labels must not hand to the system.
    const own = attackPlan.goal.labelled && labels ? labels : new Int32Array(n);
    const on = { system, n, indices, pixels, labels: own, seed, signal, fail, outlook };
    const clean = { cleanLogits: logits.data, ...(logPx && { cleanLogPx: logPx.data }) };
    const known = proved && { proved: proved.radii.data };
    const { batches: _, callsAt, ...rows } = await runAttack({ ...on, ...clean, ...known }, attackPlan);
    return { ...rows, ...(params.certify && { callsAt }) };
  },
});

/** An attack with what it reads. */
export function attackRequest(system: string, dataset: string, params: AttackParams, first?: number) {
  const { certify: method, norm, epsilons } = params;
  const logits: Request<OutputRows> = request({ measurement: clean, system, dataset, first });
  const inputs: [Request<OutputRows>, Request<ProvedRows>?] =
    method && isBallNorm(norm)
      ? [logits, provedRequest(system, dataset, { method, norm, epsilons }, first)]
      : [logits];
  return request({ measurement: attack, system, dataset, params, inputs, first });
}
