import { logSumExp, softmax } from '../../../src/metrics/softmax.js';
import type { Batch, Capability, Gradients, LossName, Outputs, System } from '../../../src/models/system.js';
import { stream } from '../../../src/random/stream.js';

export interface LinearOptions {
  name?: string;
  /** One row of C * H * W weights per class; for an energy model, one row. */
  weights: readonly (readonly number[])[];
  bias?: readonly number[];
  shape?: readonly [number, number, number];
  classes?: readonly string[];
  /** Default: everything a classifier offers. */
  offers?: readonly Capability[];
  lacks?: Partial<Record<Capability, string>>;
  energy?: 'logsumexp' | 'output' | 'none';
  inputScale?: readonly number[];
  /** Standard deviation of noise on the logits, drawn from `batch.keys`. */
  noise?: number;
  batchSize?: number;
}

/**
 * A linear model with its gradient of log p(x) by hand: logits W x + b, log p(x) their logsumexp. With
 * `energy: 'output'` it is an unconditional model whose log p(x) is its only output.
 */
export function linearSystem(options: LinearOptions): System {
  const { weights, noise = 0, batchSize = 16 } = options;
  const size = weights[0].length;
  const bias = options.bias ?? weights.map(() => 0);
  const conditional = options.energy !== 'output';
  const offers = options.offers ?? [
    ...(conditional ? (['logits'] as const) : []),
    'logPx' as const,
    'inputGradient' as const,
  ];
  const logitsOf = ({ n, pixels, keys }: Batch): Float32Array =>
    Float32Array.from({ length: n * weights.length }, (_, at) => {
      const [i, k] = [Math.floor(at / weights.length), at % weights.length];
      let sum = bias[k];
      for (let j = 0; j < size; j++) sum += weights[k][j] * pixels[i * size + j];
      const key = keys?.[i];
      return noise === 0 || !key ? sum : sum + noise * stream({ ...key, step: k }).normal();
    });
  const outputs = (batch: Batch): Outputs => {
    const data = logitsOf(batch);
    const logits = { n: batch.n, classes: weights.length, data };
    return {
      ...(offers.includes('logits') && { logits: data }),
      ...(offers.includes('logPx') && { logPx: Float32Array.from(conditional ? logSumExp(logits) : data) }),
      passes: { forward: batch.n, gradient: 0 },
    };
  };
  return {
    info: {
      name: options.name ?? 'linear',
      model: options.name ?? 'linear',
      defence: '',
      shape: options.shape ?? [1, 1, size],
      classes: conditional ? (options.classes ?? weights.map((_, k) => `class ${k}`)) : [],
      offers,
      lacks: options.lacks ?? {},
      stochastic: noise > 0,
      energy: options.energy ?? 'logsumexp',
      identity: JSON.stringify([weights, bias]),
      inputScale: options.inputScale ?? [1],
    },
    batchSize,
    concurrency: 2,
    async forward(batch: Batch): Promise<Outputs> {
      return outputs(batch);
    },
    async gradient(batch: Batch, loss: LossName): Promise<Gradients> {
      if (loss !== 'log-px') throw new Error(`the linear test system has no gradient of ${loss}`);
      const data = logitsOf(batch);
      const p = softmax({ n: batch.n, classes: weights.length, data });
      const gradient = Float32Array.from({ length: batch.n * size }, (_, at) => {
        const [i, j] = [Math.floor(at / size), at % size];
        return weights.reduce((sum, row, k) => sum + p[i * weights.length + k] * row[j], 0);
      });
      const result = outputs(batch);
      return { ...result, loss: result.logPx ?? new Float32Array(batch.n), gradient };
    },
  };
}
