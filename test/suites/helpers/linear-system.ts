import { argmax, type Logits, logSumExp, softmax } from '../../../src/metrics/softmax.js';
import type { Batch, Capability, Outputs, System } from '../../../src/models/system.js';
import { forwardOf, gradientOf } from '../../../src/models/usual.js';
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
  const size = weights[0]!.length;
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
      let sum = bias[k]!;
      for (let j = 0; j < size; j++) sum += weights[k]![j]! * pixels[i * size + j]!;
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
  const system: System = {
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
      ...(offers.includes('features') && { featureWidth: size }),
    },
    batchSize,
    concurrency: 2,
    async evaluate(batch, wanted, loss) {
      if (loss === undefined) {
        const { passes, ...values } = outputs(batch);
        return {
          values: { ...values, ...(wanted.includes('features') && { features: batch.pixels }) },
          passes,
        };
      }
      const data = logitsOf(batch);
      const classes = weights.length;
      const logits = { n: batch.n, classes, data };
      const slopes: Record<string, () => ArrayLike<number>> = {
        'log-px': () => softmax(logits),
        'cross-entropy': () =>
          softmax(logits).map(
            (p, at) => p - Number(batch.labels?.[Math.floor(at / classes)] === at % classes),
          ),
        'weighted-logits': () => batch.weights ?? [],
        'max-logit': () => {
          const top = argmax(logits);
          return data.map((_, at) => (top[Math.floor(at / weights.length)] === at % weights.length ? 1 : 0));
        },
      };
      const p = slopes[loss]?.();
      if (!p) throw new Error(`the linear test system has no gradient of ${loss}`);
      const gradient = Float32Array.from({ length: batch.n * size }, (_, at) => {
        const [i, j] = [Math.floor(at / size), at % size];
        return weights.reduce((sum, row, k) => sum + p[i * weights.length + k]! * row[j]!, 0);
      });
      const { passes, ...values } = outputs(batch);
      const heights = loss === 'cross-entropy' ? crossEntropy(logits, batch) : values.logPx;
      return { values, passes, loss: heights ?? new Float32Array(batch.n), gradient };
    },
    forward: (batch) => forwardOf(system, batch),
    gradient: (batch, loss) => gradientOf(system, batch, loss),
  };
  return system;
}

const crossEntropy = (logits: Logits, { labels }: Batch) =>
  Float32Array.from(
    logSumExp(logits),
    (sum, i) => sum - logits.data[i * logits.classes + (labels?.[i] ?? 0)]!,
  );
