import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Plan, planRun } from '../../../src/runs/plan/plan.js';
import { unitsReadBy } from '../../../src/runs/plan/read-units.js';
import { shardsOf } from '../../../src/runs/plan/shard.js';
import type { LogitMeasurement } from '../small-run.js';
import {
  centredSuite,
  entryOf,
  evaluationOf,
  meanSuite,
  minus,
  noisyLogits,
  plus,
  points,
  sums,
} from '../small-run.js';

const probe = { measured: [] };
/** Costs `gradient` an example. */
const costing = (name: string, gradient: number, unitSize: number): LogitMeasurement => ({
  ...noisyLogits(probe, unitSize, name),
  passes: () => ({ forward: 1, gradient }),
});

/** A cheap pass that two dear ones read, and a fit over other data that a third one reads. */
function planOf(n: number, gradient: number, unitSize: number) {
  const evaluation = evaluationOf([plus, minus], [points(n), points(40, { name: 'train' })]);
  const cheap = costing('cheap', 0, 8);
  const dear = meanSuite(costing('dear', gradient, unitSize) as LogitMeasurement, 'dear', cheap);
  const entries = [
    entryOf(dear),
    entryOf(meanSuite(sums(cheap, probe) as unknown as LogitMeasurement, 'sums', cheap)),
    entryOf(centredSuite(cheap, { reference: 'train' })),
  ];
  return { plan: planRun(entries, evaluation), evaluation };
}

const unitsOf = ({ jobs }: Plan) => jobs.flatMap(({ units }) => units);
type Shards = ReturnType<typeof shardsOf>;
const keysIn = ({ shards }: Shards) => shards.map(({ units }) => [...units].map(({ key }) => key));

const cases = fc.record({
  n: fc.integer({ min: 1, max: 60 }),
  gradient: fc.constantFrom(0, 3, 50),
  unitSize: fc.integer({ min: 1, max: 16 }),
  of: fc.integer({ min: 1, max: 9 }),
});

describe('the shards of a plan', () => {
  it('hold every unit, each with all that it reads, and are the same whoever plans', () => {
    fc.assert(
      fc.property(cases, ({ n, gradient, unitSize, of }) => {
        const { plan, evaluation } = planOf(n, gradient, unitSize);
        const split = shardsOf(plan, evaluation, of);
        expect(split.shards.map(({ index }) => index)).toEqual(Array.from({ length: of }, (_, i) => i + 1));
        const held = new Set(split.shards.flatMap(({ units }) => [...units]));
        expect(held.size).toBe(unitsOf(plan).length);
        for (const { units } of split.shards)
          for (const job of plan.jobs)
            for (const unit of job.units)
              if (units.has(unit))
                for (const read of unitsReadBy(job, unit)) expect(units.has(read)).toBe(true);
        const again = planOf(n, gradient, unitSize);
        expect(keysIn(shardsOf(again.plan, again.evaluation, of))).toEqual(keysIn(split));
        const sum = split.shards.reduce((total, { weight }) => total + weight, 0);
        expect(sum).toBeCloseTo(split.weight + split.repeated, 6);
      }),
      { numRuns: 20 },
    );
  });

  it('cost about the same where there are units enough', () => {
    const { plan, evaluation } = planOf(60, 50, 4);
    for (const of of [2, 3, 5]) {
      const { shards, weight, repeated } = shardsOf(plan, evaluation, of);
      const most = Math.max(...shards.map((shard) => shard.weight));
      expect(most / (weight / of), `of ${of}`).toBeLessThan(1.2);
      expect(repeated / weight).toBeLessThan(0.1);
    }
  });

  it('are empty where there are fewer units than shards', () => {
    const { plan, evaluation } = planOf(4, 0, 16);
    const { shards } = shardsOf(plan, evaluation, 200);
    expect(shards.some(({ units }) => units.size === 0)).toBe(true);
  });
});
