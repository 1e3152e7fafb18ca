import { runAttack } from '../../attacks/scheduler.js';
import { AssayError } from '../../errors.js';
import {
  behindChains,
  overChains,
  PurifiedSystem,
  type PurifyOptions,
  refuseUnfit,
  startChains,
} from '../../models/defences/purification.js';
import type { Passes, System, SystemInfo } from '../../models/system.js';
import { sgld } from '../../sampling/sgld.js';
import { float32, float64, int32, type RowsIn, uint8 } from '../columns.js';
import { defineMeasurement, type MeasureContext, type Request, request } from '../contract.js';
import { type AttackParams, type AttackRows, attackPasses, attackPlanOf } from './attack.js';
import { eachBatch } from './batches.js';
import { verify } from './verify.js';

/** A chain but for its length. `by` names a system of the run. */
export type ChainParams = Omit<PurifyOptions, 'steps'>;

/** Chains of several lengths: each is the beginning of the next, so the longest is all that is paid for. */
export interface PurifiedParams extends ChainParams {
  /** Ascending. */
  steps: readonly number[];
}

const columns = ({ classes }: SystemInfo, { steps }: PurifiedParams) => ({
  logits: float32(steps.length, classes.length),
  logPx: float32(steps.length),
  logPxBefore: float32(),
});

export type PurifiedRows = RowsIn<ReturnType<typeof columns>>;

/**
 * Purifies and classifies, looking at several numbers of steps on the way. The images are those of the data set,
 * or, given the rows of an attack as input, what that attack made of them. Rows: `logits` (n, steps, classes), the
 * mean over chains; `logPx` (n, steps), the mean over chains of the purifier's log p(x); `logPxBefore` (n), of the
 * image as it came in.
 */
export const purified = defineMeasurement({
  name: 'purified',
  version: 2,
  needs: ['logits'],
  unitSize: 64,
  passes: ({ by, steps, chains }, system) => {
    const looks = by === system.name ? 1 : 2;
    return { forward: 1 + chains * steps.length * looks, gradient: chains * (steps.at(-1) ?? 0) };
  },
  columns,
  async measure(
    context: MeasureContext<[attacked?: Pick<AttackRows, 'pixels'>]>,
    { by: name, steps, chains, stepSize, noise, inputNoise, clamp }: PurifiedParams,
  ) {
    const { system, inputs, signal } = context;
    const by = context.systemNamed(name);
    refuseUnfit(system, by);
    const classes = system.info.classes.length;
    const perturbed = inputs[0]?.pixels;
    const examples = perturbed ? { ...context.examples, pixels: perturbed.data } : context.examples;
    const { n } = examples;
    const count = steps.length;
    const logits = new Float32Array(n * count * classes);
    const logPx = new Float32Array(n * count);
    const logPxBefore = new Float32Array(n);
    const options = { batchSize: Math.max(1, Math.ceil(system.batchSize / chains)) };
    await eachBatch(
      { ...context, examples },
      'purified',
      async (batch, start) => {
        logPxBefore.set(present((await by.forward(batch)).logPx, by), start);
        const keys = Array.from(examples.indices.subarray(start, start + batch.n), (example) => ({
          seed: context.seed,
          purpose: 'purified',
          example,
        }));
        const state = startChains(by, batch, keys, { chains, inputNoise });
        for (let k = 0; k < count; k++) {
          const from = steps[k - 1] ?? 0;
          await sgld(by, state, { steps: steps[k] - from, from, stepSize, noise, clamp, signal });
          const now = { n: state.n, pixels: state.pixels.slice() };
          const found = await system.forward(now);
          const energy = by.info.name === system.info.name ? found : await by.forward(now);
          const means = overChains(found.logits ?? new Float32Array(0), batch.n, chains, chains);
          const heights = overChains(present(energy.logPx, by), batch.n, chains, chains);
          for (let i = 0; i < batch.n; i++) {
            const row = (start + i) * count + k;
            logits.set(means.subarray(i * classes, (i + 1) * classes), row * classes);
            logPx[row] = heights[i];
          }
        }
      },
      options,
    );
    return { logits, logPx, logPxBefore };
  },
});

function present(logPx: Float32Array | undefined, by: System): Float32Array {
  if (logPx) return logPx;
  throw new AssayError('config-invalid', `"${by.info.name}" has no log p(x) to climb`, {
    path: 'purification.by',
    found: by.info.lacks.logPx,
  });
}

/** Of the data set's images, or of what an attack made of them. */
export function purifiedRequest(
  system: string,
  dataset: string,
  params: PurifiedParams,
  first: number,
  attacked?: Request<AttackRows>,
) {
  const inputs = attacked && { inputs: [attacked] as const };
  return request({ measurement: purified, system, dataset, params, first, ...inputs });
}

export interface AdaptiveParams {
  purify: PurifyOptions;
  attack: AttackParams;
}

const adaptiveColumns = (_: SystemInfo, { attack: { attacks } }: AdaptiveParams) => ({
  correct: uint8(),
  adversarial: uint8(),
  brokenAt: int32(),
  distance: float64(),
  forward: int32(attacks.length),
  gradient: int32(attacks.length),
  reproduced: uint8(),
  inside: uint8(),
});

export type AdaptiveRows = RowsIn<ReturnType<typeof adaptiveColumns>>;

/**
 * Attacks a classifier together with its purification, through straight-through gradients (BPDA) averaged over
 * draws (EOT). Rows as those of `attack`, without `pixels`, and of `verify`.
 */
export const adaptiveAttack = defineMeasurement({
  name: 'adaptive-attack',
  version: 3,
  needs: ['logits', 'inputGradient'],
  unitSize: 32,
  passes({ purify, attack }, system, catalogue) {
    const behind = { ...system, stochastic: true };
    const { forward, gradient } = attackPasses(attack, behind, catalogue);
    // One for the clean image, and those of `verify`.
    const looks = 1 + 2 * Math.max(attack.eot, attack.confirm);
    return behindChains({ forward: forward + looks, gradient }, purify);
  },
  columns: adaptiveColumns,
  async measure(context, { purify, attack }: AdaptiveParams) {
    const { examples, seed, signal, fail } = context;
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
    const found = await runAttack(
      { system, n, indices, pixels, labels, cleanLogits, seed, signal, fail, outlook },
      attackPlanOf(attack, context.catalogue),
    );
    const { correct, adversarial, brokenAt, distance, forward, gradient } = found;
    const { norm, epsilons, eot, confirm } = attack;
    const stored = {
      pixels: { shape: [n, ...system.info.shape], data: found.pixels },
      adversarial: { shape: [n], data: adversarial },
      brokenAt: { shape: [n], data: brokenAt },
    };
    const { reproduced, inside } = await verify.measure(
      { ...context, system, inputs: [stored], outlook },
      { norm, epsilons, draws: Math.max(eot, confirm) },
    );
    return { correct, adversarial, brokenAt, distance, forward, gradient, reproduced, inside };
  },
});
