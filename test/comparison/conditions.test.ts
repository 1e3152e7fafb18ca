import { describe, expect, it } from 'vitest';
import { discrepancies } from '../../src/comparison/conditions.js';
import { matchMeasures } from '../../src/comparison/match.js';
import { type Measured, measuredOf } from '../../src/comparison/measured.js';
import type { Results } from '../../src/suites/results.js';
import { sampleRun } from './sample-run.js';

/** What a change of the second run does to one of its measures. */
function refusals(measure: string, change: (results: Results) => void, before = sampleRun()) {
  const after = sampleRun();
  change(after);
  const { matches } = matchMeasures(measuredOf(before), measuredOf(after));
  const match = matches.find((one) => one.before.measure.measure === measure);
  if (!match) throw new Error(`no ${measure} in both`);
  return discrepancies(match.before, match.after).map(
    ({ condition, what, before, after }) => `${condition}: ${what}: ${before} -> ${after}`,
  );
}

const entry = (results: Results, name: string) => {
  const found = results.suites.find(({ suite }) => suite === name);
  if (!found) throw new Error(`no suite ${name}`);
  return found;
};

describe('what makes two values incomparable', () => {
  const cases: [string, string, (results: Results) => void, string[]][] = [
    ['nothing', 'accuracy', () => undefined, []],
    [
      'another seed, time or title',
      'accuracy',
      (r) => Object.assign(r, { seed: 7, title: 'other', created: '' }),
      [],
    ],
    [
      'other images',
      'accuracy',
      (r) => Object.assign(r.datasets[0]!, { fingerprint: 'fedcba9876543210' }),
      [
        'data: data set: test, 500 examples, fingerprint aaaa -> test, 500 examples, fingerprint fedcba987654',
      ],
    ],
    [
      'fewer images',
      'robust-accuracy',
      (r) => Object.assign(r.datasets[0]!, { fingerprint: 'abab', size: 100 }),
      ['data: data set: test, 500 examples, fingerprint aaaa -> test, 100 examples, fingerprint abab'],
    ],
    [
      'an attack of more steps',
      'robust-accuracy',
      (r) => {
        for (const { params } of r.measures) if (params.steps) params.steps = 40;
        entry(r, 'attack').options.steps = 40;
      },
      ['params: steps: 20 -> 40'],
    ],
    [
      'an option that no parameter tells',
      'robust-accuracy',
      (r) => Object.assign(entry(r, 'attack').options, { eot: 4 }),
      ['options: option eot: none -> 4'],
    ],
    [
      'options that leave values as they are',
      'robust-accuracy',
      (r) => Object.assign(entry(r, 'attack').options, { pictures: 0, checks: false }),
      [],
    ],
    [
      'a larger radius besides',
      'robust-accuracy',
      (r) => Object.assign(entry(r, 'attack').options, { epsilons: ['4/255', '8/255', '16/255'] }),
      [],
    ],
    [
      'a smaller radius besides, since radii are swept upwards',
      'robust-accuracy',
      (r) => Object.assign(entry(r, 'attack').options, { epsilons: ['1/255', '4/255', '8/255'] }),
      ['options: option epsilons: ["4/255"] -> ["1/255","4/255"]'],
    ],
    [
      'another version of a measurement that it rests on',
      'robust-accuracy',
      (r) => Object.assign(entry(r, 'attack'), { measurements: { attack: 3, clean: 1 } }),
      ['version: measurement attack: version 2 -> version 3'],
    ],
    [
      'another version of a measurement of another suite',
      'accuracy',
      (r) => Object.assign(entry(r, 'attack'), { measurements: { attack: 3, clean: 1 } }),
      [],
    ],
    [
      'another Assay, where measurements tell their versions',
      'accuracy',
      (r) => Object.assign(r.environment, { assay: '0.2.0' }),
      [],
    ],
    [
      'another Assay, where they do not',
      'accuracy',
      (r) => {
        r.environment.assay = '0.2.0';
        for (const suite of r.suites) delete suite.measurements;
      },
      ['version: Assay: 0.1.0 -> 0.2.0'],
    ],
    [
      'other images of a set that its parameters name',
      'auroc',
      (r) => Object.assign(r.datasets[0]!, { fingerprint: 'fedc' }),
      ['data: data set test: test, 500 examples, fingerprint aaaa -> test, 500 examples, fingerprint fedc'],
    ],
    [
      'the same images under another name',
      'accuracy',
      (r) => {
        r.datasets[0]!.name = 'clean';
        for (const one of r.measures) if (one.dataset === 'test') one.dataset = 'clean';
      },
      [],
    ],
  ];
  it.each(cases)('%s', (_, measure, change, told) => {
    expect(refusals(measure, change)).toEqual(told);
  });

  it('is told of every entry of a suite where results do not say which one gave a measure', () => {
    const old = sampleRun();
    old.suites.push({ ...entry(old, 'attack'), options: { norm: 'L2' } });
    for (const suite of old.suites) delete suite.measures;
    expect(refusals('robust-accuracy', () => undefined, old)).toEqual([
      expect.stringMatching(/^options: options of the suite: \[\{"norm":"Linf".*"L2"\}\] -> \[/),
    ]);
  });
});

describe('which measures are the same', () => {
  const named = (list: readonly Measured[]) =>
    list.map(({ measure: { measure, params } }) => `${measure} ${params.epsilon ?? ''}`.trim());

  it('a radius tells measures apart where a run has several', () => {
    const [before, after] = [sampleRun(), sampleRun()];
    for (const { params } of after.measures) if (params.epsilon === '8/255') params.epsilon = '2/255';
    const { matches, onlyBefore, onlyAfter } = matchMeasures(measuredOf(before), measuredOf(after));
    expect(named(matches.map((match) => match.before))).toEqual([
      'accuracy',
      'robust-accuracy 4/255',
      'auroc',
    ]);
    expect([named(onlyBefore), named(onlyAfter)]).toEqual([
      ['robust-accuracy 8/255'],
      ['robust-accuracy 2/255'],
    ]);
  });

  it('and is a condition where each has one', () => {
    const [before, after] = [sampleRun(['8/255']), sampleRun(['16/255'])];
    const { matches } = matchMeasures(measuredOf(before), measuredOf(after));
    const robust = matches[1]!;
    expect(discrepancies(robust.before, robust.after)[0]).toEqual({
      condition: 'params',
      what: 'epsilon',
      before: '8/255',
      after: '16/255',
    });
  });
});
