import type { AttackInputs, AttackPlan } from '../../../src/attacks/attack-plan.js';
import type { StageParams } from '../../../src/attacks/compositions.js';
import { parseEpsilons } from '../../../src/attacks/epsilon.js';
import { goalOf } from '../../../src/attacks/goals.js';
import { followed } from '../../../src/attacks/losses.js';
import { norms } from '../../../src/attacks/norms.js';
import { attacks as known } from '../../../src/attacks/registry.js';
import { scores } from '../../../src/scores/registry.js';
import { type AnalyticOptions, analyticSystem, noiseImages } from './analytic-system.js';

/** Pixels of an image here. */
export const SIZE = 6;
/** A linear classifier of three classes. */
export const weights = [
  [3, -1, 2, 0.5, -2, 1],
  [-1, 2, -0.5, 1.5, 1, -2],
  [0.5, 0.5, -2, -1, 2, 1],
];

export interface Wanted
  extends Partial<Omit<AttackPlan, 'stages' | 'norm' | 'epsilons'>>,
    Partial<StageParams> {
  norm?: string;
  epsilons?: (string | number)[];
  /** In place of `method`, `loss`, `restarts` and `options`. */
  attacks?: StageParams[];
}

/** An attack plan of one attack or several; PGD-10 in Linf when nothing is said. */
export function attackPlan(wanted: Wanted = {}): AttackPlan {
  const { method = 'pgd', loss, restarts = 1, options, attacks, norm = 'Linf', epsilons, ...rest } = wanted;
  const own = options ?? (method === 'pgd' ? { steps: 10 } : {});
  const stages = attacks ?? [{ method, restarts, options: own, ...(loss && { loss }) }];
  return {
    stages: stages.map((stage) => ({
      attack: known.named(stage.method).create(stage.options ?? {}, stage.loss),
      restarts: stage.restarts ?? 1,
    })),
    norm: norms.named(norm),
    epsilons: epsilons?.length === 0 ? [] : parseEpsilons(epsilons ?? [0.05, 0.1, 0.2]),
    goal: goalOf({ kind: 'mistake' }, { scores, followed }),
    followed,
    eot: 1,
    confirm: 1,
    keep: 'first',
    ...rest,
  };
}

/** Noise images, labelled by the noiseless system itself but for every fifth. */
export async function targets(
  n: number,
  options: Partial<AnalyticOptions> = {},
  more: Omit<Partial<AttackInputs>, 'system'> = {},
): Promise<Omit<AttackInputs, 'system'> & { system: ReturnType<typeof analyticSystem> }> {
  const system = analyticSystem({ weights, ...options });
  const pixels = noiseImages(n, SIZE);
  const quiet = analyticSystem({ weights, ...options, noise: 0 });
  const { logits = new Float32Array(0) } = await quiet.forward({ n, pixels });
  const classes = system.info.classes.length;
  const labels = Int32Array.from({ length: n }, (_, i) => {
    const row = logits.subarray(i * classes, (i + 1) * classes);
    const predicted = row.indexOf(Math.max(...row));
    return i % 5 === 4 ? (predicted + 1) % classes : predicted;
  });
  const indices = Int32Array.from({ length: n }, (_, i) => i);
  return { system, n, indices, pixels, labels, cleanLogits: logits, seed: 11, ...more };
}
