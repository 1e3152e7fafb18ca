import { softmax } from '../../../src/metrics/softmax.js';
import type { Draws, System } from '../../../src/models/system.js';
import { forwardOf, gradientOf } from '../../../src/models/usual.js';

export interface ShatteredOptions {
  /** (classes, pixels), at least as many pixels as classes. */
  weights: readonly (readonly number[])[];
  amplitude: number;
  frequency: number;
}

/**
 * A linear classifier with a ripple of its own on every logit: f_k = w_k x + amplitude sin(frequency x_k). Noise on the
 * pixels makes the ripples random, so that their mean over draws is nothing; whoever knows the noise rides them.
 */
export function shatteredSystem({ weights, amplitude, frequency }: ShatteredOptions): System {
  const classes = weights.length;
  const size = weights[0]!.length;
  const logitsOf = (n: number, pixels: Float32Array) =>
    Float32Array.from({ length: n * classes }, (_, at) => {
      const [i, k] = [Math.floor(at / classes), at % classes];
      const linear = weights[k]!.reduce((sum, w, j) => sum + w * pixels[i * size + j]!, 0);
      return linear + amplitude * Math.sin(frequency * pixels[i * size + k]!);
    });
  const system: System = {
    info: {
      ...{ name: 'shattered', model: 'shattered', defence: '', shape: [1, 2, 2], energy: 'none' },
      classes: weights.map((_, k) => `class ${k}`),
      offers: ['logits', 'inputGradient'],
      ...{ lacks: {}, stochastic: false, identity: 'shattered', inputScale: [1] },
    },
    batchSize: 8,
    concurrency: 1,
    async evaluate({ n, pixels, labels }, _wanted, loss) {
      const values = { logits: logitsOf(n, pixels) };
      if (loss === undefined) return { values, passes: { forward: n, gradient: 0 } };
      const found = await grouped({ n, group: 1, pixels, ...(labels && { labels }) });
      return { ...found, values };
    },
    forward: (batch) => forwardOf(system, batch),
    gradient: (batch, loss) => gradientOf(system, batch, loss),
    groupedGradient: (draws) => grouped(draws),
  };
  /** Of the cross-entropy. */
  async function grouped({ n, group, pixels, labels = new Int32Array(n) }: Draws) {
    const each = logitsOf(n * group, pixels);
    const logits = Float32Array.from({ length: n * classes }, (_, at) => {
      const [i, k] = [Math.floor(at / classes), at % classes];
      let sum = 0;
      for (let draw = 0; draw < group; draw++) sum += each[(i * group + draw) * classes + k]!;
      return sum / group;
    });
    const p = softmax({ n, classes, data: logits });
    const gradient = Float32Array.from({ length: n * group * size }, (_, at) => {
      const [row, j] = [Math.floor(at / size), at % size];
      const i = Math.floor(row / group);
      let sum = 0;
      for (let k = 0; k < classes; k++) {
        const ripple = j === k ? amplitude * frequency * Math.cos(frequency * pixels[row * size + k]!) : 0;
        sum += ((p[i * classes + k]! - (labels[i] === k ? 1 : 0)) * (weights[k]![j]! + ripple)) / group;
      }
      return sum;
    });
    const loss = Float32Array.from({ length: n }, (_, i) => -Math.log(p[i * classes + labels[i]!]!));
    return { logits, loss, gradient, passes: { forward: 0, gradient: n * group } };
  }
  return system;
}
