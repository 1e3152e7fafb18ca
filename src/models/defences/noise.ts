import { createHash } from 'node:crypto';
import { type Static, Type } from '../../config/type.js';
import { addNoise } from '../../sampling/sgld.js';
import type {
  Batch,
  Evaluated,
  Gradients,
  LastLayer,
  LossName,
  Outputs,
  QuantityName,
  System,
  SystemInfo,
} from '../system.js';
import { forwardOf, gradientOf } from '../usual.js';
import { keysOf } from './keys.js';
import { withoutBounds } from './without-bounds.js';

export const NoiseOptions = Type.Object(
  {
    std: Type.Number({
      exclusiveMinimum: 0,
      maximum: 1000,
      default: 0.03,
      description:
        "Standard deviation, in units of the model's own input: 0.03 of an input in [-1, 1] is 0.015 of pixels in [0, 1].",
    }),
  },
  { additionalProperties: false, description: 'Gaussian noise on every image before it is looked at.' },
);
export type NoiseOptions = Static<typeof NoiseOptions>;

/**
 * A system that sees every image through N(0, std^2) in units of its own input, drawn for every example and visit and
 * not cut to [0, 1]: how the public JEM code evaluates everything (eval_wrn_ebm.py, `--sigma`). Outputs and gradients are
 * those of one draw; since noise is added, the gradient with respect to the image is exact.
 */
export class NoisySystem implements System {
  readonly info: SystemInfo;
  readonly batchSize: number;
  readonly concurrency: number;

  constructor(
    private readonly inner: System,
    private readonly options: NoiseOptions,
    name: string,
  ) {
    this.info = describeNoisy(inner, options, name);
    this.batchSize = inner.batchSize;
    this.concurrency = inner.concurrency;
  }

  get lastLayer(): LastLayer | undefined {
    return this.inner.lastLayer;
  }

  async evaluate(batch: Batch, quantities: readonly QuantityName[], loss?: LossName): Promise<Evaluated> {
    return this.inner.evaluate(this.seen(batch), quantities, loss);
  }

  forward(batch: Batch): Promise<Outputs> {
    return forwardOf(this, batch);
  }

  gradient(batch: Batch, loss: LossName): Promise<Gradients> {
    return gradientOf(this, batch, loss);
  }

  /** Noise is added, so that the inner system's Hessian at what it sees is that of the whole. */
  get hessianProduct(): System['hessianProduct'] {
    const product = this.inner.hessianProduct?.bind(this.inner);
    return product && ((batch, direction, loss) => product(this.seen(batch), direction, loss));
  }

  get changedMaps(): System['changedMaps'] {
    const changed = this.inner.changedMaps?.bind(this.inner);
    return changed && ((batch, count, change) => changed(this.seen(batch), count, change));
  }

  /** Noise first, as in evaluation. */
  get inTrainingMode(): System['inTrainingMode'] {
    const inner = this.inner.inTrainingMode?.bind(this.inner);
    return inner && (async () => new NoisySystem(await inner(), this.options, this.info.name));
  }

  /** The batch with its noise. A defence behind this one draws for itself. */
  private seen(batch: Batch): Batch {
    const keys = keysOf(batch, this.info.name);
    const { inputScale, stochastic } = this.inner.info;
    const noisy = batch.pixels.slice();
    addNoise({ n: batch.n, pixels: noisy, keys }, this.options.std, inputScale);
    const { keys: _, ...rest } = batch;
    const behind = keys.map((key) => ({ ...key, purpose: `${key.purpose}/behind-noise` }));
    return { ...rest, pixels: noisy, ...(stochastic && { keys: behind }) };
  }
}

/** What is known of a noisy system before any model is opened. */
export function describeNoisy(
  { info }: Pick<System, 'info'>,
  { std }: NoiseOptions,
  name: string,
): SystemInfo {
  // What training left in the checkpoint is the model's own; a smoothed classifier behind noise is another.
  const { storedChains: _, smoothed: __, ...rest } = withoutBounds(info);
  return {
    ...rest,
    name,
    defence: [`noise ${std} on every image`, info.defence].filter(Boolean).join('; then '),
    stochastic: true,
    identity: createHash('sha256')
      .update(JSON.stringify(['noise', 1, info.identity, std]))
      .digest('hex'),
  };
}
