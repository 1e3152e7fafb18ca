import { type Campaign, exampleCost } from '../../attacks/campaign.js';
import type { StageParams } from '../../attacks/compositions.js';
import { parseEpsilons } from '../../attacks/epsilon.js';
import { type Goal, type GoalParams, goalOf } from '../../attacks/goals.js';
import { normNamed } from '../../attacks/norms.js';
import { type AttackRow, attackNamed, settledOptions } from '../../attacks/registry.js';
import { runAttack } from '../../attacks/scheduler.js';
import { AssayError } from '../../errors.js';
import type { Passes, SystemInfo } from '../../models/system.js';
import { defineMeasurement, type Request, request } from '../contract.js';
import { clean } from './clean.js';

/** Everything that decides an attack's outcome, as plain JSON. */
export interface AttackParams {
  /** One after the other, on what is left. */
  attacks: readonly Required<StageParams>[];
  norm: string;
  /** As written, smallest first; none for attacks that look for the nearest adversarial point. */
  epsilons: readonly string[];
  goal: GoalParams;
  eot: number;
  confirm: number;
  keep: Campaign['keep'];
}

/** A stage with its defaults filled in. Errors: `unknown-name`, `config-invalid`. */
export function settledStage({
  method,
  loss,
  restarts = 1,
  options = {},
}: StageParams): Required<StageParams> {
  const own = settledOptions(method, options);
  return { method, loss: attackNamed(method).create(own, loss).loss, restarts, options: own };
}

/** Errors: `unknown-name`; `config-invalid` where attack, norm, goal and `keep` do not go together. */
export function campaignOf({ attacks, norm, epsilons, goal, eot, confirm, keep }: AttackParams): Campaign {
  const aim = goalOf(goal);
  return {
    stages: attacks.map(({ method, loss, restarts, options }) => {
      refuseUnfit(attackNamed(method), norm, goal, aim);
      return { attack: attackNamed(method).create(options, loss), restarts };
    }),
    norm: normNamed(norm),
    epsilons: epsilons.length > 0 ? parseEpsilons(epsilons) : [],
    goal: aim,
    eot,
    confirm,
    keep,
  };
}

/** Passes of one example that is never broken. Errors: as `campaignOf`. */
export function attackPasses(params: AttackParams, system: SystemInfo): Passes {
  return exampleCost(campaignOf(params), system);
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

/**
 * Attacks every example that is not lost already, at every radius; reads the rows of `clean`. Rows, see `Attacked`:
 * `correct` (n); `brokenAt` (n): position among the sorted epsilons of the smallest that broke it, or -1;
 * `brokenBy` (n): position among the attacks; `pixels` (n, C, H, W): the adversarial image, or what came nearest to
 * one; `adversarial`, `distance`, `loss`, `prediction`, `restart`, `target` and `step` (n); and by attack, (n,
 * attacks): `forward`, `gradient`, `naiveForward`, `naiveGradient`, `zeroGradients` and `zeroStarts`.
 */
export const attack = defineMeasurement<AttackParams>({
  name: 'attack',
  version: 2,
  needs: ['logits', 'inputGradient'],
  unitSize: 256,
  passes: attackPasses,
  async measure({ system, examples, inputs, seed, signal, fail, outlook }, params) {
    const { n, indices, pixels, labels } = examples;
    const { logits, logPx } = inputs[0] ?? {};
    const campaign = campaignOf(params);
    if (!logits || (!labels && campaign.goal.labelled)) {
      throw new AssayError('suite-failed', 'an attack needs labels and the clean logits', {
        hint: 'request it with `attackRequest`, on a labelled data set',
      });
    }
    // Sets from elsewhere may have classes of their own, which a goal without labels must not hand to the system.
    const known = campaign.goal.labelled && labels ? labels : new Int32Array(n);
    const on = { system, n, indices, pixels, labels: known, seed, signal, fail, outlook };
    const clean = { cleanLogits: logits.data, ...(logPx && { cleanLogPx: logPx.data }) };
    const found = await runAttack({ ...on, ...clean }, campaign);
    const shape = [n];
    const perAttack = [n, params.attacks.length];
    return {
      correct: { shape, data: found.correct },
      brokenAt: { shape, data: found.brokenAt },
      brokenBy: { shape, data: found.brokenBy },
      adversarial: { shape, data: found.adversarial },
      pixels: { shape: [n, ...system.info.shape], data: found.pixels },
      distance: { shape, data: found.distance },
      loss: { shape, data: found.loss },
      prediction: { shape, data: found.prediction },
      restart: { shape, data: found.restart },
      target: { shape, data: found.target },
      step: { shape, data: found.step },
      forward: { shape: perAttack, data: found.forward },
      gradient: { shape: perAttack, data: found.gradient },
      naiveForward: { shape: perAttack, data: found.naiveForward },
      naiveGradient: { shape: perAttack, data: found.naiveGradient },
      zeroGradients: { shape: perAttack, data: found.zeroGradients },
      zeroStarts: { shape: perAttack, data: found.zeroStarts },
    };
  },
});

/** An attack with what it reads. */
export function attackRequest(
  system: string,
  dataset: string,
  params: AttackParams,
  first?: number,
): Request<never> {
  const wanted = { system, dataset, ...(first !== undefined && { first }) };
  const inputs = [request({ measurement: clean, params: {}, ...wanted })];
  return request({ measurement: attack, params, inputs, ...wanted });
}
