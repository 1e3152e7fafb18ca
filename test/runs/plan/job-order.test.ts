import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dearestFirst } from '../../../src/runs/plan/job-order.js';
import { planRun, readBy } from '../../../src/runs/plan/plan.js';
import {
  centredSuite,
  entryOf,
  evaluationOf,
  type LogitMeasurement,
  meanSuite,
  noisyLogits,
  plus,
  points,
  sums,
} from '../small-run.js';

const probe = { measured: [] };
const costing = (name: string, gradient: number, unitSize: number): LogitMeasurement => ({
  ...noisyLogits(probe, unitSize, name),
  passes: () => ({ forward: 1, gradient }),
});

/** A pass that two others read, one of which takes so many gradients, a dear one that reads nothing, and a fit. */
function jobsOf(gradients: number, dear: number, unitSize: number) {
  const evaluation = evaluationOf([plus], [points(30), points(20, { name: 'train' })]);
  const cheap = costing('cheap', 0, 8);
  const entries = [
    entryOf(meanSuite(sums(cheap, probe) as unknown as LogitMeasurement, 'sums', cheap)),
    entryOf(meanSuite(costing('reader', gradients, unitSize), 'reader', cheap)),
    entryOf(meanSuite(costing('dear', dear, unitSize), 'dear')),
    entryOf(centredSuite(cheap, { reference: 'train' })),
  ];
  const { jobs } = planRun(entries, evaluation);
  return { jobs, ordered: dearestFirst(jobs, evaluation) };
}

describe('the order of jobs', () => {
  it('has all of them, inputs before what reads them', () => {
    const costs = fc.nat({ max: 20 });
    fc.assert(
      fc.property(costs, costs, fc.integer({ min: 1, max: 16 }), (reader, dear, unitSize) => {
        const { jobs, ordered } = jobsOf(reader, dear, unitSize);
        expect(new Set(ordered)).toEqual(new Set(jobs));
        for (const [at, job] of ordered.entries())
          for (const read of readBy(job)) expect(ordered.indexOf(read)).toBeLessThan(at);
      }),
      { numRuns: 20 },
    );
  });

  it('begins with what the most work waits for', () => {
    const namesOf = (reader: number, dear: number) => {
      const onTest = jobsOf(reader, dear, 8).ordered.filter(({ request }) => request.dataset === 'test');
      return onTest.map(({ request }) => request.measurement.name);
    };
    expect(namesOf(9, 3)).toEqual(['cheap', 'reader', 'dear', 'sums', 'centred']);
    expect(namesOf(3, 9)).toEqual(['dear', 'cheap', 'reader', 'sums', 'centred']);
  });
});
