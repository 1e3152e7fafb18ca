import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { kthLargest } from '../../src/attacks/norms/kth-largest.js';
import { isInside, type Norm, norms } from '../../src/attacks/norms.js';
import { stream } from '../../src/random/stream.js';
import { nearest } from './helpers/projections.js';

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

const euclidean = (a: Float32Array, b: Float32Array) => Math.hypot(...a.map((v, i) => v - b[i]!));

describe.each([...norms].map((norm) => [norm.name, norm] as const))('%s', (_, norm: Norm) => {
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

  it('projects where bisection on the multiplier does', () => {
    fc.assert(
      fc.property(pair, radius, ([x0, x], epsilon) => {
        const expected = nearest(norm.name, x, x0, epsilon);
        norm.project(x.slice(), x0, epsilon).forEach((v, i) => {
          expect(Math.abs(v - expected[i]!)).toBeLessThan(1e-6);
        });
      }),
      { numRuns: 300 },
    );
  });

  it('brings no two points further apart', () => {
    const two = pair.chain(([x0, x]) =>
      fc.tuple(
        fc.constant([x0, x]),
        fc.array(anything, { minLength: x.length, maxLength: x.length }).map((a) => Float32Array.from(a)),
      ),
    );
    fc.assert(
      fc.property(two, radius, ([[x0, x], y], epsilon) => {
        const apart = euclidean(norm.project(x.slice(), x0, epsilon), norm.project(y.slice(), x0, epsilon));
        expect(apart).toBeLessThanOrEqual(euclidean(x, y) + 1e-5);
      }),
    );
  });

  it('projects a large image without leaving the ball', () => {
    const [x0, x] = [new Float32Array(3072), new Float32Array(3072)];
    const source = stream({ seed: 5, purpose: 'test/large', example: 0 });
    for (let i = 0; i < x0.length; i++) [x0[i], x[i]] = [source.uniform(), x0[i]! + source.normal()];
    for (const epsilon of [1e-3, 0.1, 1, 12]) {
      const projected = norm.project(x.slice(), x0, epsilon);
      expect(isInside(norm, projected, x0, epsilon)).toBe(true);
      const expected = nearest(norm.name, x, x0, epsilon);
      expect(euclidean(projected, Float32Array.from(expected))).toBeLessThan(1e-5);
    }
  });

  it('starts inside, on the surface where the box allows', () => {
    fc.assert(
      fc.property(pair, radius, fc.integer({ min: 0, max: 1000 }), ([x0], epsilon, example) => {
        const start = norm.surfaceStart(x0, epsilon, stream({ seed: 2, purpose: 'test', example }));
        expect(isInside(norm, start, x0, epsilon)).toBe(true);
      }),
    );
    const x0 = new Float32Array(30).fill(0.5);
    const start = norm.surfaceStart(x0, 0.3, stream({ seed: 2, purpose: 'test', example: 0 }));
    expect(norm.distance(start, x0)).toBeCloseTo(0.3, 6);
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
    expect(moved.reduce((sum, v, i) => sum + (v - x[i]!) * gradient[i]!, 0)).toBeGreaterThan(0);
  });

  it('stays where the gradient is zero', () => {
    const x = Float32Array.from([0.1, 0.9]);
    expect(norm.ascend(x, new Float32Array(2), 0.1)).toEqual(x);
  });
});

describe('known answers', () => {
  it('Linf cuts each coordinate, then the box', () => {
    const x0 = Float32Array.from([0.5, 0, 1]);
    const projected = norms.named('Linf').project(Float32Array.from([0.9, -1, 0.7]), x0, 0.25);
    expect([...projected]).toEqual([0.75, 0, 0.75]);
  });

  it('L2 gives what the box takes to the other coordinates', () => {
    const x0 = Float32Array.from([0.9, 0.5]);
    const projected = norms.named('L2').project(Float32Array.from([1.9, 1.5]), x0, 0.25);
    // The first coordinate is stopped at 1, 0.1 away; the second may go sqrt(0.25^2 - 0.1^2).
    expect(projected[0]).toBeCloseTo(1, 6);
    expect(projected[1]).toBeCloseTo(0.5 + Math.sqrt(0.25 ** 2 - 0.1 ** 2), 5);
  });

  it('an L2 start is uniform in the ball: the radius to the power d is uniform', () => {
    const x0 = new Float32Array(3).fill(0.5);
    const radii = Array.from({ length: 4000 }, (_, example) => {
      const start = norms.named('L2').randomStart(x0, 0.4, stream({ seed: 7, purpose: 'test', example }));
      return (norms.named('L2').distance(start, x0) / 0.4) ** 3;
    });
    const mean = radii.reduce((a, b) => a + b, 0) / radii.length;
    const below = radii.filter((r) => r < 0.25).length / radii.length;
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.02);
    expect(Math.abs(below - 0.25)).toBeLessThan(0.03);
  });

  it('an L1 start is uniform in the ball: the radius to the power d is uniform', () => {
    const x0 = new Float32Array(3).fill(0.5);
    const starts = Array.from({ length: 4000 }, (_, example) =>
      norms.named('L1').randomStart(x0, 0.4, stream({ seed: 7, purpose: 'test', example })),
    );
    const radii = starts.map((start) => (norms.named('L1').distance(start, x0) / 0.4) ** 3);
    const share = (inside: boolean[]) => inside.filter(Boolean).length / inside.length;
    expect(Math.abs(share(radii.map((r) => r < 0.25)) - 0.25)).toBeLessThan(0.03);
    expect(Math.abs(share(radii.map((r) => r < 0.75)) - 0.75)).toBeLessThan(0.03);
    // Of a ball in three dimensions the octants have an eighth each, and half of it lies below epsilon (1 - 2^(-1/3)).
    expect(Math.abs(share(starts.map((x) => x.every((v) => v > 0.5))) - 1 / 8)).toBeLessThan(0.02);
    const cap = 0.4 * (1 - 0.5 ** (1 / 3));
    expect(Math.abs(share(starts.map((x) => Math.abs(x[0]! - 0.5) < cap)) - 0.5)).toBeLessThan(0.03);
  });

  it('L1 gives what the box takes to the other coordinates, and shrinks all alike', () => {
    const x0 = Float32Array.from([0.875, 0.5, 0.5]);
    const projected = norms.named('L1').project(Float32Array.from([1.875, 1, 0.4375]), x0, 0.5);
    // Changes of 1, 0.5 and -0.0625: the first may be 0.125, so a threshold of 0.125 leaves 0.375 to the second.
    [1, 0.875, 0.5].forEach((v, i) => {
      expect(projected[i]).toBeCloseTo(v, 6);
    });
  });

  it('an L1 step goes along the steepest hundredth of the coordinates that may move', () => {
    const x = new Float32Array(200).fill(0.5);
    x[7] = 1;
    const gradient = Float32Array.from(x, (_, i) => (i % 2 === 0 ? 0.1 : -0.1));
    [gradient[7], gradient[30], gradient[61], gradient[90]] = [9, -5, 4, 3];
    const moved = norms.named('L1').ascend(x, gradient, 0.5);
    const changes = [...moved].flatMap((v, i) => (v === x[i] ? [] : [[i, v - x[i]!]]));
    expect(changes).toEqual([
      [30, -0.25],
      [61, 0.25],
    ]);
  });

  it('finds the k-th largest as sorting does', () => {
    const values = fc.array(fc.float({ noNaN: true }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(values, fc.nat(), (numbers, at) => {
        const sorted = Float32Array.from(numbers).sort().reverse();
        const k = 1 + (at % numbers.length);
        expect(kthLargest(Float32Array.from(numbers), k) === sorted[k - 1]).toBe(true);
      }),
    );
  });

  it('names the norm that was meant', () => {
    expect(() => norms.named('linf')).toThrowError(/no norm called "linf"/);
  });
});
