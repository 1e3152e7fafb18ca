import fc from 'fast-check';
import { expect, it } from 'vitest';
import { stream } from '../../src/random/stream.js';
import { ClassGaussians } from '../../src/sampling/class-gaussians.js';

const SIZE = 3;
const N = 30;
const source = stream({ seed: 1, purpose: 'test/gaussians', example: 0 });
const labels = Int32Array.from({ length: N }, (_, i) => i % 2);
/** Correlated, and far from the box, so that nothing is cut. */
const pixels = Float32Array.from({ length: N * SIZE }, () => 0);
for (let i = 0; i < N; i++) {
  const [a, b] = [0.02 * source.normal(), 0.02 * source.normal()];
  pixels.set([0.5 + a, 0.4 + a + b, 0.6 - b + 0.1 * labels[i]!], i * SIZE);
}

const drawn = (n: number, parts: readonly number[] = [N]) => {
  const of = Int32Array.from({ length: n }, (_, i) => i % 2);
  const draws = new ClassGaussians({ of, classes: 2, size: SIZE, seed: 4 });
  let from = 0;
  for (const end of parts) {
    draws.take(pixels.slice(from * SIZE, end * SIZE), labels.slice(from, end));
    from = end;
  }
  // Units so large that the jitter is nothing.
  return draws.images([1e6]);
};

it('draws have the mean and the covariance of the images of their class', () => {
  const n = 8000;
  const images = drawn(n);
  for (const c of [0, 1]) {
    const of = (data: Float32Array, belongs: (i: number) => boolean) =>
      Array.from({ length: data.length / SIZE }, (_, i) => [...data.slice(i * SIZE, i * SIZE + SIZE)]).filter(
        (_, i) => belongs(i),
      );
    const [real, made] = [of(pixels, (i) => labels[i] === c), of(images, (i) => i % 2 === c)];
    const mean = (rows: number[][], j: number) => rows.reduce((sum, row) => sum + row[j]!, 0) / rows.length;
    const covariance = (rows: number[][], j: number, k: number) =>
      rows.reduce((sum, row) => sum + (row[j]! - mean(rows, j)) * (row[k]! - mean(rows, k)), 0) /
      (rows.length - 1);
    for (let j = 0; j < SIZE; j++) {
      const deviation = Math.sqrt(covariance(real, j, j));
      expect(Math.abs(mean(made, j) - mean(real, j))).toBeLessThan((4 * deviation) / Math.sqrt(n / 2));
      for (let k = 0; k < SIZE; k++) {
        const scale = Math.sqrt(covariance(real, j, j) * covariance(real, k, k));
        expect(Math.abs(covariance(made, j, k) - covariance(real, j, k))).toBeLessThan(0.1 * scale);
      }
    }
  }
});

it('a draw is the same in whatever parts the data come, and among however many', () => {
  const whole = drawn(10);
  fc.assert(
    fc.property(
      fc.subarray(Array.from({ length: N - 1 }, (_, i) => i + 1)),
      fc.integer({ min: 1, max: 10 }),
      (cuts, n) => {
        expect([...drawn(n, [...cuts, N])]).toEqual([...whole.slice(0, n * SIZE)]);
      },
    ),
    { numRuns: 30 },
  );
});

it('one image has no covariance, and it says so', () => {
  const draws = new ClassGaussians({ of: Int32Array.of(0), classes: 1, size: 1, seed: 0 });
  draws.take(Float32Array.of(0.5));
  expect(() => draws.images([1])).toThrow(expect.objectContaining({ code: 'data-invalid' }));
});

it('a class that the images do not have is told, also one beyond the highest', () => {
  const draws = new ClassGaussians({ of: Int32Array.of(3), classes: 2, size: 1, seed: 0 });
  draws.take(Float32Array.of(0.5, 0.6), Int32Array.of(0, 1));
  expect(() => draws.images([1])).toThrow(
    expect.objectContaining({ code: 'data-invalid', message: 'class 3 has too few images for a covariance' }),
  );
});
