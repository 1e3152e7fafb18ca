import { AssayError } from '../../errors.js';
import { mapTuple } from '../../map-tuple.js';
import { chainGradients } from '../../models/defences/chain-gradients.js';
import { describePurified } from '../../models/defences/describe-purified.js';
import { behindChains } from '../../models/defences/purified-passes.js';
import type { PurifyOptions } from '../../models/defences/purify-options.js';
import type { Batch, LossName, SystemInfo } from '../../models/system.js';
import { float32, type RowsIn } from '../columns.js';
import { defineMeasurement, type MeasureContext, type Request, request } from '../contract.js';
import type { AttackRows } from './attack.js';
import { eachBatch } from './batches.js';

export interface ChainGradientParams {
  /** Its `gradient` is of no matter: both are looked at. */
  purify: PurifyOptions;
  /** Of the mean logits. */
  loss: LossName;
  /** Draws that are averaged; even. */
  draws: number;
}

const columns = (_: SystemInfo, { purify: { steps } }: ChainGradientParams) => ({
  cosine: float32(steps + 1),
  norms: float32(steps + 1),
  growth: float32(),
  convergence: float32(),
  convergenceStraight: float32(),
});

export type ChainGradientRows = RowsIn<ReturnType<typeof columns>>;

/**
 * What becomes of the gradient of a loss on its way back through the chains of a purification. V_k is the sum over the chains
 * of an image of v_k = d loss / d x_k: V_K is the straight-through gradient (BPDA), V_0 the full one. The images are those of
 * the data set, or, given the rows of an attack as input, what that attack made of them. Rows, of means over draws:
 * `cosine` (n, steps + 1) of V_K and V_k; `norms` (n, steps + 1), the root mean square over chains and draws of |v_k|, and
 * `growth` (n), the first of them by the last; `convergence` (n), the cosine between the full gradients of two halves of the
 * draws, and `convergenceStraight` (n) between the straight-through ones. A cosine with nothing is 0, growth from nothing 1.
 */
export const chainGradientDiagnostics = defineMeasurement({
  name: 'chain-gradients',
  version: 2,
  needs: ['logits', 'inputGradient'],
  unitSize: 32,
  passes: ({ purify, draws }: ChainGradientParams) =>
    behindChains({ forward: 0, gradient: draws }, { ...purify, gradient: 'full' }),
  columns,
  async measure(
    context: MeasureContext<[attacked?: Pick<AttackRows, 'pixels'>]>,
    { purify, loss, draws }: ChainGradientParams,
  ) {
    const { system, inputs, seed } = context;
    if (!Number.isInteger(draws / 2) || draws < 2)
      throw new AssayError('suite-failed', 'halves of the draws of chains are compared', {
        expected: 'an even number of draws, 2 at least',
        found: String(draws),
      });
    const parts = { classifier: system, by: context.systemNamed(purify.by), options: purify };
    describePurified(system, parts.by, { ...purify, gradient: 'full' }, system.info.name);
    const perturbed = inputs[0]?.pixels;
    const examples = perturbed ? { ...context.examples, pixels: perturbed.data } : context.examples;
    const { n, indices } = examples;
    const looks = purify.steps + 1;
    const rows = {
      cosine: new Float32Array(n * looks),
      norms: new Float32Array(n * looks),
      growth: new Float32Array(n),
      convergence: new Float32Array(n),
      convergenceStraight: new Float32Array(n),
    };
    const options = { batchSize: Math.max(1, Math.ceil(system.batchSize / (purify.chains * draws))) };
    await eachBatch(
      { ...context, examples },
      'chain-gradients',
      async (batch, start) => {
        const of = indices.subarray(start, start + batch.n);
        const size = batch.pixels.length / batch.n;
        let straight: Float64Array | undefined;
        const drawn = repeated(batch, draws, (i, draw) => ({
          ...{ seed, purpose: 'chain-gradients', example: of[i]!, step: draw },
        }));
        const gradients = await chainGradients(parts, drawn, loss, (step, sum, squares) => {
          const means = meansOf(sum, batch.n, size, 0, draws, draws);
          straight ??= means;
          for (let i = 0; i < batch.n; i++) {
            const at = (start + i) * looks + step;
            const own = (values: Float64Array) => values.subarray(i * size, (i + 1) * size);
            rows.cosine[at] = cosine(own(straight), own(means));
            const total = squares.subarray(i * draws, (i + 1) * draws).reduce((a, b) => a + b, 0);
            rows.norms[at] = Math.sqrt(total / (draws * purify.chains));
          }
        });
        const agreement = (values: Float32Array) => {
          const half = draws / 2;
          const [a, b] = mapTuple([0, half], (first) => meansOf(values, batch.n, size, first, half, draws));
          return (i: number) =>
            cosine(a.subarray(i * size, (i + 1) * size), b.subarray(i * size, (i + 1) * size));
        };
        const [full, bpda] = [agreement(gradients.full), agreement(gradients.straightThrough)];
        for (let i = 0; i < batch.n; i++) {
          const at = (start + i) * looks;
          const [first, last] = [rows.norms[at]!, rows.norms[at + looks - 1]!];
          rows.growth[start + i] = last > 0 ? first / last : 1;
          rows.convergence[start + i] = full(i);
          rows.convergenceStraight[start + i] = bpda(i);
        }
      },
      options,
    );
    return rows;
  },
});

/** Every example as often as there are draws, the draws of one together. */
function repeated(
  { n, pixels, labels }: Batch,
  draws: number,
  key: (i: number, draw: number) => NonNullable<Batch['keys']>[number],
): Batch {
  const size = pixels.length / n;
  const all = Array.from({ length: n * draws }, (_, row): [number, number] => [
    Math.floor(row / draws),
    row % draws,
  ]);
  const copies = new Float32Array(n * draws * size);
  all.forEach(([i], row) => {
    copies.set(pixels.subarray(i * size, (i + 1) * size), row * size);
  });
  return {
    n: n * draws,
    pixels: copies,
    ...(labels && { labels: Int32Array.from(all, ([i]) => labels[i]!) }),
    keys: all.map(([i, draw]) => key(i, draw)),
  };
}

/** Means over `count` draws of each example from draw `first` on: (n * draws, size) to (n, size). */
function meansOf(
  values: Float32Array,
  n: number,
  size: number,
  first: number,
  count: number,
  draws: number,
): Float64Array {
  const means = new Float64Array(n * size);
  for (let i = 0; i < n; i++)
    for (let draw = first; draw < first + count; draw++)
      for (let j = 0; j < size; j++) means[i * size + j]! += values[(i * draws + draw) * size + j]! / count;
  return means;
}

function cosine(a: Float64Array, b: Float64Array): number {
  let [product, left, right] = [0, 0, 0];
  for (let j = 0; j < a.length; j++) {
    product += a[j]! * b[j]!;
    left += a[j]! * a[j]!;
    right += b[j]! * b[j]!;
  }
  const length = Math.sqrt(left) * Math.sqrt(right);
  return length > 0 ? Math.min(1, Math.max(-1, product / length)) : 0;
}

/** Of the data set's images, or of what an attack made of them. */
export function chainGradientsRequest(
  system: string,
  dataset: string,
  params: ChainGradientParams,
  first: number,
  attacked?: Request<AttackRows>,
): Request<ChainGradientRows> {
  const inputs = attacked && { inputs: [attacked] as const };
  return request({ measurement: chainGradientDiagnostics, system, dataset, params, first, ...inputs });
}
