import { createHash } from 'node:crypto';
import { type Static, Type } from '../../config/type.js';
import { AssayError } from '../../errors.js';
import type { StreamKey } from '../../random/stream.js';
import { addNoise, type SgldState, sgld } from '../../sampling/sgld.js';
import type {
  Batch,
  Capability,
  Evaluated,
  Gradients,
  LastLayer,
  LossName,
  Outputs,
  Passes,
  QuantityName,
  System,
  SystemInfo,
} from '../system.js';
import { forwardOf, gradientOf } from '../usual.js';

/** The chain, as the JEM paper sets it (Grathwohl et al. 2019, section 5.4 and their code). */
export const chainOptions = {
  stepSize: Type.Number({
    minimum: 0,
    default: 1,
    description: "SGLD step size, in units of the purifying model's own input.",
  }),
  noise: Type.Number({
    minimum: 0,
    default: 0.01,
    description: "Noise per SGLD step, in units of the purifying model's own input.",
  }),
  inputNoise: Type.Number({
    minimum: 0,
    default: 0.03,
    description: "Noise added before the first step, in units of the purifying model's own input.",
  }),
  chains: Type.Integer({
    minimum: 1,
    maximum: 1000,
    default: 5,
    description: 'Chains whose logits are averaged.',
  }),
  clamp: Type.Union([Type.Literal('none'), Type.Literal('box')], {
    default: 'none',
    description: 'none lets chains leave [0, 1], as the public JEM code does; box clips every step.',
  }),
};

export const PurifyOptions = Type.Object(
  {
    by: Type.String({ minLength: 1, description: 'Name of the model whose log p(x) is climbed.' }),
    steps: Type.Integer({ minimum: 0, maximum: 100_000, default: 10, description: 'SGLD steps.' }),
    ...chainOptions,
  },
  { additionalProperties: false, description: 'SGLD purification before classification.' },
);
export type PurifyOptions = Static<typeof PurifyOptions>;

/**
 * Starts of `chains` chains per image, the chains of an image together, with the input noise added. The noise of a
 * step is that of (key, chain, step), so that the first k steps of a longer chain are the chain of k steps, and chains
 * can be looked at on their way.
 */
export function startChains(
  by: System,
  { n, pixels }: Pick<Batch, 'n' | 'pixels'>,
  keys: readonly StreamKey[],
  { chains, inputNoise }: Pick<PurifyOptions, 'chains' | 'inputNoise'>,
): SgldState {
  const size = pixels.length / Math.max(1, n);
  const copies = new Float32Array(n * chains * size);
  for (let row = 0; row < n * chains; row++) {
    const i = Math.floor(row / chains);
    copies.set(pixels.subarray(i * size, (i + 1) * size), row * size);
  }
  const each = keys.flatMap((key) =>
    Array.from({ length: chains }, (_, chain) => ({
      ...key,
      purpose: `${key.purpose}/purify/chain-${chain}`,
    })),
  );
  const state: SgldState = { n: n * chains, pixels: copies, keys: each };
  addNoise(state, inputNoise, by.info.inputScale);
  return state;
}

/** What the chains made of each image (n * chains, C, H, W), and what it cost. */
interface Purified {
  pixels: Float32Array;
  passes: Passes;
}

/**
 * A classifier behind SGLD purification. Logits are the mean over chains, as in JEM's refinement; log p(x) is the
 * mean over chains of the classifier's log p at the purified images, and so are the features, of which the logits
 * remain the same linear function. Gradients are straight-through (BPDA, Athalye
 * et al. 2018): the loss of the mean logits differentiated at the purified images, summed over chains, with the
 * purification taken for the identity.
 */
export class PurifiedSystem implements System {
  readonly info: SystemInfo;
  readonly batchSize: number;
  readonly concurrency: number;

  constructor(
    private readonly classifier: System,
    private readonly by: System,
    private readonly options: PurifyOptions,
    name: string,
  ) {
    const differentiable = classifier.groupedGradient !== undefined;
    this.info = describePurified(classifier, by, options, name, differentiable);
    this.batchSize = Math.max(1, Math.ceil(classifier.batchSize / options.chains));
    this.concurrency = classifier.concurrency;
  }

  get lastLayer(): LastLayer | undefined {
    return this.classifier.lastLayer;
  }

  async evaluate(batch: Batch, wanted: readonly QuantityName[], loss?: LossName): Promise<Evaluated> {
    const purified = await this.purified(batch);
    if (loss === undefined) return this.averaged(batch, purified, wanted);
    const differentiated = await this.differentiated(batch, purified, loss);
    const { logits, logPx, passes } = differentiated;
    const known: Evaluated['values'] = { ...(logits && { logits }), ...(logPx && { logPx }) };
    const more = wanted.filter((name) => !known[name]);
    const others = more.length > 0 ? await this.averaged(batch, { ...purified, passes }, more) : undefined;
    const values = { ...known, ...others?.values };
    return {
      values: Object.fromEntries(wanted.map((name) => [name, values[name]])),
      loss: differentiated.loss,
      gradient: differentiated.gradient,
      passes: others?.passes ?? passes,
    };
  }

  forward(batch: Batch): Promise<Outputs> {
    return forwardOf(this, batch);
  }

  gradient(batch: Batch, loss: LossName): Promise<Gradients> {
    return gradientOf(this, batch, loss);
  }

  /** Means over the chains of an image: of its logits, of log p(x), of its features. */
  private async averaged(
    { n, keys: given }: Batch,
    { pixels, passes }: Purified,
    wanted: readonly QuantityName[],
  ): Promise<Evaluated> {
    const { chains } = this.options;
    // A defence may stand before another one, which then draws for itself.
    const keys = this.classifier.info.stochastic
      ? given?.flatMap((key) =>
          Array.from({ length: chains }, (_, chain) => ({
            ...key,
            purpose: `${key.purpose}/behind/chain-${chain}`,
          })),
        )
      : undefined;
    const of = { n: n * chains, pixels, ...(keys && { keys }) };
    const { values, passes: own } = await this.classifier.evaluate(of, wanted);
    const means = Object.entries(values).map(([name, all]) => [name, overChains(all, n, chains, chains)]);
    return { values: Object.fromEntries(means), passes: sum(passes, own) };
  }

  private async differentiated(
    batch: Batch,
    { pixels, passes }: Purified,
    loss: LossName,
  ): Promise<Gradients> {
    const { chains } = this.options;
    const grouped = this.classifier.groupedGradient?.bind(this.classifier);
    if (!grouped) {
      throw new AssayError('op-unsupported', `"${this.info.name}" has no gradient`, {
        found: this.info.lacks.inputGradient,
      });
    }
    const { n, labels, targets, threshold } = batch;
    const found = await grouped({ n, group: chains, pixels, labels, targets, threshold }, loss);
    return {
      ...found,
      // Each draw's gradient already carries the 1 / chains of the mean: the chain rule sums.
      gradient: overChains(found.gradient, n, chains, 1),
      passes: sum(passes, found.passes),
    };
  }

  private async purified(batch: Batch): Promise<Purified> {
    if (batch.keys?.length !== batch.n) {
      throw new AssayError(
        'suite-failed',
        `"${this.info.name}" is stochastic and was not told where to draw`,
        {
          expected: `${batch.n} keys`,
          found: batch.keys ? String(batch.keys.length) : 'none',
          hint: 'give `keys` with every batch of a system whose info says `stochastic`',
        },
      );
    }
    const state = startChains(this.by, batch, batch.keys, this.options);
    return { passes: await sgld(this.by, state, this.options), pixels: state.pixels };
  }
}

/** Calls of a purified system as passes of the networks in it. */
export function behindChains(
  { forward, gradient }: Passes,
  { chains, steps }: Pick<PurifyOptions, 'chains' | 'steps'>,
): Passes {
  const climbs = chains * steps * (forward + gradient);
  return { forward: chains * forward, gradient: climbs + chains * gradient };
}

/** The sum over chains by `divisor`, in double precision: (n * chains, width) to (n, width). */
export function overChains(values: Float32Array, n: number, chains: number, divisor: number): Float32Array {
  const width = values.length / Math.max(1, n * chains);
  const out = new Float32Array(n * width);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < width; j++) {
      let total = 0;
      for (let chain = 0; chain < chains; chain++) total += values[(i * chains + chain) * width + j];
      out[i * width + j] = total / divisor;
    }
  }
  return out;
}

const sum = (a: Passes, b: Passes): Passes => ({
  forward: a.forward + b.forward,
  gradient: a.gradient + b.gradient,
});

/** Errors: `config-invalid` when the purifier has no gradient of log p(x), or other images than the classifier. */
export function refuseUnfit(classifier: Described, by: Described): void {
  const lack = (['logPx', 'inputGradient'] as const).find((need) => !by.info.offers.includes(need));
  if (lack || by.info.stochastic) {
    throw new AssayError('config-invalid', `"${by.info.name}" cannot purify`, {
      path: 'purify.by',
      expected: 'a bare model with log p(x) and its gradient',
      found: lack ? (by.info.lacks[lack] ?? `no ${lack}`) : 'a stochastic system',
    });
  }
  if (by.info.shape.join() === classifier.info.shape.join()) return;
  throw new AssayError('config-invalid', `"${by.info.name}" cannot purify for "${classifier.info.name}"`, {
    path: 'purify.by',
    expected: `images of shape [${classifier.info.shape.join(', ')}]`,
    found: `[${by.info.shape.join(', ')}]`,
  });
}

/** A system as far as it is described. */
export type Described = Pick<System, 'info'>;

/**
 * What is known of a purified system before any model is opened.
 * @param averages whether the classifier has a gradient of averaged logits: deterministic models have
 * Errors: as `refuseUnfit`.
 */
export function describePurified(
  classifier: Described,
  by: Described,
  options: PurifyOptions,
  name: string,
  averages = !classifier.info.stochastic,
): SystemInfo {
  refuseUnfit(classifier, by);
  const { info } = classifier;
  const { steps, chains, stepSize, noise, inputNoise, clamp } = options;
  const differentiable = info.offers.includes('inputGradient') && averages;
  const offers: Capability[] = info.offers.filter(
    (one) => one !== 'hessianProduct' && (one !== 'inputGradient' || differentiable),
  );
  const why = info.lacks.inputGradient ?? 'its classifier has no gradient of averaged logits';
  const plural = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`;
  return {
    ...info,
    name,
    defence:
      `purified by ${by.info.name}: ${plural(steps, 'step')} of size ${stepSize}, noise ${noise}, input noise ` +
      `${inputNoise}, ${plural(chains, 'chain')}${clamp === 'box' ? ', kept in the box' : ''}`,
    offers,
    lacks: {
      ...info.lacks,
      ...(!differentiable && { inputGradient: why }),
      hessianProduct: 'its images go through chains, of which there are first derivatives only',
    },
    stochastic: true,
    identity: createHash('sha256')
      .update(
        JSON.stringify([
          'purify',
          2,
          info.identity,
          by.info.identity,
          steps,
          chains,
          stepSize,
          noise,
          inputNoise,
          clamp,
        ]),
      )
      .digest('hex'),
  };
}
