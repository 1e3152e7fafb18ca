import type { Campaign } from '../../attacks/campaign.js';
import { parseEpsilons } from '../../attacks/epsilon.js';
import type { AttackLoss } from '../../attacks/losses.js';
import { normNamed } from '../../attacks/norms.js';
import { attackNamed } from '../../attacks/registry.js';
import { runAttack } from '../../attacks/scheduler.js';
import { AssayError } from '../../errors.js';
import { defineMeasurement, type Request, request } from '../contract.js';
import { clean } from './clean.js';

/** Everything that decides an attack's outcome, as plain JSON. */
export interface AttackParams {
  method: string;
  norm: string;
  /** As written, smallest first. */
  epsilons: readonly string[];
  restarts: number;
  loss: AttackLoss;
  eot: number;
  confirm: number;
  keep: 'first' | 'strongest';
  /** Options of the attack's own, with its defaults filled in. */
  options: Record<string, unknown>;
}

/** Errors: `unknown-name`, `config-invalid`. */
export function campaignOf(params: AttackParams): Campaign {
  const { method, norm, epsilons, restarts, loss, eot, confirm, keep, options } = params;
  return {
    attack: attackNamed(method).create(options),
    norm: normNamed(norm),
    epsilons: parseEpsilons(epsilons),
    restarts,
    loss,
    eot,
    confirm,
    keep,
  };
}

/**
 * Attacks every correctly classified example at every radius; reads the rows of `clean`. Rows, see `Attacked`:
 * `correct` (n), `brokenAt` (n): position among the sorted epsilons of the smallest that broke it, or -1;
 * `pixels` (n, C, H, W): the adversarial image, or what came nearest to one; `distance`, `loss`, `prediction`,
 * `restart`, `step`, `zeroGradient`, `forward` and `gradient` (n).
 */
export const attack = defineMeasurement<AttackParams>({
  name: 'attack',
  version: 1,
  needs: ['logits', 'inputGradient'],
  unitSize: 256,
  async measure({ system, examples, inputs, seed, signal }, params) {
    const { n, indices, pixels, labels } = examples;
    const cleanLogits = inputs[0]?.logits;
    if (!labels || !cleanLogits) {
      throw new AssayError('suite-failed', 'an attack needs labels and the clean logits', {
        hint: 'request it with `attackRequest`, on a labelled data set',
      });
    }
    const found = await runAttack(
      { system, n, indices, pixels, labels, cleanLogits: cleanLogits.data, seed, signal },
      campaignOf(params),
    );
    const shape = [n];
    return {
      correct: { shape, data: found.correct },
      brokenAt: { shape, data: found.brokenAt },
      pixels: { shape: [n, ...system.info.shape], data: found.pixels },
      distance: { shape, data: found.distance },
      loss: { shape, data: found.loss },
      prediction: { shape, data: found.prediction },
      restart: { shape, data: found.restart },
      step: { shape, data: found.step },
      zeroGradient: { shape, data: found.zeroGradient },
      forward: { shape, data: found.forward },
      gradient: { shape, data: found.gradient },
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
