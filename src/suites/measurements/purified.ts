import { AssayError } from '../../errors.js';
import { imageSize } from '../../models/batching.js';
import { overChains, startChains } from '../../models/defences/chains.js';
import { refuseUnfit } from '../../models/defences/describe-purified.js';
import type { PurifyOptions } from '../../models/defences/purify-options.js';
import type { System, SystemInfo } from '../../models/system.js';
import { sgld } from '../../sampling/sgld.js';
import { float32, type RowsIn } from '../columns.js';
import { defineMeasurement, type MeasureContext, type Request, request } from '../contract.js';
import type { AttackRows } from './attack.js';
import { eachBatch } from './batches.js';

/** A chain but for its length. `by` names a system of the run. */
export type ChainParams = Omit<PurifyOptions, 'steps' | 'gradient' | 'seed'>;

/** Chains of several lengths: each is the beginning of the next, so the longest is all that is paid for. */
export interface PurifiedParams extends ChainParams {
  /** Ascending. */
  steps: readonly number[];
}

const columns = ({ classes }: SystemInfo, { steps }: PurifiedParams) => ({
  logits: float32(steps.length, classes.length),
  logPx: float32(steps.length),
  logPxBefore: float32(),
  l2: float32(steps.length),
  linf: float32(steps.length),
});

export type PurifiedRows = RowsIn<ReturnType<typeof columns>>;

/**
 * Purifies and classifies, looking at several numbers of steps on the way. The images are those of the data set,
 * or, given the rows of an attack as input, what that attack made of them. Rows: `logits` (n, steps, classes), the
 * mean over chains; `logPx` (n, steps), the mean over chains of the purifier's log p(x); `logPxBefore` (n), of the
 * image as it came in; `l2` and `linf` (n, steps), the mean over chains of the distance from the image as it came in, in
 * units of pixels in [0, 1].
 */
export const purified = defineMeasurement({
  name: 'purified',
  version: 3,
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
    const [l2, linf] = [new Float32Array(n * count), new Float32Array(n * count)];
    const size = imageSize(system.info);
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
          await sgld(by, state, { steps: steps[k]! - from, from, stepSize, noise, clamp, signal });
          const now = { n: state.n, pixels: state.pixels.slice() };
          const outputs = await system.forward(now);
          const energy = by.info.name === system.info.name ? outputs : await by.forward(now);
          const means = overChains(outputs.logits ?? new Float32Array(0), batch.n, chains, chains);
          const heights = overChains(present(energy.logPx, by), batch.n, chains, chains);
          for (let i = 0; i < batch.n; i++) {
            const row = (start + i) * count + k;
            logits.set(means.subarray(i * classes, (i + 1) * classes), row * classes);
            logPx[row] = heights[i]!;
            const ends = now.pixels.subarray(i * chains * size, (i + 1) * chains * size);
            const before = batch.pixels.subarray(i * size, (i + 1) * size);
            [l2[row], linf[row]] = meanDistances(ends, before);
          }
        }
      },
      options,
    );
    return { logits, logPx, logPxBefore, l2, linf };
  },
});

/** L2 and Linf distance of (chains, C, H, W) from one image, means over the chains. */
function meanDistances(ends: Float32Array, from: Float32Array): [number, number] {
  const chains = ends.length / from.length;
  let [l2, linf] = [0, 0];
  for (let chain = 0; chain < chains; chain++) {
    let [squares, most] = [0, 0];
    for (let j = 0; j < from.length; j++) {
      const moved = Math.abs(ends[chain * from.length + j]! - from[j]!);
      squares += moved * moved;
      if (moved > most) most = moved;
    }
    l2 += Math.sqrt(squares) / chains;
    linf += most / chains;
  }
  return [l2, linf];
}

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
