import { describe, expect, it } from 'vitest';
import { planRun } from '../../../src/runs/plan/plan.js';
import { type Measurement, type Request, request } from '../../../src/suites/contract.js';
import { linearSystem } from '../../suites/helpers/linear-system.js';
import {
  centredSuite,
  entryOf,
  evaluationOf,
  type LogitMeasurement,
  meanSuite,
  minus,
  noisyLogits,
  type Params,
  plus,
  points,
  sums,
} from '../small-run.js';

const base = noisyLogits({ measured: [] });
const evaluation = evaluationOf([plus, minus], [points(10)]);

/** Unit keys of the first system on `test`. */
function keys({
  measurement = base,
  options = { scale: 1 },
  on = evaluation,
  inputs,
}: {
  measurement?: Measurement<Params>;
  options?: object;
  on?: typeof evaluation;
  inputs?: LogitMeasurement;
} = {}): string[] {
  const { jobs } = planRun([entryOf(meanSuite(measurement, 'mean', inputs), options)], on);
  const [first] = on.systems.keys();
  const own = jobs.filter(
    ({ request }) =>
      request.system === first && request.dataset === 'test' && request.measurement.name === measurement.name,
  );
  return own.flatMap(({ units }) => units.map(({ key }) => key));
}

describe('what a suite is shown', () => {
  const asked = entryOf(meanSuite(base, 'mean'), { scale: 1 });
  const named = (more: object) => planRun([{ ...asked, ...more }], evaluationOf([plus, minus], [points(10)]));

  it('is what its entry names', () => {
    const { jobs, suites } = named({ models: [minus.info.name] });
    expect(new Set(jobs.map(({ request }) => request.system))).toEqual(new Set([minus.info.name]));
    expect(suites[0]!.context.systems.map(({ name }) => name)).toEqual([minus.info.name]);
  });

  it.each([
    [{ models: ['plus', 'mnus'] }, 'suites[0].models[1]'],
    [{ datasets: ['tset'] }, 'suites[0].datasets[0]'],
  ])('is refused when there is no such thing: %j', (more, path) => {
    expect(() => named({ path: 'suites[0].mean', ...more })).toThrow(
      expect.objectContaining({ code: 'unknown-name', details: expect.objectContaining({ path }) }),
    );
  });
});

describe('unit keys', () => {
  const reference = keys();
  const same: [string, () => string[]][] = [
    ['the same again', () => keys()],
    ['the order of parameters', () => keys({ options: { other: undefined, scale: 1 } })],
    [
      'names of systems',
      () =>
        keys({
          on: evaluationOf(
            [
              linearSystem({
                name: 'renamed',
                weights: [
                  [1, 0],
                  [0, 1],
                ],
              }),
            ],
            [points(10)],
          ),
        }),
    ],
    ['another system in the run', () => keys({ on: evaluationOf([plus], [points(10)]) })],
    [
      'another data set in the run',
      () => keys({ on: evaluationOf([plus, minus], [points(10), points(3, { name: 'more' })]) }),
    ],
    [
      'where the data were read from',
      () => keys({ on: evaluationOf([plus, minus], [points(10, { path: 'elsewhere.npz' })]) }),
    ],
    [
      'a suite of another name',
      () => planRun([entryOf(meanSuite(base, 'other'))], evaluation).jobs[0]!.units.map(({ key }) => key),
    ],
  ];
  it.each(same)('are the same whatever %s', (_, made) => {
    expect(made()).toEqual(reference);
  });

  const changed: [string, () => string[]][] = [
    ['a parameter', () => keys({ options: { scale: 2 } })],
    ['a system named in a parameter', () => keys({ options: { scale: 1, other: 'minus' } })],
    ['the seed', () => keys({ on: { ...evaluation, seed: 1 } })],
    ['the engine', () => keys({ on: { ...evaluation, engine: 'other engine' } })],
    ['the data', () => keys({ on: evaluationOf([plus, minus], [points(11)]) })],
    [
      'the weights',
      () =>
        keys({
          on: evaluationOf(
            [
              linearSystem({
                name: 'plus',
                weights: [
                  [1, 0],
                  [0, 2],
                ],
              }),
            ],
            [points(10)],
          ),
        }),
    ],
    ['the version of the measurement', () => keys({ measurement: { ...base, version: 2 } })],
    ['the name of the measurement', () => keys({ measurement: { ...base, name: 'other' } })],
    ['an input', () => keys({ inputs: noisyLogits({ measured: [] }, 4, 'in') })],
  ];
  it.each(changed)('change with %s', (_, made) => {
    const keysThen = made();
    expect(keysThen.length).toBeGreaterThan(0);
    expect(keysThen.filter((key) => reference.includes(key))).toEqual([]);
  });

  it('change with what a system named in a parameter is', () => {
    const options = { scale: 1, other: 'minus' };
    const other = linearSystem({
      name: 'minus',
      weights: [
        [0, 3],
        [1, 0],
      ],
    });
    expect(keys({ options, on: evaluationOf([plus, other], [points(10)]) })).not.toEqual(keys({ options }));
  });

  it('change with what an input is made with', () => {
    const measurement = sums(base, { measured: [] });
    const other = { ...base, version: 2 };
    expect(keys({ measurement, inputs: base })).toEqual(keys({ measurement, inputs: base }));
    expect(keys({ measurement, inputs: other })).not.toEqual(keys({ measurement, inputs: base }));
  });

  it('change with what is read as a whole, and with how much of it', () => {
    const on = evaluationOf([plus], [points(10), points(6, { name: 'held out' })]);
    const made = [{ reference: 'held out' }, { reference: 'held out', first: 5 }, { reference: 'test' }].map(
      (read) =>
        planRun([entryOf(centredSuite(base, read))], on)
          .jobs.filter(({ request }) => request.measurement.name === 'centred')
          .flatMap(({ units }) => units.map(({ key }) => key)),
    );
    expect(new Set(made.flat()).size).toBe(12);
  });
});

describe('the plan', () => {
  it('measures once what several suites ask for', () => {
    const entries = [entryOf(meanSuite(base, 'a')), entryOf(meanSuite(base, 'b'))];
    const { jobs, suites } = planRun(entries, evaluation);
    expect(jobs.map(({ request: { system } }) => system)).toEqual(['plus', 'minus']);
    expect(suites[1]!.wanted.map(({ job }) => job)).toEqual([...jobs]);
  });

  it('cuts jobs into units', () => {
    const { jobs } = planRun([entryOf(meanSuite(base))], evaluation);
    expect(jobs[0]!.units.map(({ start, end }) => [start, end])).toEqual([
      [0, 4],
      [4, 8],
      [8, 10],
    ]);
  });

  it('measures as many examples as the most demanding request', () => {
    const few = entryOf(meanSuite(base, 'few'), { scale: 1, first: 3 });
    expect(planRun([few], evaluation).jobs[0]!.units.map(({ end }) => end)).toEqual([3]);
    const { jobs, suites } = planRun([few, entryOf(meanSuite(base))], evaluation);
    expect(jobs.map(({ size }) => size)).toEqual([10, 10]);
    expect(suites.map(({ wanted }) => wanted[0]!.size)).toEqual([3, 10]);
  });

  it('puts inputs first, for as many examples as their reader has', () => {
    const entry = entryOf(meanSuite(sums(base, { measured: [] }), 'sum', base), { scale: 1, first: 5 });
    const { jobs } = planRun([entry], evaluation);
    expect(jobs.map(({ request, size }) => [request.measurement.name, request.system, size])).toEqual([
      ['noisy-logits', 'plus', 5],
      ['sums', 'plus', 5],
      ['noisy-logits', 'minus', 5],
      ['sums', 'minus', 5],
    ]);
  });

  it('puts what is read as a whole first, on any data set, with all its examples', () => {
    const on = evaluationOf([plus], [points(10), points(6, { name: 'held out' })]);
    const { jobs } = planRun(
      [entryOf(centredSuite(base, { reference: 'held out' }), { scale: 1, first: 5 })],
      on,
    );
    expect(jobs.map(({ request, size }) => [request.measurement.name, request.dataset, size])).toEqual([
      ['noisy-logits', 'test', 5],
      ['noisy-logits', 'held out', 6],
      ['centred', 'test', 5],
    ]);
  });

  it('leaves out systems that lack what a suite or a measurement needs, with the reason', () => {
    const energy = linearSystem({
      name: 'ebm',
      weights: [[1, 1]],
      energy: 'output',
      lacks: { logits: 'it does not classify' },
    });
    const on = evaluationOf([plus, energy], [points(4)]);
    const { suites } = planRun([entryOf(meanSuite(base))], on);
    expect(suites[0]!.context.systems.map(({ name }) => name)).toEqual(['plus']);
    expect(suites[0]!.notApplicable).toEqual([
      { suite: 'mean', model: 'ebm', reason: 'it does not classify' },
    ]);
    const open = planRun([entryOf({ ...meanSuite(base), needs: [] })], on).suites[0]!;
    expect(open.wanted.map(({ request }) => request.system)).toEqual(['plus']);
    expect(open.notApplicable).toEqual([
      { suite: 'mean', model: 'ebm', what: 'noisy-logits', reason: 'it does not classify' },
    ]);
  });

  const refused: [
    string,
    Pick<Request, 'system' | 'dataset'> & { measurement: LogitMeasurement; params: Params },
    string,
  ][] = [
    [
      'an unknown system',
      { measurement: base, system: 'pluss', dataset: 'test', params: { scale: 1 } },
      'unknown-name',
    ],
    [
      'an unknown data set',
      { measurement: base, system: 'plus', dataset: 'tset', params: { scale: 1 } },
      'unknown-name',
    ],
    [
      'parameters that are no JSON',
      { measurement: base, system: 'plus', dataset: 'test', params: { scale: Number.NaN } },
      'suite-failed',
    ],
    [
      'a unit size of 0',
      { measurement: { ...base, unitSize: 0 }, system: 'plus', dataset: 'test', params: { scale: 1 } },
      'suite-failed',
    ],
  ];
  it.each(refused)('refuses %s', (_, wanted, code) => {
    const suite = { ...meanSuite(base), plan: () => [request(wanted)] };
    expect(() => planRun([entryOf(suite)], evaluation)).toThrow(expect.objectContaining({ code }));
  });

  it('gives errors in options the place of the suite in the run file', () => {
    const suite = {
      ...meanSuite(base),
      plan: () => {
        throw new Error('boom');
      },
    };
    expect(() => planRun([entryOf(suite)], evaluation)).toThrow(
      expect.objectContaining({
        code: 'suite-failed',
        details: expect.objectContaining({ file: 'test.run.yaml', path: 'suites[0].mean' }),
      }),
    );
  });
});
