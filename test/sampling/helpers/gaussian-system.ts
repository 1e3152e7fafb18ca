import type { System } from '../../../src/models/system.js';
import { forwardOf, gradientOf } from '../../../src/models/usual.js';

/** log p(x) = -|x - mean|^2 / (2 variance), x being the model's own input = scale * pixel. */
export function gaussian(mean: number, variance: number, scale: number, batchSize = 8): System {
  const run = (n: number, pixels: Float32Array) => {
    const size = pixels.length / n;
    const logPx = new Float32Array(n);
    const gradient = new Float32Array(pixels.length);
    for (let at = 0; at < pixels.length; at++) {
      const off = scale * pixels[at]! - mean;
      logPx[Math.floor(at / size)]! -= off ** 2 / (2 * variance);
      gradient[at] = (-off / variance) * scale;
    }
    return { logPx, gradient };
  };
  const system: System = {
    info: {
      name: 'gaussian',
      model: 'gaussian',
      defence: '',
      shape: [1, 2, 2],
      classes: [],
      offers: ['logPx', 'inputGradient', 'hessianProduct'],
      lacks: { logits: 'it does not classify' },
      stochastic: false,
      energy: 'output',
      identity: `gaussian ${mean} ${variance} ${scale}`,
      inputScale: [scale],
    },
    batchSize,
    concurrency: 2,
    async evaluate({ n, pixels }, _wanted, loss) {
      const { logPx, gradient } = run(n, pixels);
      const values = { logPx };
      if (loss === undefined) return { values, passes: { forward: n, gradient: 0 } };
      return { values, loss: logPx, gradient, passes: { forward: 0, gradient: n } };
    },
    forward: (batch) => forwardOf(system, batch),
    gradient: (batch, loss) => gradientOf(system, batch, loss),
    hessianProduct: async ({ n }, direction) => ({
      product: direction.map((d) => (-d * scale * scale) / variance),
      passes: { forward: 0, gradient: 2 * n },
    }),
  };
  return system;
}
