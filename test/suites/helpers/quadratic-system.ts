import type { System } from '../../../src/models/system.js';
import { forwardOf, gradientOf } from '../../../src/models/usual.js';

export interface QuadraticOptions {
  name?: string;
  /** log p(x) = height - curvature / 2 * |x - centre|^2 + slope * sum of x, in pixels. */
  curvature: number;
  centre?: number;
  slope?: number;
  height?: number;
  size?: number;
  inputScale?: readonly number[];
  batchSize?: number;
  /** Images that its training left behind, (n, size). */
  chains?: Float32Array;
}

/** A scalar energy whose chains are known in closed form: without noise x - c shrinks by 1 - stepSize * curvature. */
export function quadraticSystem(options: QuadraticOptions): System {
  const { name = 'bowl', curvature, centre = 0.5, slope = 0, height = 0, size = 2, chains } = options;
  const { inputScale = [1], batchSize = 4 } = options;
  const logPxOf = (pixels: Float32Array, n: number) =>
    Float32Array.from({ length: n }, (_, i) => {
      const image = pixels.subarray(i * size, (i + 1) * size);
      return image.reduce((sum, x) => sum - (curvature / 2) * (x - centre) ** 2 + slope * x, height);
    });
  const system: System = {
    info: {
      name,
      model: name,
      defence: '',
      shape: [1, 1, size],
      classes: [],
      offers: ['logPx', 'inputGradient'],
      lacks: {},
      stochastic: false,
      energy: 'output',
      identity: JSON.stringify(options),
      inputScale,
      ...(chains && { storedChains: chains.length / size }),
    },
    batchSize,
    concurrency: 2,
    async evaluate({ n, pixels }, _wanted, loss) {
      const values = { logPx: logPxOf(pixels, n) };
      if (loss === undefined) return { values, passes: { forward: n, gradient: 0 } };
      const gradient = pixels.map((x) => -curvature * (x - centre) + slope);
      return { values, loss: values.logPx, gradient, passes: { forward: 0, gradient: n } };
    },
    forward: (batch) => forwardOf(system, batch),
    gradient: (batch, loss) => gradientOf(system, batch, loss),
    ...(chains && { storedChains: async () => chains.slice() }),
  };
  return system;
}
