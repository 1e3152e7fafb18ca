import { describe, expect, it } from 'vitest';
import { densities, sharedEdges } from '../../src/metrics/histogram.js';

describe('shared histograms', () => {
  it('count every value once, including those beyond the edges', () => {
    const edges = [0, 1, 2, 3];
    expect(densities([-5, 0, 0.5, 1, 3, 99], edges)).toEqual([3 / 6, 1 / 6, 2 / 6]);
    expect(densities([], edges)).toEqual([0, 0, 0]);
  });
  it('cover all sets', () => {
    expect(
      sharedEdges(
        [
          [0, 1],
          [3, 4],
        ],
        4,
        0,
      ),
    ).toEqual([0, 1, 2, 3, 4]);
  });
  it('are not stretched by one outlier', () => {
    const edges = sharedEdges([Array.from({ length: 5000 }, (_, i) => i / 5000), [1e6]], 10) as number[];
    expect(edges[10]).toBeLessThan(1.01);
  });
  it('survive constant values and none at all', () => {
    const edges = sharedEdges([[2, 2]], 4) as number[];
    expect(edges[0]).toBeLessThan(2);
    expect(edges[4]).toBeGreaterThan(2);
    expect(sharedEdges([[], [Number.NaN]], 4)).toBeNull();
  });
});
