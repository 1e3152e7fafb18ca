import { describe, expect, it } from 'vitest';
import type { Passes } from '../../../src/models/system.js';
import { type Job, planRun, type Unit } from '../../../src/runs/plan/plan.js';
import { type Measured, planCost } from '../../../src/runs/plan/plan-cost.js';
import { entryOf, evaluationOf, meanSuite, minus, noisyLogits, plus, points } from '../small-run.js';

const { datasets, ...rest } = evaluationOf([plus, minus], [points(10)]);
const inventory = { ...rest, datasets };

function planOf(passes: Partial<Passes>, endsEarly = false) {
  const measurement = {
    ...noisyLogits({ measured: [] }, 4),
    passes: () => ({ forward: 0, gradient: 0, ...passes }),
    ...(endsEarly && { endsEarly: true as const }),
  };
  return planRun([entryOf(meanSuite(measurement))], inventory);
}

const took = (n: number, passes: Partial<Passes>, seconds: number): Measured => ({
  n,
  passes: { forward: 0, gradient: 0, ...passes },
  seconds,
});
const stored = (...entries: [Job, [Unit, Measured][]][]) =>
  new Map(entries.map(([job, units]) => [job, new Map(units)]));
const nothing = { stored: stored() };

describe('what a plan is expected to take', () => {
  it('is what examples take, where none ends early', () => {
    const plan = planOf({ forward: 2, gradient: 3 });
    const cost = planCost(plan, inventory, nothing);
    expect(cost).toMatchObject({
      units: 6,
      stored: 0,
      expected: { forward: 40, gradient: 60 },
      atMost: { forward: 40, gradient: 60 },
      open: false,
      seconds: undefined,
    });
    expect(cost.jobs.map(({ basis, suites, examples }) => [basis, suites, examples])).toEqual([
      ['exact', ['mean'], 10],
      ['exact', ['mean'], 10],
    ]);
  });

  it('leaves out what is stored, and takes the time from it', () => {
    const plan = planOf({ forward: 2 });
    const [one] = plan.jobs as readonly [Job];
    const known = { stored: stored([one, [[one.units[0]!, took(4, { forward: 8 }, 16)]]]) };
    const cost = planCost(plan, inventory, known);
    expect(cost).toMatchObject({ stored: 1, expected: { forward: 12 + 20 } });
    // Six examples of four seconds each; of the other system nothing is known.
    expect(cost.jobs.map(({ seconds }) => seconds)).toEqual([24, undefined]);
    expect(cost.seconds).toBeUndefined();
  });

  it('is of all of it where shards begin anew, by the time of what is stored', () => {
    const plan = planOf({ forward: 2 });
    const units = plan.jobs.map((job): [Job, [Unit, Measured][]] => [
      job,
      job.units.map((unit) => [
        unit,
        took(unit.end - unit.start, { forward: 2 * (unit.end - unit.start) }, unit.end - unit.start),
      ]),
    ]);
    const known = { stored: stored(...units) };
    expect(planCost(plan, inventory, known)).toMatchObject({
      stored: 6,
      expected: { forward: 0 },
      seconds: 0,
    });
    expect(planCost(plan, inventory, { ...known, anew: true })).toMatchObject({
      stored: 0,
      expected: { forward: 40 },
      seconds: 20,
    });
  });

  it('is a bound where examples may end early, until some have shown how many do', () => {
    const plan = planOf({ gradient: 100 }, true);
    expect(planCost(plan, inventory, nothing)).toMatchObject({ expected: { gradient: 2000 }, open: true });
    const [one] = plan.jobs as readonly [Job];
    const known = { stored: stored([one, [[one.units[0]!, took(4, { gradient: 100 }, 300)]]]) };
    const cost = planCost(plan, inventory, known);
    // A quarter of the passes: of the other system too, since nothing of it is known.
    expect(cost).toMatchObject({
      expected: { gradient: 6 * 25 + 10 * 25 },
      atMost: { gradient: 600 + 1000 },
      open: false,
    });
    expect(cost.jobs.map(({ basis }) => basis)).toEqual(['stored', 'alike']);
  });

  it('goes by a probe of the same system first', () => {
    const plan = planOf({ gradient: 100 }, true);
    const [one, other] = plan.jobs as readonly [Job, Job];
    const probed = [
      { job: { ...one }, measured: took(10, { gradient: 900 }, 9) },
      { job: { ...other }, measured: took(10, { gradient: 100 }, 1) },
    ];
    const cost = planCost(plan, inventory, { ...nothing, probed });
    expect(cost.jobs.map(({ expected }) => expected?.gradient)).toEqual([900, 100]);
    expect(cost.seconds).toBeCloseTo(10, 9);
  });

  it('counts calls of a system behind chains as passes of its networks', () => {
    const plan = planOf({ forward: 2 });
    const callPasses = {
      forward: { forward: 3, gradient: 30 },
      gradient: { forward: 0, gradient: 60 },
    };
    const systems = new Map(
      [...inventory.systems].map(([name, { info }]) => [name, { info: { ...info, callPasses } }]),
    );
    expect(planCost(plan, { systems }, nothing).expected).toEqual({ forward: 120, gradient: 1200 });
  });

  it('is of those that are due', () => {
    const plan = planOf({ forward: 1 });
    const { key } = plan.jobs[1]!.units[2]!;
    const cost = planCost(plan, inventory, { ...nothing, due: (other) => other === key });
    expect(cost.expected).toEqual({ forward: 2, gradient: 0 });
  });
});
