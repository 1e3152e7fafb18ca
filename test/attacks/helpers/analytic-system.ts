import type { ExampleArguments } from '../../../src/losses/loss.js';
import { losses } from '../../../src/losses/registry.js';
import { logSumExp, softmax } from '../../../src/metrics/softmax.js';
import type {
  Batch,
  Draws,
  Gradients,
  LossArguments,
  LossName,
  Outputs,
  System,
} from '../../../src/models/system.js';
import { forwardOf, gradientOf } from '../../../src/models/usual.js';
import { stream } from '../../../src/random/stream.js';

export interface AnalyticOptions {
  name?: string;
  shape?: readonly [number, number, number];
  /** One row of weights per class. */
  weights: readonly (readonly number[])[];
  bias?: readonly number[];
  /** Standard deviation of noise on the logits, drawn from the keys: the system is then stochastic. */
  noise?: number;
  batchSize?: number;
  concurrency?: number;
  inputScale?: readonly number[];
  /** Multiplies every gradient: 0 masks them. */
  gradientScale?: number;
  /** Logits are scale * tanh(W x + b) when given: not linear, so that iterations matter. */
  squash?: number;
}

/** What a test can see of a system's work. */
export interface Spy {
  batches: { kind: 'forward' | 'gradient'; n: number }[];
  /** Largest number of calls under way at once. */
  busiest: number;
}

/** A small classifier with every gradient by hand, that yields to the event loop like an engine. */
export function analyticSystem(options: AnalyticOptions): System & { spy: Spy } {
  const { weights, noise = 0, gradientScale = 1, squash } = options;
  const classes = weights.length;
  const size = weights[0]!.length;
  const bias = options.bias ?? weights.map(() => 0);
  const spy: Spy = { batches: [], busiest: 0 };
  let busy = 0;

  const linear = ({ n, pixels }: Pick<Batch, 'n' | 'pixels'>) =>
    Float64Array.from({ length: n * classes }, (_, at) => {
      const [i, k] = [Math.floor(at / classes), at % classes];
      let sum = bias[k]!;
      for (let j = 0; j < size; j++) sum += weights[k]![j]! * pixels[i * size + j]!;
      return sum;
    });
  const logitsOf = (batch: Pick<Batch, 'n' | 'pixels' | 'keys'>) =>
    Float32Array.from(linear(batch), (z, at) => {
      const [i, k] = [Math.floor(at / classes), at % classes];
      const key = noise > 0 ? batch.keys?.[i] : undefined;
      const value = squash === undefined ? z : squash * Math.tanh(z);
      return key ? value + noise * stream({ ...key, purpose: `${key.purpose}/logit-${k}` }).normal() : value;
    });
  const outputs = (n: number, logits: Float32Array): Outputs => ({
    logits,
    logPx: Float32Array.from(logSumExp({ n, classes, data: logits })),
    passes: { forward: 0, gradient: 0 },
  });
  /** What a loss says of one row of logits. */
  const lossOf = (loss: LossName, row: ArrayLike<number>, aims: LossArguments, i: number): number => {
    const aim: ExampleArguments = {
      label: aims.labels?.[i] ?? 0,
      target: aims.targets?.[i] ?? -1,
      threshold: aims.threshold ?? 0,
      logPx: logSumExp({ n: 1, classes, data: row })[0]!,
    };
    return losses.named(loss).value(row, aim);
  };
  /** d loss / d logits (n, classes): closed forms of the usual losses, central differences of the others. */
  const slopes = (n: number, logits: Float32Array, aims: LossArguments, loss: LossName): Float64Array => {
    const p = softmax({ n, classes, data: logits });
    const out = new Float64Array(n * classes);
    for (let i = 0; i < n; i++) {
      const row = Float64Array.from(logits.subarray(i * classes, (i + 1) * classes));
      const label = aims.labels?.[i] ?? 0;
      const others = Array.from(row.keys()).filter((k) => k !== label);
      const rival = others.reduce((a, b) => (row[b]! > row[a]! ? b : a), others[0]!);
      for (let k = 0; k < classes; k++) {
        const isLabel = k === label ? 1 : 0;
        const at = i * classes + k;
        if (loss === 'cross-entropy') out[at] = p[at]! - isLabel;
        else if (loss === 'log-px') out[at] = p[at]!;
        else if (loss === 'margin') out[at] = (k === rival ? 1 : 0) - isLabel;
        else if (loss === 'logit') out[at] = isLabel;
        else {
          const moved = (h: number) => lossOf(loss, row.with(k, row[k]! + h), aims, i);
          out[at] = (moved(1e-5) - moved(-1e-5)) / 2e-5;
        }
      }
    }
    return out;
  };
  const lossesOf = (n: number, logits: Float32Array, aims: LossArguments, loss: LossName) =>
    Float32Array.from({ length: n }, (_, i) =>
      lossOf(loss, logits.subarray(i * classes, (i + 1) * classes), aims, i),
    );
  const pull = (batch: Pick<Batch, 'n' | 'pixels'>, slope: ArrayLike<number>): Float32Array => {
    const z = linear(batch);
    return Float32Array.from({ length: batch.n * size }, (_, at) => {
      const [i, j] = [Math.floor(at / size), at % size];
      let sum = 0;
      for (let k = 0; k < classes; k++) {
        const inner = squash === undefined ? 1 : squash * (1 - Math.tanh(z[i * classes + k]!) ** 2);
        sum += slope[i * classes + k]! * inner * weights[k]![j]!;
      }
      return gradientScale * sum;
    });
  };
  /** The Hessian of log p(x), times a direction. */
  const curvature = ({ n, pixels }: Pick<Batch, 'n' | 'pixels'>, direction: Float32Array): Float32Array => {
    const z = linear({ n, pixels });
    const p = softmax({ n, classes, data: logitsOf({ n, pixels }) });
    const along = linear({ n, pixels: direction });
    const out = new Float32Array(n * size);
    for (let i = 0; i < n; i++) {
      const of = (k: number) => {
        const t = Math.tanh(z[i * classes + k]!);
        const [first, second] =
          squash === undefined ? [1, 0] : [squash * (1 - t ** 2), -2 * squash * t * (1 - t ** 2)];
        return { p: p[i * classes + k]!, first, second, u: along[i * classes + k]! - bias[k]! };
      };
      const each = Array.from({ length: classes }, (_, k) => of(k));
      const mean = each.reduce((sum, { p, first, u }) => sum + p * first * u, 0);
      for (let j = 0; j < size; j++) {
        out[i * size + j] = each.reduce(
          (sum, { p, first, second, u }, k) =>
            sum + weights[k]![j]! * p * (first * (first * u - mean) + second * u),
          0,
        );
      }
    }
    return out;
  };
  const working = async <T>(kind: 'forward' | 'gradient', n: number, work: () => T): Promise<T> => {
    spy.batches.push({ kind, n });
    spy.busiest = Math.max(spy.busiest, ++busy);
    await new Promise((resolve) => setImmediate(resolve));
    busy--;
    return work();
  };

  const system: System & { spy: Spy } = {
    spy,
    info: {
      name: options.name ?? 'analytic',
      model: options.name ?? 'analytic',
      defence: '',
      shape: options.shape ?? [1, 1, size],
      classes: weights.map((_, k) => `class ${k}`),
      offers: ['logits', 'logPx', 'inputGradient', 'hessianProduct'],
      lacks: {},
      stochastic: noise > 0,
      energy: 'logsumexp',
      identity: JSON.stringify(options),
      inputScale: options.inputScale ?? [1],
    },
    batchSize: options.batchSize ?? 8,
    concurrency: options.concurrency ?? 2,
    evaluate: (batch, _wanted, loss) =>
      working(loss === undefined ? 'forward' : 'gradient', batch.n, () => {
        const logits = logitsOf(batch);
        const { passes: _, ...values } = outputs(batch.n, logits);
        if (loss === undefined) return { values, passes: { forward: batch.n, gradient: 0 } };
        return {
          values,
          loss: lossesOf(batch.n, logits, batch, loss),
          gradient: pull(batch, slopes(batch.n, logits, batch, loss)),
          passes: { forward: 0, gradient: batch.n },
        };
      }),
    forward: (batch) => forwardOf(system, batch),
    gradient: (batch, loss) => gradientOf(system, batch, loss),
    hessianProduct: (batch, direction) =>
      working('gradient', 2 * batch.n, () => ({
        product: curvature(batch, direction),
        passes: { forward: 0, gradient: 2 * batch.n },
      })),
    groupedGradient: ({ n, group, pixels, ...aims }: Draws, loss): Promise<Gradients> =>
      working('gradient', n * group, () => {
        const each = logitsOf({ n: n * group, pixels });
        const logits = Float32Array.from({ length: n * classes }, (_, at) => {
          const [i, k] = [Math.floor(at / classes), at % classes];
          let sum = 0;
          for (let g = 0; g < group; g++) sum += each[(i * group + g) * classes + k]!;
          return sum / group;
        });
        const slope = slopes(n, logits, aims, loss);
        const spread = Float64Array.from({ length: n * group * classes }, (_, at) => {
          const i = Math.floor(at / (group * classes));
          return slope[i * classes + (at % classes)]! / group;
        });
        return {
          ...outputs(n, logits),
          loss: lossesOf(n, logits, aims, loss),
          gradient: pull({ n: n * group, pixels }, spread),
          passes: { forward: n * group, gradient: n * group },
        };
      }),
  };
  return system;
}

/** Images of uniform noise in [0, 1], keyed. */
export function noiseImages(n: number, size: number, seed = 1): Float32Array {
  const source = stream({ seed, purpose: 'test/images', example: 0 });
  return Float32Array.from({ length: n * size }, () => source.uniform());
}
