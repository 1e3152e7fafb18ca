import { parseEpsilon } from '../../attacks/epsilon.js';
import { isInside } from '../../attacks/norms.js';
import { forRanges } from '../../concurrency.js';
import { concatenated } from '../../data/arrays/nd-array.js';
import type { Examples } from '../../data/dataset.js';
import { AssayError } from '../../errors.js';
import { marginOf } from '../../losses/margin.js';
import { argmaxOf } from '../../metrics/softmax.js';
import { imageSize } from '../../models/batching.js';
import type { Batch, System, SystemInfo } from '../../models/system.js';
import { int32, type RowsIn, uint8 } from '../columns.js';
import { defineMeasurement, type MeasureContext, type Request, request } from '../contract.js';
import type { AttackParams, AttackRows } from './attack.js';

/** Which balls the stored images claim to be in. */
export interface VerifyParams {
  norm: string;
  /** As the attack has them. */
  epsilons: readonly string[];
  /** Fresh draws of a stochastic system whose mean logits decide. */
  draws: number;
}

const columns = { reproduced: uint8(), inside: uint8(), survives8bit: uint8(), prediction: int32() };

export type VerifiedRows = RowsIn<typeof columns>;

/** What is looked at of an attack. */
type Stored = Pick<AttackRows, 'pixels' | 'adversarial' | 'brokenAt'>;

/**
 * Looks again at what an attack stored, in fresh passes: is it misclassified, is it in its ball and in [0, 1], and
 * does it survive rounding to 8 bits, as a PNG would? Rows (n), 1 for yes; examples without an adversarial image are
 * not looked at and have 0: `reproduced`, where a label ahead by no more than float32 rounding is no contradiction;
 * `inside`, `survives8bit`; and `prediction`, -1 where not looked at.
 */
export const verify = defineMeasurement({
  name: 'verify',
  version: 2,
  needs: ['logits'],
  unitSize: 256,
  endsEarly: true,
  passes: (params, system) => ({ forward: 2 * drawsOf(params, system), gradient: 0 }),
  columns,
  async measure(
    { system, examples, inputs: [attacked], seed, signal, outlook, catalogue }: MeasureContext<[Stored]>,
    params: VerifyParams,
  ) {
    const { labels, n } = examples;
    if (!labels) throw new AssayError('suite-failed', 'a verification needs labels');
    const size = imageSize(system.info);
    const stored = attacked.pixels.data;
    const image = (i: number) => stored.subarray(i * size, (i + 1) * size);
    const broken = Array.from({ length: n }, (_, i) => i).filter((i) => attacked.adversarial.data[i] === 1);
    outlook?.spare({ forward: (n - broken.length) * 2 * drawsOf(params, system.info), gradient: 0 });
    const rows = {
      reproduced: new Uint8Array(n),
      inside: new Uint8Array(n),
      survives8bit: new Uint8Array(n),
      prediction: new Int32Array(n).fill(-1),
    };
    const norm = catalogue.norms.named(params.norm);
    for (const i of broken) {
      const at = attacked.brokenAt.data[i]!;
      // Adversarial beyond every radius: found by an attack that looks for the nearest.
      const value = at < 0 ? Number.POSITIVE_INFINITY : parseEpsilon(params.epsilons[at]!).value;
      const x0 = examples.pixels.subarray(i * size, (i + 1) * size);
      rows.inside[i] = isInside(norm, image(i), x0, value) ? 1 : 0;
    }
    const lanes = { step: system.batchSize, lanes: system.concurrency, signal };
    await forRanges(broken.length, lanes, async (start, end) => {
      const chosen = broken.slice(start, end);
      const images = concatenated(chosen.map(image));
      const fresh = await meanLogits(system, examples, chosen, images, {
        ...params,
        seed,
        purpose: 'verify',
      });
      const rounded = images.map((v) => Math.round(v * 255) / 255);
      const coarse = await meanLogits(system, examples, chosen, rounded, {
        ...params,
        seed,
        purpose: 'verify/8-bit',
      });
      chosen.forEach((i, row) => {
        rows.prediction[i] = argmaxOf(fresh(row));
        rows.reproduced[i] = isMistake(fresh(row), labels[i]!, BATCH_ROUNDING) ? 1 : 0;
        rows.survives8bit[i] = isMistake(coarse(row), labels[i]!, 0) ? 1 : 0;
      });
    });
    return rows;
  },
});

/** Relative difference of logits between two batches of the same images, by float32 rounding alone. */
export const BATCH_ROUNDING = 1e-5;

/** Whether another class is ahead of the label, or not behind by more than so much of the largest logit. */
export function isMistake(logits: ArrayLike<number>, label: number, tolerance: number): boolean {
  const top = argmaxOf(logits);
  if (top !== label) return true;
  return tolerance > 0 && -marginOf(logits, label) <= tolerance * Math.abs(logits[top]!);
}

const drawsOf = ({ draws }: Pick<VerifyParams, 'draws'>, { stochastic }: SystemInfo) =>
  stochastic ? draws : 1;

/** The logits of each chosen image; their mean over fresh draws when the system is stochastic. */
async function meanLogits(
  system: System,
  examples: Examples,
  chosen: readonly number[],
  pixels: Float32Array,
  { draws, seed, purpose }: { draws: number; seed: number; purpose: string },
): Promise<(row: number) => Float64Array> {
  const n = chosen.length;
  const classes = system.info.classes.length;
  const total = new Float64Array(n * classes);
  for (let draw = 0; draw < drawsOf({ draws }, system.info); draw++) {
    const keys = chosen.map((i) => ({ seed, purpose: `${purpose}-${draw}`, example: examples.indices[i]! }));
    const batch: Batch = { n, pixels, ...(system.info.stochastic && { keys }) };
    const { logits = [] } = await system.forward(batch);
    for (let k = 0; k < total.length; k++) total[k]! += logits[k]!;
  }
  return (row) => total.subarray(row * classes, (row + 1) * classes);
}

/** The verification of an attack. */
export function verifyRequest(attacked: Request<Stored>, { norm, epsilons, eot, confirm }: AttackParams) {
  const { system, dataset, first } = attacked;
  const params: VerifyParams = { norm, epsilons, draws: Math.max(eot, confirm) };
  return request({ measurement: verify, system, dataset, params, inputs: [attacked], first });
}
