import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stream } from '../../../src/random/stream.js';
import { generators } from '../../../src/suites/derived/registry.js';

const PIXELS = 3 * 8 * 8;

function drawn(generator: string, options: Record<string, unknown>, example: number): Float32Array {
  const image = new Float32Array(PIXELS);
  const row = generators.named(generator);
  row.fill(image, stream({ seed: 5, purpose: `${generator}/image`, example }), options, [3, 8, 8]);
  return image;
}

/** Mean and variance over many images. */
function moments(
  generator: string,
  options: Record<string, unknown>,
): { mean: number; variance: number; values: number[] } {
  const values = Array.from({ length: 400 }, (_, i) => [...drawn(generator, options, i)]).flat();
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return { mean, variance: values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length, values };
}

/** Standard normal density and distribution (Abramowitz & Stegun 7.1.26, to 1.5e-7). */
const density = (x: number) => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
function below(x: number): number {
  const t = 1 / (1 + (0.3275911 * Math.abs(x)) / Math.SQRT2);
  const poly =
    t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const erf = 1 - poly * Math.exp((-x * x) / 2);
  return x < 0 ? (1 - erf) / 2 : (1 + erf) / 2;
}

describe('generated images', () => {
  it.each([
    { low: 0, high: 1 },
    { low: 0.25, high: 0.5 },
  ])('uniform in $low to $high: mean and variance of U[low, high)', ({ low, high }) => {
    const { mean, variance, values } = moments('uniform', { low, high });
    // Five standard errors of 76,800 draws.
    expect(Math.abs(mean - (low + high) / 2)).toBeLessThan(0.006);
    expect(Math.abs(variance - (high - low) ** 2 / 12)).toBeLessThan(0.003);
    expect(values.every((v) => v >= low && v <= high)).toBe(true);
  });

  it.each([
    { mean: 0.5, std: 1 },
    { mean: 0.5, std: 0.1 },
    { mean: 0.2, std: 0.3 },
  ])(
    'gaussian, mean $mean, std $std, cut: as many zeros and ones, and the mean, of a censored normal',
    (options) => {
      const { mean: m, std } = options;
      const { mean, values } = moments('gaussian', options);
      const [a, b] = [(0 - m) / std, (1 - m) / std];
      const between = below(b) - below(a);
      const expected = m * between - std * (density(b) - density(a)) + (1 - below(b));
      const share = (value: number) => values.filter((v) => v === value).length / values.length;
      expect(Math.abs(mean - expected)).toBeLessThan(0.01);
      expect(Math.abs(share(0) - below(a))).toBeLessThan(0.01);
      expect(Math.abs(share(1) - (1 - below(b)))).toBeLessThan(0.01);
    },
  );

  it('an image is what its own stream gives, in float32', () => {
    const source = stream({ seed: 5, purpose: 'gaussian/image', example: 7 });
    const normals = Float32Array.from({ length: PIXELS }, () =>
      Math.min(1, Math.max(0, 0.4 + 0.2 * source.normal())),
    );
    expect(drawn('gaussian', { mean: 0.4, std: 0.2 }, 7)).toEqual(normals);
    const other = stream({ seed: 5, purpose: 'uniform/image', example: 7 });
    const uniforms = Float32Array.from({ length: PIXELS }, () => 0.1 + (0.9 - 0.1) * other.uniform());
    expect(drawn('uniform', { low: 0.1, high: 0.9 }, 7)).toEqual(uniforms);
  });

  it('never leaves [0, 1]', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 1e-3, max: 1000, noNaN: true }),
        fc.nat(),
        (mean, std, example) => {
          for (const value of drawn('gaussian', { mean, std }, example)) {
            expect(value).toBeGreaterThanOrEqual(0);
            expect(value).toBeLessThanOrEqual(1);
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  it('an empty range is refused', () => {
    const row = generators.named('uniform');
    expect(() => row.check?.({ low: 0.5, high: 0.5 })).toThrow(/range of the noise is empty/);
  });
});
