import { existsSync, readdirSync, readFileSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AssayError } from '../../src/errors.js';
import type { GateRule } from '../../src/gate/rule.js';
import type { SuiteEntry } from '../../src/runs/asked/suite-entries.js';
import type { RunOutcome } from '../../src/runs/concluding/outcome.js';
import { type Evaluation, inventoryWarnings } from '../../src/runs/inventory/inventory.js';
import type { ProgressEvent } from '../../src/runs/measuring/progress.js';
import type { RunSpec } from '../../src/runs/opening/run-spec.js';
import { runEvaluation } from '../../src/runs/run-evaluation.js';
import { decodeUnit } from '../../src/runs/units/read-unit.js';
import { encodeUnit } from '../../src/runs/units/unit-file.js';
import type { NdArray } from '../../src/suites/columns.js';
import { defineSuite, type Measurement } from '../../src/suites/contract.js';
import { Refused } from '../../src/suites/refused.js';
import type { Results } from '../../src/suites/results.js';
import { accuracy } from '../../suites/accuracy/index.js';
import { linearSystem } from '../suites/helpers/linear-system.js';
import {
  centredSuite,
  entryOf,
  evaluationOf,
  folder,
  type LogitMeasurement,
  meanSuite,
  minus,
  noisyLogits,
  type Params,
  type Probe,
  plus,
  points,
  sums,
} from './small-run.js';

interface Given {
  evaluation?: Evaluation;
  entries?: SuiteEntry[];
  gates?: GateRule[];
  expectations?: RunSpec['expectations'];
  partial?: ReadonlySet<string>;
  signal?: AbortSignal;
  notify?: (event: ProgressEvent) => void;
}

const probe = (before?: Probe['before']): Probe => ({ measured: [], before });

function start(out: string, given: Given): Promise<RunOutcome> {
  const { evaluation = evaluationOf([plus, minus], [points(10)]), entries = [], gates = [] } = given;
  const spec: RunSpec = {
    title: 'small',
    file: 'small.run.yaml',
    directory: out,
    config: { gates },
    evaluation,
    entries,
    gates,
    expectations: given.expectations ?? [],
    partial: given.partial ?? new Set(),
    warnings: [],
  };
  const signal = given.signal ?? new AbortController().signal;
  return runEvaluation(spec, { out, signal, notify: given.notify ?? (() => undefined) });
}

/** results.json as saved, without its times. */
function saved(out: string): Omit<Results, 'created' | 'seconds'> {
  const {
    created: _,
    seconds: __,
    ...rest
  }: Results = JSON.parse(readFileSync(join(out, 'results.json'), 'utf8'));
  return { ...rest, costs: rest.costs.map((cost) => ({ ...cost, seconds: 0 })) };
}

const units = (out: string) => readdirSync(join(out, 'units')).map((name) => join(out, 'units', name));

describe('a run', () => {
  it('leaves results, report, sheets and what it was', async () => {
    const out = folder();
    const outcome = await start(out, { entries: [entryOf(meanSuite(noisyLogits(probe())))] });
    expect(outcome).toMatchObject({ exitCode: 0, stored: 0, measured: 6, directory: out });
    for (const file of ['report.html', 'measures.csv', 'examples/mean.csv', 'run.json'])
      expect(existsSync(join(out, file)), file).toBe(true);
    const { status, costs, systems } = saved(out);
    expect(status).toBe('complete');
    expect(systems.map(({ name }) => name)).toEqual(['plus', 'minus']);
    expect(costs).toEqual(
      ['plus', 'minus'].map((model) => ({
        measurement: 'noisy-logits',
        model,
        dataset: 'test',
        params: { scale: 1 },
        examples: 10,
        units: 3,
        forward: 10,
        gradient: 0,
        seconds: 0,
      })),
    );
    const sheet = readFileSync(join(out, 'examples/mean.csv'), 'utf8').trim().split('\n');
    expect(sheet[0]).toBe('model,index,first');
    expect(sheet.slice(1).map((line) => line.split(',').slice(0, 2).join())).toEqual(
      ['plus', 'minus'].flatMap((model) => Array.from({ length: 10 }, (_, i) => `${model},${i}`)),
    );
  });

  it('says which measures each suite gave, and what they rest on', async () => {
    const out = folder();
    const input = noisyLogits(probe());
    const raised = { ...noisyLogits(probe(), 4, 'raised'), version: 7 };
    await start(out, {
      entries: [
        entryOf(meanSuite(sums(input, probe()), 'sums', input)),
        entryOf(meanSuite(raised, 'raised')),
      ],
    });
    const { suites, measures } = saved(out);
    expect(suites.map(({ measurements }) => measurements)).toEqual([
      { 'noisy-logits': 1, sums: 1 },
      { raised: 7 },
    ]);
    expect(suites.flatMap(({ suite, measures = 0 }) => Array(measures).fill(suite))).toEqual(
      measures.map(({ suite }) => suite),
    );
  });

  it('measures nothing the second time, and says the same', async () => {
    const out = folder();
    const measured = probe();
    const entries = [entryOf(meanSuite(noisyLogits(measured)))];
    await start(out, { entries });
    const first = saved(out);
    measured.measured = [];
    const events: ProgressEvent[] = [];
    expect(await start(out, { entries, notify: (event) => events.push(event) })).toMatchObject({
      stored: 6,
      measured: 0,
    });
    expect(measured.measured).toEqual([]);
    expect(events.find(({ kind }) => kind === 'plan')).toMatchObject({ units: 6, stored: 6 });
    expect(saved(out)).toEqual(first);
  });

  it('gives the same numbers whatever the size of units', async () => {
    const values = [];
    for (const unitSize of [1, 3, 4, 10, 64]) {
      const out = folder();
      await start(out, { entries: [entryOf(meanSuite(noisyLogits(probe(), unitSize)))] });
      values.push([saved(out).measures, readFileSync(join(out, 'examples/mean.csv'), 'utf8')]);
    }
    for (const other of values.slice(1)) expect(other).toEqual(values[0]);
  });

  it('measures only what a change touches', async () => {
    const out = folder();
    const counted = probe();
    const measurement = noisyLogits(counted);
    const suite = (scale: number) => entryOf(meanSuite(measurement), { scale });
    await start(out, { entries: [suite(1)] });
    counted.measured = [];
    expect(await start(out, { entries: [suite(1), suite(2)] })).toMatchObject({ stored: 6, measured: 6 });
    counted.measured = [];
    const evaluation = evaluationOf(
      [
        plus,
        linearSystem({
          name: 'minus',
          weights: [
            [0, 2],
            [1, 0],
          ],
        }),
      ],
      [points(10)],
    );
    expect(await start(out, { entries: [suite(2)], evaluation })).toMatchObject({ stored: 3, measured: 3 });
  });

  it.each([
    ['cut short', (file: string) => truncateSync(file, 40)],
    ['emptied', (file: string) => truncateSync(file, 0)],
    [
      'changed in one bit',
      (file: string) => {
        const bytes = readFileSync(file);
        bytes[bytes.length >> 1]! ^= 4;
        writeFileSync(file, bytes);
      },
    ],
  ])('measures a unit again that was %s', async (_, damage) => {
    const out = folder();
    const entries = [entryOf(meanSuite(noisyLogits(probe())))];
    await start(out, { entries });
    const before = saved(out);
    damage(units(out)[2]!);
    expect(await start(out, { entries })).toMatchObject({ stored: 5, measured: 1, exitCode: 0 });
    expect(saved(out)).toEqual(before);
  });

  it.each<[string, (logits: NdArray) => Record<string, NdArray>]>([
    ['another type', ({ shape, data }) => ({ logits: { shape, data: Float64Array.from(data) } })],
    ['another shape', ({ shape: [n], data }) => ({ logits: { shape: [n!, 1, 2], data } })],
    ['another name', (logits) => ({ scores: logits })],
    ['one column more', (logits) => ({ logits, twice: logits })],
    ['no columns', () => ({})],
  ])('refuses units with %s than declared, though all agree and their keys are right', async (_, forge) => {
    const out = folder();
    const entries = [entryOf(meanSuite(noisyLogits(probe())))];
    await start(out, { entries });
    const before = saved(out);
    for (const file of units(out)) {
      const record = decodeUnit(readFileSync(file), basename(file, '.unit'));
      if (!record) throw new Error(`${file} is no unit`);
      writeFileSync(file, encodeUnit({ ...record, rows: forge(record.rows.logits!) }));
    }
    expect(await start(out, { entries })).toMatchObject({ stored: 0, measured: 6, exitCode: 0 });
    expect(saved(out)).toEqual(before);
  });

  it('hands rows of inputs on, cut to the examples of the reader', async () => {
    const [a, b] = [probe(), probe()];
    const input = noisyLogits(a);
    const out = folder();
    const sum = meanSuite(sums(input, b), 'sum', input);
    const outcome = await start(out, { entries: [entryOf(sum), entryOf(meanSuite(input))] });
    expect(outcome.exitCode).toBe(0);
    const sorted = (list: readonly number[]) => [...list].sort((x, y) => x - y);
    expect([a.measured, b.measured].map(sorted)).toEqual([
      [0, 0, 4, 4, 8, 8],
      [0, 0, 3, 3, 6, 6, 9, 9],
    ]);
    const [sumOfPlus, , meanOfPlus] = outcome.results.measures.filter(({ measure }) => measure === 'mean');
    expect(sumOfPlus!.value).toBeCloseTo(2 * (meanOfPlus!.value ?? 0), 5);
  });
});

describe('rows read as a whole', () => {
  const evaluation = evaluationOf([plus, minus], [points(10), points(7, { name: 'held out' })]);
  const base = () => noisyLogits(probe());

  it('are the same for every unit, whatever its size', async () => {
    const values = [];
    for (const unitSize of [1, 3, 64]) {
      const entries = [entryOf(centredSuite(base(), { reference: 'held out', unitSize }))];
      const { results, exitCode } = await start(folder(), { evaluation, entries });
      expect(exitCode).toBe(0);
      values.push(results.measures.map(({ value }) => value));
    }
    const plain = await start(folder(), { evaluation, entries: [entryOf(meanSuite(base()))] });
    const mean = (model: string, dataset: string) =>
      plain.results.measures.find((m) => m.model === model && m.dataset === dataset)?.value ?? Number.NaN;
    for (const [i, model] of ['plus', 'minus'].entries()) {
      expect(values[0]![i]).toBeCloseTo(mean(model, 'test') - mean(model, 'held out'), 5);
    }
    expect(values[1]).toEqual(values[0]);
    expect(values[2]).toEqual(values[0]);
  });

  it('of a system that fails: it is to blame, not who reads them', async () => {
    const failing = {
      ...minus,
      forward: async () => {
        throw new AssayError('model-invalid', 'a logit is NaN');
      },
    };
    const entries = [entryOf(centredSuite(base(), { reference: 'held out', by: 'minus' }))];
    const given = {
      evaluation: evaluationOf([plus, failing], [points(10), points(7, { name: 'held out' })]),
      entries,
    };
    const { results } = await start(folder(), given);
    expect(results.errors).toEqual(['minus: a logit is NaN']);
  });
});

describe('a run that is stopped', () => {
  it('leaves nothing half written for good, and removes nothing of the user', async () => {
    const out = folder();
    const entries = [entryOf(meanSuite(noisyLogits(probe())))];
    await start(out, { entries });
    const [fresh, mine] = ['report.html.0123abcd.tmp', 'mine.tmp'];
    const stale = ['report.html.89abcdef.tmp', 'examples/mean.csv.00000000.tmp', 'results.json.ffffffff.tmp'];
    for (const file of [fresh, mine, ...stale]) writeFileSync(join(out, file), 'half');
    for (const file of [mine, ...stale]) utimesSync(join(out, file), 1, 1);
    await start(out, { entries });
    const left = readdirSync(out, { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.tmp'),
    );
    expect(left.sort()).toEqual([mine, fresh]);
  });

  it('writes partial results, and continues to the same end', async () => {
    const whole = folder();
    const entries = (p: Probe) => [entryOf(meanSuite(noisyLogits(p)))];
    await start(whole, { entries: entries(probe()) });
    for (const stopAt of [0, 1, 2, 4, 5]) {
      const out = folder();
      const controller = new AbortController();
      let count = 0;
      const stopping = probe(() => {
        if (count++ === stopAt) controller.abort(new AssayError('interrupted', 'stopped by the test'));
        if (controller.signal.aborted) throw controller.signal.reason;
      });
      const outcome = await start(out, { entries: entries(stopping), signal: controller.signal });
      expect(outcome).toMatchObject({ exitCode: 130, measured: units(out).length });
      expect(outcome.measured).toBeLessThanOrEqual(stopAt);
      // Three units a system: what is there of a whole system is told.
      const { status, measures } = saved(out);
      const means = measures.filter(({ measure }) => measure === 'mean');
      expect([status, means.map(({ model }) => model)]).toEqual(['partial', stopAt < 4 ? [] : ['plus']]);
      expect(existsSync(join(out, 'report.html'))).toBe(true);
      expect(await start(out, { entries: entries(probe()) })).toMatchObject({
        stored: outcome.measured,
        exitCode: 0,
      });
      expect(saved(out)).toEqual(saved(whole));
    }
  });

  it('still summarises suites whose rows are all there', async () => {
    const out = folder();
    const controller = new AbortController();
    const done = entryOf(meanSuite(noisyLogits(probe(), 4, 'a'), 'done'));
    const stopping = probe(() => {
      controller.abort(new AssayError('interrupted', 'stopped by the test'));
    });
    const open = entryOf(meanSuite(noisyLogits(stopping, 4, 'b'), 'open'));
    const { results } = await start(out, { entries: [done, open], signal: controller.signal });
    expect(results.suites.map(({ suite, status }) => [suite, status])).toEqual([
      ['done', 'ok'],
      ['open', 'error'],
    ]);
    expect(results.measures.filter(({ measure }) => measure === 'mean')).toHaveLength(2);
  });
});

describe('a failure', () => {
  it('of one measurement loses nothing of the others', async () => {
    const out = folder();
    const failing = noisyLogits(
      probe((first) => {
        if (first === 4) throw new Error('boom');
      }),
      4,
      'failing',
    );
    const entries = [
      entryOf(meanSuite(sums(failing, probe()), 'reader', failing)),
      entryOf(meanSuite(noisyLogits(probe()), 'fine')),
    ];
    const { exitCode, results } = await start(out, { entries });
    expect(exitCode).toBe(2);
    expect(results.status).toBe('partial');
    expect(results.suites.map(({ suite, status }) => [suite, status])).toEqual([
      ['reader', 'error'],
      ['fine', 'ok'],
    ]);
    expect(results.errors.join()).toMatch(/plus: .*"failing"/);
    expect(results.suites[0]!.error).toMatch(/failing/);
    const kept = units(out).length;
    expect(kept).toBeGreaterThanOrEqual(6);
    expect(await start(out, { entries })).toMatchObject({ stored: kept, exitCode: 2 });
  });

  it('of one system leaves the others of the suite', async () => {
    const broken = {
      ...minus,
      forward: async () => {
        throw new AssayError('model-invalid', 'a logit is NaN', { path: 'example 0' });
      },
    };
    const given = {
      evaluation: evaluationOf([broken, plus], [points(10)]),
      entries: [entryOf(meanSuite(noisyLogits(probe())))],
    };
    const { exitCode, results } = await start(folder(), given);
    expect([exitCode, results.status]).toEqual([2, 'partial']);
    expect(results.measures.map(({ measure, model }) => [measure, model])).toEqual([
      ['mean', 'plus'],
      ['failed-examples', 'plus'],
    ]);
    expect(results.suites[0]).toMatchObject({
      status: 'error',
      error: 'left out minus: a logit is NaN (example 0)',
    });
    expect(results.errors).toEqual(['minus: a logit is NaN (example 0)']);
  });

  it('of a measurement that says that it cannot be is stored, told, and goes on to what reads its rows', async () => {
    const refusing: LogitMeasurement = {
      ...noisyLogits(probe(), 4, 'refusing'),
      measure: async ({ examples }) => {
        if (examples.indices[0] === 4) throw new Refused({ what: 'the rest', reason: 'too few images' });
        return { logits: new Float32Array(2 * examples.n) };
      },
    };
    const [alone, read] = [probe(), probe()];
    const out = folder();
    const spec = {
      evaluation: evaluationOf([plus], [points(10)]),
      entries: [
        entryOf(meanSuite(noisyLogits(alone))),
        { ...entryOf(meanSuite(refusing, 'refused')), optional: true },
        { ...entryOf(meanSuite(sums(refusing, read), 'of-refused', refusing)), optional: true },
      ],
    };
    const { exitCode, results } = await start(out, spec);
    expect({ exitCode, status: results.status, errors: results.errors }).toEqual({
      exitCode: 0,
      status: 'complete',
      errors: [],
    });
    expect(results.measures.map(({ suite, measure }) => `${suite} ${measure}`)).toEqual([
      'mean mean',
      'mean failed-examples',
    ]);
    expect(results.notApplicable).toEqual(
      ['refused', 'of-refused'].map((suite) => ({
        suite,
        model: 'plus',
        what: 'the rest',
        reason: 'too few images',
      })),
    );
    // Units are of three examples: those of 3 to 8 read what was refused.
    expect(read.measured).toEqual([0, 9]);
    await start(out, spec);
    expect(read.measured).toEqual([0, 9]);
  });

  it('to summarise harms no other suite', async () => {
    const good = meanSuite(noisyLogits(probe()));
    const broken = {
      ...meanSuite(noisyLogits(probe()), 'broken'),
      summarise: () => {
        throw new TypeError('x is not a function');
      },
    };
    const invalid = {
      ...meanSuite(noisyLogits(probe()), 'invalid'),
      summarise: () => {
        const { measures } = { measures: [{ ...saved(first).measures[0]!, value: Number.NaN }] };
        return { measures };
      },
    };
    const first = folder();
    await start(first, { entries: [entryOf(good)] });
    const { exitCode, results } = await start(folder(), {
      entries: [broken, invalid, good].map((s) => entryOf(s)),
    });
    expect(exitCode).toBe(2);
    expect(results.suites.map(({ status }) => status)).toEqual(['error', 'error', 'ok']);
    expect(results.errors).toEqual([
      expect.stringMatching(/"broken" could not summarise: x is not a function/),
      expect.stringMatching(/"invalid" returned what results.json cannot hold.*measures\[0\].value/),
    ]);
  });

  const measuring = (measure: Measurement<Params>['measure']) => ({
    evaluation: evaluationOf([plus], [points(10)]),
    entries: [entryOf(meanSuite({ ...noisyLogits(probe()), measure }))],
  });
  const refusedColumn = (column: string, expected: string, found: string) => ({
    errors: [
      expect.stringContaining(
        `"noisy-logits" measured another column than it declares (column "${column}" of noisy-logits of plus on test); expected ${expected}; found ${found}`,
      ),
    ],
  });
  const misfits: [string, Parameters<typeof start>[1], object][] = [
    [
      'a column of another length than declared',
      measuring(async () => ({ logits: new Float32Array(3) })),
      refusedColumn('logits', 'float32 (4, 2): a Float32Array of 8 numbers', 'a Float32Array of 3 numbers'),
    ],
    [
      'a column of another type than declared',
      measuring(async ({ examples: { n } }) => ({ logits: new Float64Array(2 * n) })),
      refusedColumn('logits', 'float32 (4, 2): a Float32Array of 8 numbers', 'a Float64Array of 8 numbers'),
    ],
    [
      'a column that is missing',
      measuring(async () => ({})),
      refusedColumn('logits', 'float32 (4, 2): a Float32Array of 8 numbers', 'nothing'),
    ],
    [
      'a column that was not declared',
      measuring(async ({ examples: { n } }) => ({ logits: new Float32Array(2 * n), a: new Uint8Array(n) })),
      refusedColumn('a', 'one of logits', 'a Uint8Array of 4 numbers'),
    ],
    [
      'a column that holds rows instead of numbers',
      measuring(async ({ examples: { n } }) => ({
        logits: Array.from({ length: n }, () => [0, 0]) as never,
      })),
      refusedColumn('logits', 'float32 (4, 2): a Float32Array of 8 numbers', 'a list of 4'),
    ],
    [
      'a system that params do not name',
      {
        evaluation: evaluationOf([plus], [points(10)]),
        entries: [
          entryOf(
            meanSuite({
              ...noisyLogits(probe()),
              measure: async ({ systemNamed }) => {
                systemNamed('other');
                return {};
              },
            }),
          ),
        ],
      },
      { errors: [expect.stringMatching(/did not declare/)] },
    ],
    [
      'labels that are no class',
      {
        entries: [entryOf(meanSuite(noisyLogits(probe())))],
        evaluation: evaluationOf([plus], [points(3, { labels: [0, 1, 2] })]),
      },
      { errors: [expect.stringMatching(/a label of "test".*test\.npz at example 2.*0 to 1.*found 2/)] },
    ],
  ];
  it.each(misfits)('is told for %s', async (_, given, wanted) => {
    const { exitCode, results } = await start(folder(), given);
    expect(exitCode).toBe(2);
    expect(results).toMatchObject(wanted);
  });

  const refused: [string, Evaluation, string, string][] = [
    [
      'images of another shape',
      evaluationOf([plus], [points(3, { shape: [1, 2, 1] })]),
      'shape-mismatch',
      'datasets.test',
    ],
    [
      'an empty data set',
      evaluationOf([plus], [points(3), points(0, { name: 'none', shape: [1, 1, 2] })]),
      'data-invalid',
      'datasets.none',
    ],
  ];
  it.each(refused)('comes at once for %s', async (_, evaluation, code, path) => {
    const attempt = start(folder(), { evaluation, entries: [entryOf(meanSuite(noisyLogits(probe())))] });
    await expect(attempt).rejects.toMatchObject({ code, details: { file: 'small.run.yaml', path } });
  });
});

describe('expected accuracy', () => {
  const entries = [entryOf(accuracy, { topK: [], resamples: 100 })];
  it('is measured once, and met', async () => {
    const expectations = [{ system: 'plus', expect: { accuracy: 1 } }];
    const events: ProgressEvent[] = [];
    const outcome = await start(folder(), { entries, expectations, notify: (event) => events.push(event) });
    expect(outcome).toMatchObject({ exitCode: 0, stored: 0, measured: 2 });
    // The check measures one of two, and what it measured is not told as reused.
    const plans = events.filter(({ kind }) => kind === 'plan');
    expect(plans).toMatchObject([
      { kind: 'plan', units: 1, stored: 0, cost: { expected: { forward: 10 } } },
      { kind: 'plan', units: 1, stored: 0, cost: { expected: { forward: 10 } } },
    ]);
  });

  it('is missed before anything else is measured', async () => {
    const counted = probe();
    const expectations = [{ system: 'minus', expect: { accuracy: 0.9 }, file: 'minus.model.yaml' }];
    const out = folder();
    const attempt = start(out, { entries: [entryOf(meanSuite(noisyLogits(counted)))], expectations });
    await expect(attempt).rejects.toMatchObject({
      code: 'expectation-missed',
      details: { file: 'minus.model.yaml', path: 'expect.accuracy' },
    });
    expect(counted.measured).toEqual([]);
    expect(units(out)).toHaveLength(1);
  });

  it.each([
    ['there is no such data set', { accuracy: 1, on: 'tset' }],
    ['it has no labels', { accuracy: 1, on: 'bare' }],
  ])('cannot be checked when %s', async (_, expect_) => {
    const { labels: __, ...bare } = { labels: 0, name: 'bare' };
    const evaluation = evaluationOf(
      [plus],
      [points(4), { ...points(4, bare), info: { ...points(4, bare).info, labelled: false } }],
    );
    const attempt = start(folder(), {
      entries,
      evaluation,
      expectations: [{ system: 'plus', expect: expect_ }],
    });
    await expect(attempt).rejects.toMatchObject({ code: 'data-invalid', details: { path: 'expect.on' } });
  });
});

describe('gates and warnings', () => {
  const entries = [entryOf(meanSuite(noisyLogits(probe())))];
  it.each([
    [0, { measure: 'mean', where: { model: 'plus' }, min: -10 }],
    [1, { measure: 'mean', where: { model: 'plus' }, min: 10 }],
    [1, { measure: 'absent', min: 0 }],
  ])('end with %i', async (exitCode, gate) => {
    expect(await start(folder(), { entries, gates: [gate] })).toMatchObject({ exitCode });
  });

  it('warn of examples in two roles and of class names that differ', async () => {
    const evaluation = evaluationOf(
      [plus],
      [points(4, { classes: ['class 0', 'other'] }), points(4, { name: 'again', role: 'validation' })],
    );
    const { results } = await start(folder(), { entries, evaluation });
    expect(results.warnings.map(({ code }) => code).sort()).toEqual([
      'class-names-differ',
      'data-in-two-roles',
    ]);
  });
});

describe('labels that leave most outputs of a network unused', () => {
  const codes = (outputs: number, highest: number, size: number, role: 'test' | 'ood' = 'test') => {
    const { info } = points(1);
    const classes = Array.from({ length: outputs }, (_, i) => String(i));
    const datasets = new Map([
      ['test', { info: { ...info, role, size, highestLabel: { label: highest, example: 0 } } }],
    ]);
    const systems = new Map([['net', { info: { ...plus.info, classes } }]]);
    return inventoryWarnings({ systems, datasets, seed: 0, engine: '' }).map(({ code }) => code);
  };
  it.each<[string, string[], Parameters<typeof codes>]>([
    ['512 features for ten classes', ['most-outputs-unused'], [512, 9, 10_000]],
    ['ten outputs for ten classes', [], [10, 9, 10_000]],
    ['half of the classes', [], [1000, 499, 50_000]],
    ['21,841 classes, of which too few examples tell', [], [21_841, 999, 50_000]],
    ['other data', [], [512, 9, 10_000, 'ood']],
  ])('%s', (_, wanted, given) => {
    expect(codes(...given)).toEqual(wanted);
  });
});

describe('a suite that can measure nothing', () => {
  const unlabelled = () => evaluationOf([plus], [points(10, { labels: undefined })]);
  const asked = { ...entryOf(accuracy, {}), path: 'suites[0]' };

  it('is an error, after everything else is measured and reported', async () => {
    const out = folder();
    const entries = [asked, entryOf(meanSuite(noisyLogits(probe())))];
    const outcome = await start(out, { evaluation: unlabelled(), entries });
    expect(outcome).toMatchObject({ exitCode: 2, measured: 3 });
    expect(outcome.failures).toMatchObject([
      {
        code: 'not-measured',
        message: 'the suite "accuracy" could not measure anything',
        details: { path: 'suites[0]', found: 'plus: the data set "test" has no labels' },
      },
    ]);
    expect(existsSync(join(out, 'report.html'))).toBe(true);
    const { status, measures, suites } = saved(out);
    expect([status, measures.map(({ measure }) => measure), suites[0]!.status]).toEqual([
      'partial',
      ['mean', 'failed-examples'],
      'error',
    ]);
  });

  it('is one where all that the suite gave is a table without rows', async () => {
    const hollow = defineSuite({
      ...entryOf(accuracy, {}).suite,
      plan: () => [],
      summarise: () => ({
        measures: [],
        tables: [{ id: 't', title: 'T', columns: [], rows: [] }],
        notApplicable: [{ suite: 'accuracy', model: 'plus', reason: 'it has nothing' }],
      }),
    });
    const outcome = await start(folder(), { entries: [{ ...entryOf(hollow), path: 'suites[0]' }] });
    expect(outcome).toMatchObject({ exitCode: 2, failures: [{ code: 'not-measured' }] });
  });

  it('is none where the run file says that it is optional', async () => {
    const entries = [{ ...asked, optional: true }, entryOf(meanSuite(noisyLogits(probe())))];
    const outcome = await start(folder(), { evaluation: unlabelled(), entries });
    expect(outcome).toMatchObject({ exitCode: 0, failures: [] });
    expect(outcome.results.notApplicable).toMatchObject([{ suite: 'accuracy', model: 'plus' }]);
  });
});
