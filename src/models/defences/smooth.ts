import { createHash } from 'node:crypto';
import { forRanges } from '../../concurrency.js';
import { type Static, Type } from '../../config/type.js';
import { AssayError } from '../../errors.js';
import { argmaxOf } from '../../metrics/softmax.js';
import { type StreamKey, stream } from '../../random/stream.js';
import { imageSize } from '../batching.js';
import { addTo, scaled } from '../passes.js';
import type {
  Batch,
  Capability,
  Evaluated,
  Gradients,
  LossName,
  Outputs,
  Passes,
  QuantityName,
  System,
  SystemInfo,
} from '../system.js';
import { forwardOf, gradientOf } from '../usual.js';
import { overChains } from './chains.js';
import { keysOf } from './keys.js';
import { withoutBounds } from './without-bounds.js';

export const SmoothOptions = Type.Object(
  {
    sigma: Type.Number({
      exclusiveMinimum: 0,
      maximum: 1000,
      default: 0.25,
      description: 'Standard deviation of the noise, in units of pixels in [0, 1].',
    }),
    n: Type.Integer({
      minimum: 1,
      maximum: 1_000_000,
      default: 100,
      description: 'Draws that vote on the class of an image, a forward pass each.',
    }),
    gradientDraws: Type.Integer({
      minimum: 1,
      maximum: 10_000,
      default: 32,
      description:
        'Draws whose mean probabilities attacks follow (SmoothAdv), a forward and a gradient pass each.',
    }),
    seed: Type.Union([Type.Literal('fresh'), Type.Literal('fixed')], {
      default: 'fresh',
      description:
        'fresh draws the noise of every visit anew; fixed draws that of an image once, as SmoothAdv does inside an attack: the attacker then knows it.',
    }),
  },
  {
    additionalProperties: false,
    description: 'Randomised smoothing: the class that most draws of Gaussian noise give.',
  },
);
export type SmoothOptions = Static<typeof SmoothOptions>;

/**
 * A classifier behind randomised smoothing (Cohen et al. 2019): its class is the one that is given most often under noise
 * N(0, sigma^2) on pixels, which are not cut to [0, 1]. Logits are logarithms of shares of the votes, (votes + 1/K) / (n + 1) of K
 * classes, so that they are finite. Losses and their gradients are of the logarithm of the mean probabilities of `gradientDraws`
 * draws, as in SmoothAdv (Salman et al. 2019, eq. 4 and 6), and logits that come with a gradient are those.
 */
export class SmoothedSystem implements System {
  readonly info: SystemInfo;
  readonly batchSize: number;
  readonly concurrency: number;

  constructor(
    private readonly inner: System,
    private readonly options: SmoothOptions,
    name: string,
  ) {
    this.info = describeSmoothed(inner, options, name, inner.groupedGradient !== undefined);
    this.batchSize = Math.max(1, Math.ceil(inner.batchSize / options.gradientDraws));
    this.concurrency = inner.concurrency;
  }

  async evaluate(batch: Batch, quantities: readonly QuantityName[], loss?: LossName): Promise<Evaluated> {
    const missing = quantities.find((name) => name !== 'logits');
    if (missing)
      throw new AssayError('op-unsupported', `"${this.info.name}" has no ${missing}`, {
        found: this.info.lacks[missing] ?? VOTES,
        hint: 'leave out what needs it',
      });
    if (loss === undefined) {
      const { logits, passes } = await this.votes(batch);
      return { values: quantities.length > 0 ? { logits } : {}, passes };
    }
    const found = await this.followed(batch, loss);
    return {
      values: quantities.length > 0 && found.logits ? { logits: found.logits } : {},
      loss: found.loss,
      gradient: found.gradient,
      passes: found.passes,
    };
  }

  forward(batch: Batch): Promise<Outputs> {
    return forwardOf(this, batch);
  }

  gradient(batch: Batch, loss: LossName): Promise<Gradients> {
    return gradientOf(this, batch, loss);
  }

  private async votes(batch: Batch): Promise<{ logits: Float32Array; passes: Passes }> {
    const { n: draws } = this.options;
    const { inner } = this;
    const classes = this.info.classes.length;
    const keys = this.keysOf(batch);
    const counts = new Uint32Array(batch.n * classes);
    const passes: Passes = { forward: 0, gradient: 0 };
    const lanes = { step: inner.batchSize, lanes: inner.concurrency };
    await forRanges(
      batch.n * draws,
      { ...lanes, ...(batch.signal && { signal: batch.signal }) },
      async (start, end) => {
        const at = Array.from({ length: end - start }, (_, i) => start + i);
        const seen = this.noisy(
          batch,
          keys,
          at.map((i) => [Math.floor(i / draws), i % draws]),
        );
        const found = await inner.forward(seen);
        addTo(passes, found.passes);
        at.forEach((i, row) => {
          const given = argmaxOf((found.logits ?? NONE).subarray(row * classes, (row + 1) * classes));
          counts[Math.floor(i / draws) * classes + given]!++;
        });
      },
    );
    return {
      logits: Float32Array.from(counts, (count) => Math.log((count + 1 / classes) / (draws + 1))),
      passes,
    };
  }

  private async followed(batch: Batch, loss: LossName): Promise<Gradients> {
    const { gradientDraws: group } = this.options;
    const grouped = this.inner.groupedGradient?.bind(this.inner);
    if (!grouped)
      throw new AssayError('op-unsupported', `"${this.info.name}" has no gradient`, {
        found: this.info.lacks.inputGradient ?? NO_MEANS,
      });
    const keys = this.keysOf(batch);
    const { keys: _, signal: __, ...aims } = batch;
    const draws = Array.from({ length: batch.n * group }, (_, i): [number, number] => [
      Math.floor(i / group),
      i % group,
    ]);
    const { pixels } = this.noisy(batch, keys, draws);
    const found = await grouped({ ...aims, group, pixels, mean: 'probabilities' }, loss);
    // Each draw's gradient is with respect to the loss of the whole already: the noise is added, so that they add up.
    return { ...found, gradient: overChains(found.gradient, batch.n, group, 1) };
  }

  private keysOf(batch: Batch): readonly StreamKey[] {
    const keys = keysOf(batch, this.info.name);
    return this.options.seed === 'fixed'
      ? keys.map(({ seed, example }) => ({ seed, example, purpose: 'smoothing/fixed' }))
      : keys;
  }

  /** Draws (image, number) of a batch. A random system behind this one draws anew for each. */
  private noisy(
    { pixels }: Batch,
    keys: readonly StreamKey[],
    draws: readonly (readonly [image: number, draw: number])[],
  ): Batch {
    const size = imageSize(this.info);
    const { sigma } = this.options;
    const noise = new Float64Array(size);
    const seen = new Float32Array(draws.length * size);
    const own = draws.map(([image, substep]): StreamKey => {
      const key = keys[image]!;
      return { ...key, purpose: `${key.purpose}/smooth`, substep };
    });
    draws.forEach(([image], row) => {
      stream(own[row]!).normals(noise);
      for (let p = 0; p < size; p++) seen[row * size + p] = pixels[image * size + p]! + sigma * noise[p]!;
    });
    const behind = own.map((key) => ({ ...key, purpose: `${key.purpose}/behind-${key.substep}` }));
    return { n: draws.length, pixels: seen, ...(this.inner.info.stochastic && { keys: behind }) };
  }
}

const NONE = new Float32Array(0);
const VOTES = 'what it says of an image are votes of noisy copies';
const NO_MEANS = 'its classifier has no gradient of averaged probabilities';

/**
 * What is known of a smoothed system before any model is opened.
 * @param averages whether the classifier has a gradient of averages: deterministic models have
 * Errors: `config-invalid` for what does not classify.
 */
export function describeSmoothed(
  { info }: Pick<System, 'info'>,
  options: SmoothOptions,
  name: string,
  averages = !info.stochastic,
): SystemInfo {
  if (!info.offers.includes('logits'))
    throw new AssayError('config-invalid', `"${info.name}" cannot be smoothed`, {
      path: 'smooth',
      expected: 'a classifier',
      found: info.lacks.logits ?? 'a system without logits',
    });
  const { sigma, n, gradientDraws, seed } = options;
  // What lies inside the network is of one draw.
  const { storedChains: _, batchNorms: __, featureWidth: ___, purified: ____, ...rest } = withoutBounds(info);
  const differentiable = averages && info.offers.includes('inputGradient');
  const offers: Capability[] = ['logits', ...(differentiable ? (['inputGradient'] as const) : [])];
  const inner = info.callPasses?.forward ?? { forward: 1, gradient: 0 };
  const behind = info.callPasses?.gradient ?? { forward: 0, gradient: 1 };
  const each = { forward: inner.forward + behind.forward, gradient: inner.gradient + behind.gradient };
  return {
    ...rest,
    name,
    maps: { shapes: [], why: VOTES },
    defence: [
      `smoothed by sigma ${sigma}: the class of most of ${n} draws${seed === 'fixed' ? ', one seed an image' : ''}`,
      info.defence,
    ]
      .filter(Boolean)
      .join('; then '),
    smoothed: { of: info.name, sigma, n },
    callPasses: { forward: scaled(inner, n), gradient: scaled(each, gradientDraws) },
    offers,
    lacks: {
      ...rest.lacks,
      logPx: VOTES,
      hessianProduct: VOTES,
      features: VOTES,
      lastLayer: VOTES,
      ...(!differentiable && { inputGradient: info.lacks.inputGradient ?? NO_MEANS }),
    },
    energy: 'none',
    stochastic: true,
    identity: createHash('sha256')
      .update(JSON.stringify(['smooth', 1, info.identity, sigma, n, gradientDraws, seed]))
      .digest('hex'),
  };
}
