import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hyperplaneNorms, hyperplanes } from '../../src/attacks/hyperplane.js';
import { room, shortestWay } from './helpers/shortest-way.js';

const pixel = fc.oneof(
  fc.integer({ min: 0, max: 255 }).map((v) => v / 255),
  fc.constantFrom(0, 1, 0.5),
);
const slope = fc.oneof(
  { arbitrary: fc.integer({ min: -300, max: 300 }).map((v) => v / 97), weight: 4 },
  fc.constantFrom(0, -0, 1, -1, 2),
  fc.float({ min: -(2 ** -66), max: 2 ** -66, noNaN: true }),
);
const problem = fc
  .integer({ min: 1, max: 24 })
  .chain((d) =>
    fc.record({
      x: fc.array(pixel, { minLength: d, maxLength: d }).map((a) => Float32Array.from(a)),
      w: fc.array(slope, { minLength: d, maxLength: d }).map((a) => Float32Array.from(a)),
      /** Share of what the box allows; above 1 the plane is out of reach. */
      share: fc.integer({ min: 0, max: 120 }).map((v) => v / 100),
      sign: fc.constantFrom(1, -1),
    }),
  )
  .map(({ x, w, share, sign }) => {
    const most = Math.abs(w.reduce((sum, v, i) => sum + Math.abs(v) * room(x[i]!, sign * v), 0));
    return { x, w, gap: sign * share * most, within: share <= 1 };
  });

const length = {
  Linf: (m: Float64Array) => m.reduce((most, v) => Math.max(most, Math.abs(v)), 0),
  L2: (m: Float64Array) => Math.hypot(...m),
  L1: (m: Float64Array) => m.reduce((sum, v) => sum + Math.abs(v), 0),
};

const inner = (w: Float32Array, m: ArrayLike<number>) => w.reduce((sum, v, i) => sum + v * m[i]!, 0);

describe.each(hyperplaneNorms)('the way to a hyperplane within the box, %s', (norm) => {
  const { project, distance } = hyperplanes[norm];

  it('stays in the box, arrives where it can, and has the length it says', () => {
    fc.assert(
      fc.property(problem, ({ x, w, gap, within }) => {
        const move = new Float64Array(x.length);
        const said = project(x, w, gap, move);
        expect(said).toBeCloseTo(length[norm](move), 12);
        for (const [i, m] of move.entries()) {
          expect(x[i]! + m).toBeGreaterThanOrEqual(-1e-12);
          expect(x[i]! + m).toBeLessThanOrEqual(1 + 1e-12);
          if (w[i] === 0) expect(Math.abs(m)).toBe(0);
          if (!within) expect(Math.abs(m)).toBeCloseTo(room(x[i]!, Math.sign(gap) * w[i]!), 12);
        }
        const scale = Math.max(Math.abs(gap), 1e-30);
        if (within) expect(Math.abs(inner(w, move) - gap) / scale).toBeLessThan(1e-9);
      }),
      { numRuns: 500 },
    );
  });

  it('is the shortest', () => {
    fc.assert(
      fc.property(problem, ({ x, w, gap, within }) => {
        const most = w.reduce((sum, v, i) => sum + Math.abs(v) * room(x[i]!, Math.sign(gap) * v), 0);
        // Where all must be used, rounding decides whether the brute force gets there.
        fc.pre(within && Math.abs(gap) > 1e-2 && Math.abs(gap) < (1 - 1e-6) * most);
        const least = shortestWay(norm, x, w, gap);
        const said = project(x, w, gap, new Float64Array(x.length));
        expect(Math.abs(said - least)).toBeLessThan(1e-4 * Math.max(1, least));
        expect(said).toBeGreaterThanOrEqual(distance(w, gap) * (1 - 1e-9));
      }),
      { numRuns: 100 },
    );
  });

  it('is straight where the box is far', () => {
    const x = new Float32Array(5).fill(0.5);
    const w = Float32Array.from([1, -2, 0.5, 0, -1]);
    const move = new Float64Array(5);
    const straight = { Linf: 1 / 4.5, L2: 1 / Math.sqrt(6.25), L1: 1 / 2 }[norm];
    expect(project(x, w, -1, move)).toBeCloseTo(straight * 1, 12);
    expect(distance(w, -1)).toBeCloseTo(straight, 12);
    expect(inner(w, move)).toBeCloseTo(-1, 12);
  });

  it('does not depend on what was projected before', () => {
    const move = new Float64Array(3);
    project(new Float32Array(50).fill(0.3), new Float32Array(50).fill(1), 9, new Float64Array(50));
    const once = project(Float32Array.from([0.1, 0.9, 0.4]), Float32Array.from([1, -1, 2]), 0.6, move);
    project(new Float32Array(9).fill(1), new Float32Array(9).fill(-1), 2, new Float64Array(9));
    expect(project(Float32Array.from([0.1, 0.9, 0.4]), Float32Array.from([1, -1, 2]), 0.6, move)).toBe(once);
  });
});
