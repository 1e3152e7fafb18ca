import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { coverageOfSame, manifoldsOf } from '../../../src/metrics/samples/manifolds.js';
import type { FeatureTable } from '../../../src/metrics/samples/moments.js';
import { stream } from '../../../src/random/stream.js';

const tableOf = (rows: readonly (readonly number[])[]): FeatureTable => ({
  n: rows.length,
  width: rows[0]?.length ?? 2,
  data: rows.flat(),
});

/** Equations 1 to 4 of Kynkaanniemi et al. 2019, and 4 and 5 of Naeem et al. 2020, word by word. */
function literal(samples: readonly number[][], real: readonly number[][], k: number) {
  const far = (a: readonly number[], b: readonly number[]) =>
    a.reduce((sum, x, i) => sum + (x - b[i]!) * (x - b[i]!), 0);
  const reach = (set: readonly number[][], i: number) =>
    set
      .filter((_, j) => j !== i)
      .map((other) => far(set[i]!, other))
      .sort((a, b) => a - b)[k - 1]!;
  const inBall = (x: readonly number[], set: readonly number[][], i: number) =>
    far(x, set[i]!) <= reach(set, i);
  return {
    held: samples.map((x) => real.filter((_, i) => inBall(x, real, i)).length),
    recalled: real.map((y) => (samples.some((_, i) => inBall(y, samples, i)) ? 1 : 0)),
    covered: real.map((_, i) => (samples.some((x) => inBall(x, real, i)) ? 1 : 0)),
  };
}

/** Few values: images that are there twice, and distances that are the same, occur all the time. */
const images = (least: number) =>
  fc.array(fc.tuple(fc.integer({ min: -3, max: 3 }), fc.integer({ min: -3, max: 3 })), {
    minLength: least,
    maxLength: 12,
  });

describe('balls around images', () => {
  it('hold the images of the other set that they hold by definition', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }).chain((k) => fc.tuple(fc.constant(k), images(k + 1), images(k + 1))),
        ([k, samples, real]) => {
          const found = manifoldsOf(tableOf(samples), tableOf(real), k);
          const { held, recalled, covered } = literal(samples, real, k);
          expect([...(found?.held ?? [])]).toEqual(held);
          expect([...(found?.recalled ?? [])]).toEqual(recalled);
          expect([...(found?.covered ?? [])]).toEqual(covered);
        },
      ),
    );
  });

  it('tell what is unlike from what is all alike', () => {
    const real = tableOf([[0], [1], [2], [3]]);
    // All samples in one place among the real ones: right, and of one kind.
    expect(manifoldsOf(tableOf([[1], [1], [1]]), real, 1)).toEqual({
      held: Int32Array.of(3, 3, 3),
      recalled: Uint8Array.of(0, 1, 0, 0),
      covered: Uint8Array.of(1, 1, 1, 0),
    });
    // Far from all of them: nothing holds anything, until the samples' own balls are wide enough.
    expect(manifoldsOf(tableOf([[50], [51]]), real, 1)).toEqual({
      held: Int32Array.of(0, 0),
      recalled: new Uint8Array(4),
      covered: new Uint8Array(4),
    });
    expect([...(manifoldsOf(tableOf([[50], [-50]]), real, 1)?.recalled ?? [])]).toEqual([1, 1, 1, 1]);
  });

  it('reach nowhere in a set without a k-th neighbour', () => {
    const [two, three] = [tableOf([[0], [1]]), tableOf([[0], [1], [2]])];
    expect(manifoldsOf(two, three, 2)).toBeUndefined();
    expect(manifoldsOf(three, two, 2)).toBeUndefined();
    expect(manifoldsOf(tableOf([]), three, 1)).toBeUndefined();
  });

  it('cover what is known, and hold one, of two sets of one distribution', () => {
    const [n, m, k, repeats] = [30, 12, 3, 400];
    let [coverage, density] = [0, 0];
    for (let r = 0; r < repeats; r++) {
      const draws = new Float64Array(2 * (n + m));
      stream({ seed: 1, purpose: 'manifolds', example: r }).normals(draws);
      const half = 2 * n;
      const found = manifoldsOf(
        { n: m, width: 2, data: draws.subarray(half) },
        { n, width: 2, data: draws.subarray(0, half) },
        k,
      );
      coverage += (found?.covered.reduce((a, b) => a + b, 0) ?? 0) / n / repeats;
      density += (found?.held.reduce((a, b) => a + b, 0) ?? 0) / k / m / repeats;
    }
    expect(coverageOfSame(m, n, k)).toBeCloseTo(1 - (29 * 28 * 27) / (41 * 40 * 39), 12);
    expect(Math.abs(coverage - coverageOfSame(m, n, k))).toBeLessThan(0.02);
    expect(Math.abs(density - 1)).toBeLessThan(0.05);
  });
});
