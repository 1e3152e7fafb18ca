import { expect, it } from 'vitest';
import { ballsAround } from '../../src/bounds/margins.js';
import { stream } from '../../src/random/stream.js';

const draws = stream({ seed: 0, purpose: 'test/margins', example: 0 });
/** Levels of 8 bits, powers of 2, and what lies between. */
const PIXELS = Float32Array.from({ length: 20_000 }, (_, i) =>
  i < 256 ? i / 255 : i < 350 ? 2 ** (256 - i) : draws.uniform() ** (1 + (i % 4)),
);

it.each([0, 1e-9, 1 / 255, 8 / 255, 0.3])(
  'boxes of radius %s hold their ends, and little more',
  (epsilon) => {
    const { lower, upper } = ballsAround(1, PIXELS, epsilon, 'Linf');
    const faults: string[] = [];
    PIXELS.forEach((x, i) => {
      const [least, most] = [Math.max(0, x - epsilon), Math.min(1, x + epsilon)];
      const [low, high] = [lower[i]!, upper[i]!];
      const holds = low >= 0 && low <= least && high >= most && high <= 1;
      const near = least - low <= 2 ** -22 * least && high - most <= 2 ** -22 * most;
      if (!holds || !near) faults.push(`${x}: [${low}, ${high}]`);
    });
    expect(faults.slice(0, 3)).toEqual([]);
  },
);

it('what is no number has no box', () => {
  const { lower, upper } = ballsAround(1, Float32Array.of(Number.NaN), 0.1, 'Linf');
  expect([lower[0], upper[0]]).toEqual([Number.NaN, Number.NaN]);
});
