import { parseEpsilon } from '../../attacks/epsilon.js';
import { isInside } from '../../attacks/norms.js';
import { runAttack } from '../../attacks/scheduler.js';
import { AssayError } from '../../errors.js';
import { imageSize } from '../../models/batching.js';
import { PurifiedSystem } from '../../models/defences/purification.js';
import { behindChains } from '../../models/defences/purified-passes.js';
import type { PurifyOptions } from '../../models/defences/purify-options.js';
import type { Passes, SystemInfo } from '../../models/system.js';
import { float32, float64, int32, type RowsIn, uint8 } from '../columns.js';
import { defineMeasurement } from '../contract.js';
import { type AttackParams, attackPasses, attackPlanOf } from './attack.js';
import { eachBatch } from './batches.js';

export interface AdaptiveParams {
  /** The whole that is attacked; what its gradient is, it says itself. */
  purify: PurifyOptions;
  attack: AttackParams;
}

const columns = ({ shape }: SystemInfo) => ({
  correct: uint8(),
  adversarial: uint8(),
  brokenAt: int32(),
  distance: float64(),
  inside: uint8(),
  pixels: float32(...shape),
  restart: int32(),
  step: int32(),
  forwardPasses: float64(),
  gradientPasses: float64(),
});

export type AdaptiveRows = RowsIn<ReturnType<typeof columns>>;

/**
 * Attacks a classifier together with its purification, by the gradient that `purify` names, averaged over draws (EOT).
 * Rows (n) as those of `attack`, with `inside`, 1 where `pixels` are in their ball and in [0, 1], looked at again; and
 * `forwardPasses` and `gradientPasses`, of the networks inside, chains and their steps counted.
 */
export const adaptiveAttack = defineMeasurement({
  name: 'adaptive-attack',
  version: 5,
  needs: ['logits', 'inputGradient'],
  unitSize: 32,
  endsEarly: true,
  passes({ purify, attack }: AdaptiveParams, system, catalogue) {
    const { forward, gradient } = attackPasses(attack, { ...system, stochastic: true }, catalogue);
    // One more for the clean image.
    return behindChains({ forward: forward + 1, gradient }, purify);
  },
  columns,
  async measure(context, { purify, attack }) {
    const { examples, seed, signal, fail, catalogue } = context;
    const outlook = context.outlook && {
      begin: (more: number) => context.outlook?.begin(more),
      spare: (passes: Passes) => context.outlook?.spare(behindChains(passes, purify)),
    };
    const { n, indices, pixels, labels } = examples;
    if (!labels) throw new AssayError('suite-failed', 'an attack needs labels');
    const name = `${context.system.info.name}, purified`;
    const system = new PurifiedSystem(context.system, context.systemNamed(purify.by), purify, name);
    const classes = system.info.classes.length;
    const cleanLogits = new Float32Array(n * classes);
    await eachBatch({ ...context, system }, 'clean', async (batch, start) => {
      cleanLogits.set((await system.forward(batch)).logits ?? [], start * classes);
    });
    const attacked = await runAttack(
      { system, n, indices, pixels, labels, cleanLogits, seed, signal, fail, outlook },
      attackPlanOf(attack, catalogue),
    );
    const norm = catalogue.norms.named(attack.norm);
    const size = imageSize(system.info);
    const image = (of: Float32Array, i: number) => of.subarray(i * size, (i + 1) * size);
    const inside = Uint8Array.from({ length: n }, (_, i) => {
      // Adversarial beyond every radius: found by an attack that looks for the nearest.
      const radius = attack.epsilons[attacked.brokenAt[i]!] ?? attack.epsilons.at(-1);
      const epsilon = radius === undefined ? Number.POSITIVE_INFINITY : parseEpsilon(radius).value;
      return isInside(norm, image(attacked.pixels, i), image(pixels, i), epsilon) ? 1 : 0;
    });
    const stages = attack.attacks.length;
    const spent = Array.from({ length: n }, (_, i) => {
      const total = (counts: Int32Array) =>
        counts.subarray(i * stages, (i + 1) * stages).reduce((sum, count) => sum + count, 0);
      return behindChains(
        { forward: 1 + total(attacked.forward), gradient: total(attacked.gradient) },
        purify,
      );
    });
    const { correct, adversarial, brokenAt, distance, restart, step } = attacked;
    return {
      ...{ correct, adversarial, brokenAt, distance, inside, restart, step },
      pixels: attacked.pixels,
      forwardPasses: Float64Array.from(spent, ({ forward }) => forward),
      gradientPasses: Float64Array.from(spent, ({ gradient }) => gradient),
    };
  },
});
