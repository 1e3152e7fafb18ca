import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isInside, type Norm, normNamed, norms } from '../../src/attacks/norms.js';
import { stream } from '../../src/random/stream.js';

const pixel = fc.oneof(
  fc.constantFrom(0, 1, 0.5, Math.fround(1 / 255), Math.fround(254 / 255)),
  fc.float({ min: 0, max: 1, noNaN: true }),
);
const anything = fc.float({ min: -3, max: 4, noNaN: true });
const radius = fc.oneof(
  fc.constantFrom(2 / 255, 8 / 255, 1e-9, 1e-4, 0.5, 1),
  fc.double({ min: 1e-6, max: 3, noNaN: true }),
);
const pair = fc.integer({ min: 1, max: 40 }).chain((size) =>
  fc.tuple(
    fc.array(pixel, { minLength: size, maxLength: size }).map((a) => Float32Array.from(a)),
    fc.array(anything, { minLength: size, maxLength: size }).map((a) => Float32Array.from(a)),
  ),
);

const euclidean = (a: Float32Array, b: Float32Array) => Math.hypot(...a.map((v, i) => v - b[i]));

describe.each([...norms.values()].map((norm) => [norm.name, norm] as const))('%s', (_, norm: Norm) => {
  it('projects into ball and box without tolerance', () => {
    fc.assert(
      fc.property(pair, radius, ([x0, x], epsilon) => {
        expect(isInside(norm, norm.project(x.slice(), x0, epsilon), x0, epsilon)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('leaves what is inside alone, so projecting twice changes nothing', () => {
    fc.assert(
      fc.property(pair, radius, ([x0, x], epsilon) => {
        const once = norm.project(x.slice(), x0, epsilon);
        expect(norm.project(once.slice(), x0, epsilon)).toEqual(once);
      }),
      { numRuns: 300 },
    );
  });

  it('projects to the nearest point: no random point of the set is nearer', () => {
    fc.assert(
      fc.property(pair, radius, fc.integer({ min: 0, max: 1000 }), ([x0, x], epsilon, example) => {
        const nearest = euclidean(norm.project(x.slice(), x0, epsilon), x);
        const other = norm.randomStart(x0, epsilon, stream({ seed: 3, purpose: 'test', example }));
        expect(nearest).toBeLessThanOrEqual(euclidean(other, x) + 1e-5);
      }),
    );
  });

  it('starts inside', () => {
    fc.assert(
      fc.property(pair, radius, fc.integer({ min: 0, max: 1000 }), ([x0], epsilon, example) => {
        const start = norm.randomStart(x0, epsilon, stream({ seed: 1, purpose: 'test', example }));
        expect(isInside(norm, start, x0, epsilon)).toBe(true);
      }),
    );
  });

  it('takes a step of the length asked for, uphill', () => {
    const x = new Float32Array(6).fill(0.5);
    const gradient = Float32Array.from([1, -2, 0.5, 3, -1, 0.25]);
    const moved = norm.ascend(x, gradient, 0.1);
    expect(norm.distance(moved, x)).toBeCloseTo(0.1, 6);
    expect(moved.reduce((sum, v, i) => sum + (v - x[i]) * gradient[i], 0)).toBeGreaterThan(0);
  });

  it('stays where the gradient is zero', () => {
    const x = Float32Array.from([0.1, 0.9]);
    expect(norm.ascend(x, new Float32Array(2), 0.1)).toEqual(x);
  });
});

describe('known answers', () => {
  it('Linf cuts each coordinate, then the box', () => {
    const x0 = Float32Array.from([0.5, 0, 1]);
    const projected = normNamed('Linf').project(Float32Array.from([0.9, -1, 0.7]), x0, 0.25);
    expect([...projected]).toEqual([0.75, 0, 0.75]);
  });

  it('L2 gives what the box takes to the other coordinates', () => {
    const x0 = Float32Array.from([0.9, 0.5]);
    const projected = normNamed('L2').project(Float32Array.from([1.9, 1.5]), x0, 0.25);
    // The first coordinate is stopped at 1, 0.1 away; the second may go sqrt(0.25^2 - 0.1^2).
    expect(projected[0]).toBeCloseTo(1, 6);
    expect(projected[1]).toBeCloseTo(0.5 + Math.sqrt(0.25 ** 2 - 0.1 ** 2), 5);
  });

  it('an L2 start is uniform in the ball: the radius to the power d is uniform', () => {
    const x0 = new Float32Array(3).fill(0.5);
    const radii = Array.from({ length: 4000 }, (_, example) => {
      const start = normNamed('L2').randomStart(x0, 0.4, stream({ seed: 7, purpose: 'test', example }));
      return (normNamed('L2').distance(start, x0) / 0.4) ** 3;
    });
    const mean = radii.reduce((a, b) => a + b, 0) / radii.length;
    const below = radii.filter((r) => r < 0.25).length / radii.length;
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.02);
    expect(Math.abs(below - 0.25)).toBeLessThan(0.03);
  });

  it('names the norm that was meant', () => {
    expect(() => normNamed('linf')).toThrowError(/no norm called "linf"/);
  });
});
