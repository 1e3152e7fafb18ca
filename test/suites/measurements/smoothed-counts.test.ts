import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { System } from '../../../src/models/system.js';
import { smoothedCounts } from '../../../src/suites/measurements/smoothed-counts.js';
import { linearSystem } from '../helpers/linear-system.js';
import { classUnderNoise, countsOf, images, measuredBy, WEIGHTS } from './noisy-draws.js';

const PARAMS = { sigma: '0.4', n0: 7, n: 30 };
const measured = measuredBy(smoothedCounts, PARAMS);

/** An image at a time, a draw at a time. */
function plainly(position: number) {
  const count = (purpose: string, times: number) =>
    countsOf(Array.from({ length: times }, (_, step) => classUnderNoise({ position, purpose, step }, 0.4)));
  return {
    selection: count('smoothing/selection', PARAMS.n0),
    estimation: count('smoothing/estimation', PARAMS.n),
  };
}

describe('the measurement smoothed-counts', () => {
  it('counts what each draw alone gives, whatever the batch and the unit', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 50 }),
        fc.shuffledSubarray([...images.keys()], { minLength: 1 }),
        async (batchSize, positions) => {
          const system = linearSystem({ weights: WEIGHTS, batchSize });
          expect(await measured(system, positions)).toEqual(positions.map(plainly));
        },
      ),
      { numRuns: 25 },
    );
  });

  it('asks in full batches, across images', async () => {
    const system = linearSystem({ weights: WEIGHTS, batchSize: 16 });
    const sizes: number[] = [];
    const spied: System = {
      ...system,
      forward: (batch) => {
        sizes.push(batch.n);
        return system.forward(batch);
      },
    };
    await measured(spied, [0, 1, 2]);
    expect(sizes).toEqual([...Array(6).fill(16), 3 * 37 - 6 * 16]);
  });

  it('does not clip noisy images', async () => {
    const system = linearSystem({ weights: WEIGHTS });
    let outside = 0;
    const spied: System = {
      ...system,
      forward: (batch) => {
        outside += batch.pixels.filter((x) => x < 0 || x > 1).length;
        return system.forward(batch);
      },
    };
    await measured(spied, [0]);
    expect(outside).toBeGreaterThan(0);
  });

  it('has a stochastic system draw anew for every draw of noise, whatever the batch', async () => {
    const seen = new Set<string>();
    const noisy = (batchSize: number): System => {
      const system = linearSystem({ weights: WEIGHTS, batchSize, noise: 1 });
      return {
        ...system,
        forward: (batch) => {
          for (const key of batch.keys ?? []) seen.add(JSON.stringify(key));
          return system.forward(batch);
        },
      };
    };
    const found = await measured(noisy(4), [2, 5]);
    expect(seen.size).toBe(2 * 37);
    expect(await measured(noisy(9), [2, 5])).toEqual(found);
  });

  it('ends when it is interrupted', async () => {
    const controller = new AbortController();
    const system = linearSystem({ weights: WEIGHTS, batchSize: 4 });
    let calls = 0;
    const stopped: System = {
      ...system,
      forward: (batch) => {
        if (++calls === 3) controller.abort();
        return system.forward(batch);
      },
    };
    await expect(measured(stopped, [0, 1], { signal: controller.signal })).rejects.toMatchObject({
      code: 'interrupted',
    });
    expect(calls).toBeLessThanOrEqual(4);
  });
});
