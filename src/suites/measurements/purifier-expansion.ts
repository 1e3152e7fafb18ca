import { mapTuple } from '../../map-tuple.js';
import { imageSize } from '../../models/batching.js';
import { startChains } from '../../models/defences/chains.js';
import { refuseUnfit } from '../../models/defences/describe-purified.js';
import type { Batch, SystemInfo } from '../../models/system.js';
import { type StreamKey, stream } from '../../random/stream.js';
import { sgld } from '../../sampling/sgld.js';
import { float32, type RowsIn } from '../columns.js';
import { defineMeasurement } from '../contract.js';
import { eachBatch } from './batches.js';
import type { PurifiedParams } from './purified.js';

export type ExpansionParams = Omit<PurifiedParams, 'chains'>;

const columns = (_: SystemInfo, { steps }: ExpansionParams) => ({ expansion: float32(steps.length) });

export type ExpansionRows = RowsIn<ReturnType<typeof columns>>;

/** Standard deviation of the perturbation, in pixels of [0, 1]: far above rounding, far below a grey level's worth of a chain. */
const DEVIATION = 1e-3;

/**
 * Whether a purifier pulls images together: |P(x + d; s) - P(x; s)| / |d| for a small random d and the same noise s, L2. An
 * indicator that needs no attack (Yuezhang & Wei 2025): above 1 a perturbation grows on its way. Row: `expansion` (n, steps).
 */
export const purifierExpansion = defineMeasurement({
  name: 'purifier-expansion',
  version: 1,
  needs: ['logits'],
  unitSize: 64,
  passes: ({ steps }: ExpansionParams) => ({ forward: 0, gradient: 2 * (steps.at(-1) ?? 0) }),
  columns,
  async measure(context, { by: name, steps, stepSize, noise, inputNoise, clamp }) {
    const { system, examples, seed, signal } = context;
    const by = context.systemNamed(name);
    refuseUnfit(system, by);
    const size = imageSize(system.info);
    const expansion = new Float32Array(examples.n * steps.length);
    await eachBatch(context, 'expansion', async (batch, start) => {
      const keyed = (purpose: string): StreamKey[] =>
        Array.from(examples.indices.subarray(start, start + batch.n), (example) => ({
          ...{ seed, purpose, example },
        }));
      const moved = perturbed(batch, size, keyed('expansion/direction'));
      const keys = keyed('expansion');
      const options = { chains: 1, inputNoise };
      const [here, there] = mapTuple([batch, moved], (one) => startChains(by, one, keys, options));
      for (const [k, count] of steps.entries()) {
        const from = steps[k - 1] ?? 0;
        for (const state of [here, there])
          await sgld(by, state, { steps: count - from, from, stepSize, noise, clamp, signal });
        for (let i = 0; i < batch.n; i++) {
          const apart = distance(here.pixels, there.pixels, i, size);
          expansion[(start + i) * steps.length + k] = apart / distance(batch.pixels, moved.pixels, i, size);
        }
      }
    });
    return { expansion };
  },
});

function perturbed({ n, pixels }: Batch, size: number, keys: readonly StreamKey[]) {
  const moved = pixels.slice();
  const draws = new Float64Array(size);
  for (let i = 0; i < n; i++) {
    stream(keys[i]!).normals(draws);
    for (let j = 0; j < size; j++) moved[i * size + j]! += DEVIATION * draws[j]!;
  }
  return { n, pixels: moved };
}

/** L2, of image i. */
function distance(a: Float32Array, b: Float32Array, i: number, size: number): number {
  let squares = 0;
  for (let j = i * size; j < (i + 1) * size; j++) squares += (a[j]! - b[j]!) ** 2;
  return Math.sqrt(squares);
}
