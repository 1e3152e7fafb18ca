import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { singularValues } from '../../../src/metrics/linear-algebra/singular-values.js';
import { frechetDistance, frechetEstimate } from '../../../src/metrics/samples/frechet.js';
import { inceptionScore, splitInceptionScores } from '../../../src/metrics/samples/inception-score.js';
import { kernelDistance } from '../../../src/metrics/samples/kernel-distance.js';
import { type FeatureTable, type Moments, momentsOf } from '../../../src/metrics/samples/moments.js';

/** Features that other programs can make too. */
function table(n: number, width: number, s: number): FeatureTable {
  const data = Float64Array.from({ length: n * width }, (_, at) => {
    const [i, k] = [Math.floor(at / width), at % width];
    return Math.sin(1.7 * (i + 1) * (k + 1) + s) + 0.1 * s * k * Math.cos(0.3 * i * i + k);
  });
  return { n, width, data };
}

const gaussian = (mean: number[], covariance: number[]): Moments => ({
  n: 100,
  width: mean.length,
  mean: Float64Array.from(mean),
  covariance: Float64Array.from(covariance),
});

describe('singular values', () => {
  it.each([
    ['a diagonal', [3, 0, 0, -4], 2, 2, [3, 4]],
    ['a row', [3, 4], 1, 2, [5]],
    ['a column', [3, 4], 2, 1, [5]],
    ['of rank one', [1, 2, 2, 4, 3, 6], 3, 2, [0, Math.sqrt(70)]],
    ['nothing but zeros', [0, 0, 0, 0, 0, 0], 2, 3, [0, 0]],
    ['a rotation', [0.6, -0.8, 0.8, 0.6], 2, 2, [1, 1]],
    ['the golden ratio', [1, 1, 0, 1], 2, 2, [(Math.sqrt(5) - 1) / 2, (Math.sqrt(5) + 1) / 2]],
  ])('of %s are known', (_, matrix, rows, columns, expected) => {
    const found = [...singularValues(Float64Array.from(matrix), rows, columns)].sort((a, b) => a - b);
    expect(found).toHaveLength(expected.length);
    found.forEach((value, k) => {
      expect(value).toBeCloseTo(expected[k]!, 12);
    });
  });

  it('have the squares and the product of any matrix', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 9, maxLength: 9 }), (m) => {
        const values = singularValues(Float64Array.from(m), 3, 3);
        const squares = m.reduce((sum, x) => sum + x * x, 0);
        const [a, b, c, d, e, f, g, h, i] = m as [
          number,
          number,
          number,
          number,
          number,
          number,
          number,
          number,
          number,
        ];
        const determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
        expect(values.reduce((sum, x) => sum + x * x, 0)).toBeCloseTo(squares, 9);
        expect(values.reduce((product, x) => product * x, 1)).toBeCloseTo(Math.abs(determinant), 9);
      }),
    );
  });
});

describe('the Frechet distance', () => {
  it.each([
    ['of means alone', gaussian([1, 2], [1, 0, 0, 1]), gaussian([4, 6], [1, 0, 0, 1]), 25],
    // Commuting covariances: the sum of squared differences of standard deviations.
    ['of standard deviations', gaussian([0, 0], [4, 0, 0, 9]), gaussian([0, 0], [1, 0, 0, 25]), 1 + 4],
    ['where one has no spread', gaussian([0, 0], [0, 0, 0, 0]), gaussian([0, 0], [2, 1, 1, 3]), 5],
    ['across a singular covariance', gaussian([0, 0], [1, 1, 1, 1]), gaussian([0, 0], [4, 4, 4, 4]), 2],
    // tr (S1 S2)^(1/2) of a 2 x 2 product is (tr S1 S2 + 2 sqrt(det S1 S2))^(1/2).
    [
      'of covariances that do not commute',
      gaussian([0, 0], [2, 1, 1, 2]),
      gaussian([0, 0], [1, 0, 0, 3]),
      4 + 4 - 2 * Math.sqrt(8 + 2 * 3),
    ],
  ])('%s is known', (_, a, b, expected) => {
    expect(frechetDistance(a, b)).toBeCloseTo(expected, 12);
    expect(frechetDistance(b, a)).toBeCloseTo(expected, 12);
  });

  it.each([
    ['enough images', 40, 0.055281394508428505],
    // From the singular values of the product of the centred features: roots of a singular product are off by 2e-8.
    ['fewer images than features', 4, 2.9945977328140625],
  ])('is that of numpy and scipy with %s', (_, n, expected) => {
    expect(frechetDistance(momentsOf(table(n, 6, 0.4)), momentsOf(table(60, 6, 1.1)))).toBeCloseTo(
      expected,
      11,
    );
  });

  it('of a set to itself is 0, in any order of its images', () => {
    const a = table(30, 5, 0.2);
    const rows = Array.from({ length: 30 }, (_, i) => Array.from(a.data).slice(i * 5, i * 5 + 5));
    const reversed = { ...a, data: rows.reverse().flat() };
    expect(frechetDistance(momentsOf(a), momentsOf(reversed))).toBeCloseTo(0, 12);
  });

  it('counts an image drawn twice as two', () => {
    const twice = momentsOf({ n: 3, width: 2, data: [1, 2, 1, 2, 5, 0] });
    expect(momentsOf({ n: 2, width: 2, data: [1, 2, 5, 0] }, [2, 1])).toEqual(twice);
  });

  it('has no value for one image, and an interval around its value otherwise', () => {
    const options = { seed: 1, resamples: 100 };
    expect(frechetEstimate(table(1, 3, 0), table(9, 3, 0), options).value).toBeNaN();
    const { value, interval, method, n } = frechetEstimate(table(50, 3, 0), table(60, 3, 2), options);
    expect([method, n]).toEqual(['bootstrap-centred', 50]);
    expect(interval?.[0]).toBeLessThan(value);
    expect(interval?.[1]).toBeGreaterThan(value);
    expect(frechetEstimate(table(5, 3, 0), table(6, 3, 2), { seed: 1, resamples: 0 }).method).toBe('none');
  });
});

describe('the kernel distance', () => {
  it('and its jackknife are those of their definitions', () => {
    // From numpy, by deleting one image after the other.
    const { value, interval, method } = kernelDistance(table(40, 6, 0.4), table(60, 6, 1.1));
    expect(value).toBeCloseTo(-0.08583954185101117, 12);
    expect(interval?.[0]).toBeCloseTo(-0.13718639655615975, 8);
    expect(interval?.[1]).toBeCloseTo(-0.034492687145862594, 8);
    expect(method).toBe('jackknife');
  });

  it('has no value for one image, and no interval for two', () => {
    expect(kernelDistance(table(1, 3, 0), table(9, 3, 0)).value).toBeNaN();
    expect(kernelDistance(table(2, 3, 0), table(9, 3, 0)).interval).toBeNull();
  });
});

describe('the inception score', () => {
  const ones = (n: number) => new Uint8Array(n).fill(1);
  const logits = (n: number, classes: number, of: (i: number, c: number) => number) => ({
    n,
    classes,
    data: Float64Array.from({ length: n * classes }, (_, at) => of(Math.floor(at / classes), at % classes)),
  });

  it.each([
    ['every class for sure, as often', logits(8, 4, (i, c) => (i % 4 === c ? 900 : 0)), 4],
    ['one class for sure', logits(8, 4, (_, c) => (c === 1 ? 900 : 0)), 1],
    ['no idea', logits(8, 4, () => 0), 1],
  ])('of %s is known', (_, given, expected) => {
    expect(inceptionScore(given)(ones(8))).toBeCloseTo(expected, 12);
  });

  it('is that of its definition in numpy, over all and in splits', () => {
    const given = { ...table(40, 6, 0.4), classes: 6 };
    expect(inceptionScore(given)(ones(40))).toBeCloseTo(1.1969796693932027, 12);
    const parts = [1.223242767615585, 1.1802749130711647, 1.1892386623678646, 1.18760597485681];
    splitInceptionScores(given, 4).forEach((score, k) => {
      expect(score).toBeCloseTo(parts[k]!, 12);
    });
  });
});
