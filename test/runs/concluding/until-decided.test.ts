// @module-tag slow
import { Type } from '@sinclair/typebox';
import { describe, expect, it } from 'vitest';
import type { Dataset } from '../../../src/data/dataset.js';
import { evaluateGates } from '../../../src/gate/evaluate.js';
import type { GateRule } from '../../../src/gate/rule.js';
import { wilson } from '../../../src/metrics/estimates/intervals.js';
import { randomOrder } from '../../../src/random/order.js';
import { stoppedSummary } from '../../../src/runs/concluding/stopped-summary.js';
import { summariseSuite } from '../../../src/runs/concluding/summarise.js';
import { measureUntilDecided } from '../../../src/runs/concluding/until-decided.js';
import { refuseStopped } from '../../../src/runs/judging/judgeable.js';
import type { Execution } from '../../../src/runs/measuring/execute.js';
import type { JobCost } from '../../../src/runs/measuring/ledger.js';
import { shuffledFor } from '../../../src/runs/opening/shuffle.js';
import { type Job, planRun } from '../../../src/runs/plan/plan.js';
import { headOf, type UnitRecord } from '../../../src/runs/units/unit-file.js';
import { float64 } from '../../../src/suites/columns.js';
import { defineMeasurement, defineSuite, request, type Suite } from '../../../src/suites/contract.js';
import type { Measure, Results } from '../../../src/suites/results.js';
import { entryOf, evaluationOf, minus, plus, points } from '../small-run.js';

const SIZE = 400;
const REPEATS = process.env.ASSAY_LONG === '1' ? 2000 : 200;

const test = points(SIZE, { fingerprint: 'of the points' });

const right = defineMeasurement({
  name: 'right',
  version: 1,
  needs: ['logits'],
  unitSize: 256,
  columns: { right: float64() },
  measure: async () => ({ right: new Float64Array() }),
});

/** The share of examples that a system gets right, and their mean, which no sequence decides. */
const shares = defineSuite({
  name: 'shares',
  title: 'Shares',
  description: 'How many are right.',
  options: Type.Object({ first: Type.Optional(Type.Integer()) }),
  needs: ['logits'],
  measures: ['share', 'mean'],
  examplesApart: true,
  plan: ({ systems, datasets }, { first }) =>
    systems.flatMap(({ name: system }) =>
      datasets.map(({ name: dataset }) =>
        request({ measurement: right, system, dataset, ...(first !== undefined && { first }) }),
      ),
    ),
  summarise: (collected) => ({
    measures: collected.all(right).flatMap(({ request: { system, dataset }, rows }): Measure[] => {
      const { data } = rows.right;
      const about = { suite: 'shares', title: 'Share', model: system, dataset, params: {} };
      const where = { model: system, dataset };
      const share = wilson(
        data.reduce((a, b) => a + b, 0),
        data.length,
      );
      return [
        {
          ...{ ...about, ...share, measure: 'share', better: 'higher', format: 'percent' },
          rows: { sheet: 'shares', where, statistic: 'share', columns: { outcome: 'right' } },
        },
        { ...about, ...share, measure: 'mean', better: 'higher', format: 'number', method: 'none' },
      ];
    }),
    examples: [{ name: 'shares', columns: ['model', 'dataset', 'index', 'right'], rows: [] }],
  }),
});

interface World {
  /** How many of the first examples each system gets right. */
  right: Record<string, number>;
  rules: readonly GateRule[];
  seed?: number;
  first?: number;
  /** Default: `shares`, on one data set. */
  suites?: readonly Suite[];
  datasets?: readonly Dataset[];
}

/** Measures in memory what a run would, and judges it as a run does. */
async function outcomeOf({
  right: truth,
  rules,
  seed = 0,
  first,
  suites = [shares],
  datasets = [test],
}: World) {
  const systems = [plus, minus].filter(({ info }) => info.name in truth);
  const whole = evaluationOf(systems, datasets, seed);
  const entries = suites.map((suite) => entryOf(suite, first === undefined ? {} : { first }));
  const evaluation = shuffledFor(rules, planRun(entries, whole), whole);
  const plan = planRun(entries, evaluation);
  const units = new Map<string, UnitRecord>();
  const lines: string[] = [];
  const order = randomOrder(first ?? SIZE, seed);
  const measure = async (jobs: readonly Job[]): Promise<Execution> => {
    const costs = new Map<Job, JobCost>();
    let measured = 0;
    for (const job of jobs) {
      for (const { key, start, end } of job.units) {
        if (units.has(key)) continue;
        measured++;
        const indices = Int32Array.from({ length: end - start }, (_, i) =>
          job.order === undefined ? start + i : order[start + i]!,
        );
        const data = Float64Array.from(indices, (i) => Number(i < truth[job.request.system]!));
        const rows = { right: { shape: [indices.length], data } };
        units.set(key, { key, rows, indices, passes: { forward: 0, gradient: 0 }, seconds: 0 });
      }
      const passes = { forward: job.size, gradient: 0 };
      costs.set(job, { units: job.units.length, examples: job.size, passes, seconds: 0 });
    }
    return { stored: 0, measured, costs, failures: new Map() };
  };
  const headed = (unit: UnitRecord | undefined) => unit && headOf(unit);
  const store = {
    read: async (key: string) => units.get(key),
    head: async (key: string) => headed(units.get(key)),
  };
  const {
    plan: part,
    execution,
    stopped,
  } = await measureUntilDecided(plan, {
    rules,
    inventory: evaluation,
    store,
    measure,
    tell: (line) => lines.push(line),
  });
  const measures: Measure[] = [];
  for (const suite of part.suites)
    measures.push(
      ...stoppedSummary((await summariseSuite(suite, store, execution)).summary, suite.stopped).measures,
    );
  const gates = await evaluateGates(rules, { measures, stopped, status: stopped ? 'stopped' : 'complete' });
  return { gates, measures, stopped, lines };
}

const rule: GateRule = { measure: 'share', where: { model: 'plus' }, min: 0.8 };

describe('a run that measures until its gates are decided', () => {
  it.each<[GateRule, right: number, truth: boolean, mean: [number, number]]>([
    // At the limit nearly all examples are needed, far from it a fifth is enough.
    [rule, 320, true, [300, 400]],
    [rule, 319, false, [300, 400]],
    [rule, 360, true, [100, 200]],
    [rule, 240, false, [40, 110]],
    [{ ...rule, confidently: true }, 320, false, [200, 380]],
    [{ ...rule, min: undefined, max: 0.8 } as GateRule, 280, true, [100, 280]],
  ])(
    '%j with %i of 400 right: %s, another verdict in at most 5 %% of runs',
    { tags: ['long'] },
    async (gate, truth, holds, mean) => {
      let [wrong, seen] = [0, 0];
      for (let seed = 0; seed < REPEATS; seed++) {
        const { gates } = await outcomeOf({ right: { plus: truth }, rules: [gate], seed });
        expect(gates[0]!.margin).not.toBeNull();
        if (gates[0]!.passed !== holds) wrong++;
        seen += gates[0]!.n ?? 0;
      }
      expect(wrong / REPEATS).toBeLessThanOrEqual(0.05);
      expect([seen / REPEATS >= mean[0], seen / REPEATS <= mean[1], seen / REPEATS]).toEqual([
        true,
        true,
        seen / REPEATS,
      ]);
    },
  );

  it('tells each of several gates wrongly in at most 5 % of runs, whichever of them it waits for', {
    tags: ['long'],
  }, async () => {
    const rules: GateRule[] = [
      rule,
      { ...rule, where: { model: 'minus' } },
      { measure: 'share', each: true, min: 0.85, confidently: true, level: 'warn' },
    ];
    const truth = [true, false, false, false];
    const wrong = truth.map(() => 0);
    for (let seed = 0; seed < REPEATS; seed++) {
      const { gates } = await outcomeOf({ right: { plus: 320, minus: 312 }, rules, seed });
      expect(gates).toHaveLength(truth.length);
      for (const [i, { passed }] of gates.entries()) wrong[i]! += Number(passed !== truth[i]);
    }
    for (const count of wrong) expect(count / REPEATS).toBeLessThanOrEqual(0.05);
    // They are decided on a part, or nothing would be told of stopping.
    const { stopped } = await outcomeOf({ right: { plus: 360, minus: 240 }, rules });
    expect(stopped).toBeDefined();
  });

  it('says what it saw of what, with an interval that holds whenever one stops', async () => {
    const { gates, measures, stopped, lines } = await outcomeOf({ right: { plus: 390 }, rules: [rule] });
    const share = measures[0]!;
    const mean = measures[1];
    expect(gates[0]).toMatchObject({
      passed: true,
      n: share.n,
      of: SIZE,
      interval: share.interval,
      method: 'confidence-sequence',
      judges: 'interval',
      margin: expect.closeTo((share.interval?.[0] ?? 0) - 0.8, 12),
    });
    expect(share).toMatchObject({ of: SIZE, method: 'confidence-sequence' });
    expect(share.interval?.[0]).toBeLessThan(390 / 400);
    // A mean of 100 examples has no interval that allows for when one stops.
    expect(mean).toMatchObject({ of: SIZE, interval: null, method: 'none' });
    expect(stopped?.samples).toEqual([
      { suite: 'shares', title: 'Shares', dataset: 'test', n: share.n, of: SIZE },
    ]);
    expect(lines.at(-1)).toBe(`stopped after ${share.n} of 400 examples: 1 of 1 gate decided`);
  });

  it('keeps all systems of a suite on the same examples, and goes on until the last gate is decided', async () => {
    const rules = [rule, { ...rule, where: { model: 'minus' } }];
    const { gates } = await outcomeOf({ right: { plus: 400, minus: 340 }, rules });
    const alone = (await outcomeOf({ right: { plus: 400 }, rules: [rule] })).gates[0]!;
    expect(gates.map(({ passed }) => passed)).toEqual([true, true]);
    expect(gates[0]!.n).toBe(gates[1]!.n);
    expect(gates[0]!.n).toBeGreaterThan(alone.n ?? 0);
  });

  it('is on the same examples as a run of the first ones', async () => {
    const world = { right: { plus: 190 }, rules: [rule], first: 200 };
    const { gates, measures } = await outcomeOf(world);
    expect(gates[0]).toMatchObject({ passed: true, of: 200 });
    expect(measures[0]!.n).toBeLessThan(200);
  });

  it.each<[string, GateRule, RegExp]>([
    ['no sequence is for', { measure: 'mean', where: { model: 'plus' }, min: 0.5 }, /mean is no share/],
    [
      'compares models',
      { ...rule, min: undefined, over: 'minus', maxDecrease: 0.1 } as GateRule,
      /a difference to others/,
    ],
    ['judges warnings', { noWarnings: 'serious' }, /warnings are judged on all/],
    [
      'puts several together',
      { measure: 'share', aggregate: 'mean', min: 0.5 },
      /several measures are judged as one/,
    ],
  ])('measures to the end what a gate rests on that %s', async (_, whole, why) => {
    const rules = [rule, whole];
    const { gates, measures, lines, stopped } = await outcomeOf({ right: { plus: 400, minus: 390 }, rules });
    expect(measures.map(({ n, of }) => [n, of])).toEqual(measures.map(() => [SIZE, undefined]));
    expect(gates.every(({ passed }) => passed)).toBe(true);
    expect(lines.join('\n')).toMatch(why);
    expect(stopped).toBeUndefined();
  });

  it.each([
    ['a part of the examples where a reference reads the first images alone', 8, 100],
    ['all of them where it reads whatever there is', undefined, SIZE],
  ])('measures %s', async (_, firstImages, most) => {
    const look = defineMeasurement({
      ...{ name: 'look', version: 1, needs: ['logits'], unitSize: 1, aggregate: 'images' },
      ...(firstImages !== undefined && { firstImages }),
      columns: { right: float64() },
      measure: async () => ({ right: new Float64Array() }),
    });
    const looking: Suite = {
      ...shares,
      plan: (context) =>
        shares.plan(context, {}).map((own) => {
          const { system, dataset } = own;
          return { ...own, reference: [request({ measurement: look, system, dataset })] };
        }),
    };
    const { measures, gates, lines } = await outcomeOf({
      right: { plus: SIZE },
      rules: [rule],
      suites: [looking],
    });
    expect(gates[0]!.passed).toBe(true);
    expect(measures[0]!.n).toBeLessThanOrEqual(most);
    expect(/its data set is read as a whole/.test(lines.join('\n'))).toBe(most === SIZE);
  });

  it('measures all of a suite that looks at examples together, also what its gate does not name', async () => {
    // As a detector does, whose gate is on the OOD set and whose threshold is from the test set.
    const among: Suite = {
      ...{ ...shares, name: 'together', measures: ['among'], examplesApart: false },
      summarise: (collected, options, context) => {
        const { measures, ...rest } = shares.summarise(collected, options as object, context);
        const renamed = measures.map((one) => ({ ...one, suite: 'together', measure: 'among' }));
        return { ...rest, measures: measures.length < 4 ? [] : renamed.filter((_, i) => i % 2 === 0) };
      },
    };
    const rules: GateRule[] = [
      { ...rule, where: { model: 'plus', dataset: 'test' } },
      { measure: 'among', where: { model: 'plus', dataset: 'other' }, min: 0.8 },
    ];
    const { gates, stopped, lines } = await outcomeOf({
      right: { plus: 400 },
      rules,
      suites: [shares, among],
      datasets: [test, points(SIZE, { name: 'other', fingerprint: 'of others' })],
    });
    expect(gates.map(({ passed, n, of }) => [passed, n, of])).toEqual([
      [true, 32, SIZE],
      [true, SIZE, undefined],
    ]);
    expect(stopped?.whole).toMatchObject([
      { gate: 1, reason: 'the suite together looks at examples together' },
    ]);
    expect(lines.at(-1)).toBe('stopped after 32 of 400 examples: 1 of 1 gate decided');
  });

  it('decides a rule on each measure when it has decided all of them', async () => {
    const each: GateRule = { measure: 'share', each: true, min: 0.8 };
    const { gates } = await outcomeOf({ right: { plus: 400, minus: 100 }, rules: [each] });
    expect(gates.map(({ passed, of }) => [passed, of])).toEqual([
      [true, SIZE],
      [false, SIZE],
    ]);
  });

  it('is complete for nothing but gates, also where some of it failed', () => {
    const of = (measures: Partial<Measure>[]) => ({ status: 'partial', measures }) as unknown as Results;
    expect(() => refuseStopped('out', of([{ n: 32, of: SIZE }]))).toThrow(/measuring stopped/);
    expect(() => refuseStopped('out', of([{ n: SIZE }]))).not.toThrow();
  });

  it('does not go on for a rule that fits several measures: it fails whatever they are', async () => {
    const { gates, measures } = await outcomeOf({
      right: { plus: 400, minus: 400 },
      rules: [{ measure: 'share', min: 0.8 }],
    });
    expect(gates[0]).toMatchObject({ passed: false, reason: expect.stringMatching(/2 measures are called/) });
    expect(measures[0]!.n).toBe(32);
  });
});
