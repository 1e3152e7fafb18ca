import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { argmaxOf } from '../../../src/metrics/softmax.js';
import type { Passes } from '../../../src/models/system.js';
import { type SmoothedUntilParams, smoothedUntil } from '../../../src/suites/measurements/smoothed-until.js';
import { linearSystem } from '../helpers/linear-system.js';
import { classUnderNoise, countsOf, images, measuredBy, WEIGHTS } from './noisy-draws.js';

const SIGMA = 0.4;
const BASE = { sigma: '0.4', n0: 7, n: 400, alpha: 0.05 };
/** Draws that are looked at: 8, then a quarter more each time. */
const LOOKS = [8, 10, 13, 17, 22, 28, 35, 44, 55, 69, 87, 109, 137, 172, 215, 269, 337, 400];

/** Phi, by the integral of the density (Simpson). */
function phi(z: number): number {
  const [steps, density] = [2000, (x: number) => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)];
  const h = z / steps;
  let sum = density(0) + density(z);
  for (let k = 1; k < steps; k++) sum += (k % 2 === 1 ? 4 : 2) * density(k * h);
  return 0.5 + (sum * h) / 3;
}

/** Whether p is left out by `right` of `seen`: (seen + 1) P(right | p) < alpha, term by term. */
function leftOut(p: number, seen: number, right: number): boolean {
  let product = seen + 1;
  for (let i = 0; i < right; i++) product *= ((seen - i) / (i + 1)) * p;
  for (let i = 0; i < seen - right; i++) product *= 1 - p;
  return product < BASE.alpha;
}

/** The radius is at least r: so are probabilities of Phi(r / sigma) and less left out from below; or it cannot be. */
const isKnown = (radius: number, seen: number, right: number) => leftOut(phi(radius / SIGMA), seen, right);

/** Below 1/2 for certain: there will be no certificate. */
const isLost = (seen: number, right: number) => 2 * right < seen && leftOut(0.5, seen, right);

/** Where something ceases to hold between a number that it holds for and one that it does not. */
function edge(holds: (x: number) => boolean, inside: number, outside: number): number {
  let [from, to] = [inside, outside];
  for (let i = 0; i < 60; i++) {
    const middle = (from + to) / 2;
    if (holds(middle)) from = middle;
    else to = middle;
  }
  return from;
}

/** The least and the largest radius that are not left out; the least is negative where a half is not. */
function ends(seen: number, right: number): [number, number] {
  const stays = (radius: number) => !leftOut(phi(radius / SIGMA), seen, right);
  const likeliest = SIGMA * edge((z) => phi(z) < right / seen, -8, 8);
  return [edge(stays, likeliest, -4), right === seen ? Number.POSITIVE_INFINITY : edge(stays, likeliest, 4)];
}

/** An image at a time, a draw at a time, until what is asked is known at a look. */
function plainly(position: number, settled: (seen: number, right: number) => boolean) {
  const drawn = (purpose: string, times: number) =>
    Array.from({ length: times }, (_, step) => classUnderNoise({ position, purpose, step }, SIGMA));
  const selection = countsOf(drawn('smoothing/selection', BASE.n0));
  const all = drawn('smoothing/estimation', BASE.n);
  const right = (seen: number) => countsOf(all.slice(0, seen))[argmaxOf(selection)]!;
  const end = LOOKS.find((seen) => isLost(seen, right(seen)) || settled(seen, right(seen))) ?? BASE.n;
  return { selection, estimation: countsOf(all.slice(0, end)) };
}

describe('the measurement smoothed-until', () => {
  const anyPositions = fc.shuffledSubarray([...images.keys()], { minLength: 1 });
  const cases: [string, Partial<SmoothedUntilParams>, (seen: number, right: number) => boolean][] = [
    [
      'of every radius whether it is certified',
      { radii: ['0', '0.15', '0.4'] },
      (seen, right) => [0, 0.15, 0.4].every((radius) => isKnown(radius, seen, right)),
    ],
    [
      'the radius to within a length',
      { within: '0.2' },
      (seen, right) => {
        const [least, most] = ends(seen, right);
        return least >= 0 && most - least <= 0.2;
      },
    ],
  ];

  it.each(cases)('ends at the first look at which is known: %s', async (_, asked, settled) => {
    const measured = measuredBy(smoothedUntil, { ...BASE, ...asked });
    const expected = images.map((__, position) => plainly(position, settled));
    const drawn = expected.map(({ estimation }) => estimation.reduce((sum, count) => sum + count, 0));
    // Some early, some late, and some never.
    expect(Math.min(...drawn)).toBeLessThan(BASE.n / 4);
    expect(new Set(drawn).size).toBeGreaterThan(3);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 50 }), anyPositions, async (batchSize, positions) => {
        const system = linearSystem({ weights: WEIGHTS, batchSize });
        expect(await measured(system, positions)).toEqual(positions.map((position) => expected[position]));
      }),
      { numRuns: 15 },
    );
  });

  it('asks in full batches across images at every look, and tells of the passes that it spares', async () => {
    const spared: Passes = { forward: 0, gradient: 0 };
    let begun = 0;
    const outlook = {
      begin: (examples: number) => {
        begun += examples;
      },
      spare: ({ forward }: Passes) => {
        spared.forward += forward;
      },
    };
    const system = linearSystem({ weights: WEIGHTS, batchSize: 16 });
    const sizes: number[] = [];
    const spied = {
      ...system,
      forward: (batch: Parameters<typeof system.forward>[0]) => {
        sizes.push(batch.n);
        return system.forward(batch);
      },
    };
    const measured = measuredBy(smoothedUntil, { ...BASE, radii: ['0', '0.15'] });
    const found = await measured(spied, [...images.keys()], { outlook });
    const drawn = found.flatMap(({ selection, estimation }) => [...selection, ...estimation]);
    const made = drawn.reduce((sum, count) => sum + count, 0);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(made);
    // One that is not full at the end of the selection, and of each look.
    expect(sizes.filter((size) => size < 16).length).toBeLessThanOrEqual(1 + LOOKS.length);
    expect(begun).toBe(images.length);
    expect(made + spared.forward).toBe(images.length * (BASE.n0 + BASE.n));
    expect(spared.forward).toBeGreaterThan(0);
  });

  it('ends after all draws where these are fewer than the first look is after', async () => {
    const measured = measuredBy(smoothedUntil, { ...BASE, n: 5, radii: ['0'] });
    const found = await measured(linearSystem({ weights: WEIGHTS }), [0]);
    expect(found[0]!.estimation.reduce((sum, count) => sum + count, 0)).toBe(5);
  });
});
