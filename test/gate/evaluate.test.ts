import { describe, expect, it } from 'vitest';
import { evaluateGates } from '../../src/gate/evaluate.js';
import { gateRows } from '../../src/gate/present.js';
import { checkRules, type GateRule } from '../../src/gate/rule.js';
import { gateTable } from '../../src/gate/table.js';
import type { Measure } from '../../src/suites/results.js';

const measure = (given: Partial<Measure>): Measure => ({
  suite: 'attack',
  measure: 'robust-accuracy',
  title: 'Robust accuracy',
  model: 'jem',
  dataset: 'test',
  params: {},
  value: 0.4,
  n: 100,
  interval: [0.3, 0.5],
  level: 0.95,
  method: 'wilson',
  better: 'higher',
  format: 'percent',
  ...given,
});

const measures = [
  ...['jem', 'baseline'].flatMap((model, m) =>
    ['2/255', '8/255'].map((epsilon, e) =>
      measure({ model, params: { epsilon, steps: 40 }, value: [0.4, 0.3, 0.2, 0.1][2 * m + e] }),
    ),
  ),
  measure({ suite: 'calibration', measure: 'ece', value: 0.03, params: { bins: 15 }, format: 'number' }),
  measure({
    suite: 'calibration',
    measure: 'ece',
    model: 'baseline',
    value: 0.02,
    params: { bins: 15 },
    format: 'number',
  }),
  measure({ suite: 'accuracy', measure: 'nll', value: null, note: 'no examples', interval: null }),
  measure({ suite: 'accuracy', measure: 'nll', model: 'summed', value: 0.1 + 0.2, format: 'number' }),
  measure({ suite: 'density', measure: 'log-px', value: -4.5, format: 'number' }),
  measure({ suite: 'accuracy', measure: 'accuracy', dataset: 'a', value: 0.9 }),
  measure({ suite: 'accuracy', measure: 'accuracy', dataset: 'b', value: 0.8 }),
  measure({ suite: 'user', measure: 'accuracy', dataset: 'a', value: 0.7 }),
];

const at8 = { model: 'jem', epsilon: '8/255' };
const base = { model: 'baseline' };

const jem = { model: 'jem' };

describe('a gate', () => {
  const judged: [GateRule, passed: boolean, value: number, op: string, limit: number, margin: number][] = [
    [{ measure: 'robust-accuracy', where: at8, min: 0.3 }, true, 0.3, '>=', 0.3, 0],
    [{ measure: 'robust-accuracy', where: at8, min: 0.25 }, true, 0.3, '>=', 0.25, 0.05],
    [{ measure: 'robust-accuracy', where: at8, min: 0.31 }, false, 0.3, '>=', 0.31, -0.01],
    [{ measure: 'robust-accuracy', where: { ...at8, steps: 40 }, min: 0 }, true, 0.3, '>=', 0, 0.3],
    [{ measure: 'robust-accuracy', where: { ...at8, steps: '40' }, min: 0 }, true, 0.3, '>=', 0, 0.3],
    [{ measure: 'ece', where: jem, max: 0.03 }, true, 0.03, '<=', 0.03, 0],
    [{ measure: 'ece', where: jem, max: 0.1 }, true, 0.03, '<=', 0.1, 0.07],
    [{ measure: 'ece', where: jem, max: 0.029 }, false, 0.03, '<=', 0.029, -0.001],
    // 0.1 + 0.2 is another number of float64 than 0.3.
    [{ measure: 'nll', where: { model: 'summed' }, max: 0.3 }, true, 0.1 + 0.2, '<=', 0.3, 0],
    [{ measure: 'log-px', max: -3 }, true, -4.5, '<=', -3, 1.5],
    [{ measure: 'log-px', min: -3 }, false, -4.5, '>=', -3, -1.5],
    // 0.03 - 0.02 in float64 is more than 0.01.
    [{ measure: 'ece', where: jem, maxIncrease: 0.01, over: 'baseline' }, true, 0.01, '<=', 0.01, 0],
    [{ measure: 'ece', where: jem, maxIncrease: 0.005, over: 'baseline' }, false, 0.01, '<=', 0.005, -0.005],
    [{ measure: 'ece', where: jem, maxDecrease: 0, over: 'baseline' }, true, 0.01, '>=', 0, 0.01],
    [{ measure: 'ece', where: base, maxIncrease: 0, over: 'jem' }, true, -0.01, '<=', 0, 0.01],
    [{ measure: 'ece', where: base, maxDecrease: 0.01, over: 'jem' }, true, -0.01, '>=', -0.01, 0],
    [{ measure: 'ece', where: base, maxDecrease: 0.005, over: 'jem' }, false, -0.01, '>=', -0.005, -0.005],
    [{ measure: 'accuracy', suite: 'user', min: 0 }, true, 0.7, '>=', 0, 0.7],
    [{ measure: 'accuracy', where: { suite: 'accuracy', dataset: 'b' }, min: 0 }, true, 0.8, '>=', 0, 0.8],
  ];
  it.each(judged)('%j: %s', (rule, passed, value, op, limit, margin) => {
    const verdicts = evaluateGates([rule], measures);
    expect(verdicts).toMatchObject([{ passed, value, op, limit, margin, measure: rule.measure }]);
    expect(verdicts[0].reason === null).toBe(passed);
  });

  it('tells the measure that it judged, with its interval', () => {
    const [verdict] = evaluateGates([{ measure: 'robust-accuracy', where: at8, min: 0.5 }], measures);
    expect(verdict).toEqual({
      rule: 'robust-accuracy (model jem, epsilon 8/255) at least 0.5',
      suite: 'attack',
      measure: 'robust-accuracy',
      model: 'jem',
      dataset: 'test',
      params: { epsilon: '8/255', steps: 40 },
      value: 0.3,
      op: '>=',
      limit: 0.5,
      margin: -0.2,
      n: 100,
      interval: [0.3, 0.5],
      level: 0.95,
      method: 'wilson',
      format: 'percent',
      passed: false,
      reason: 'the value is below the limit',
    });
  });

  it('tells both sides of a comparison, which has no interval', () => {
    const rule = { measure: 'ece', where: jem, maxIncrease: 0.005, over: 'baseline' };
    expect(evaluateGates([rule], measures)).toMatchObject([
      {
        rule: 'ece (model jem) at most 0.005 above baseline',
        over: { model: 'baseline', value: 0.02 },
        interval: null,
        reason: 'the difference is above the limit: 0.03 against 0.02 of baseline',
      },
    ]);
    const other = { measure: 'ece', where: base, maxDecrease: 0.005, over: 'jem' };
    expect(evaluateGates([other], measures)[0].rule).toBe('ece (model baseline) at most 0.005 below jem');
  });

  const missing: [GateRule, reason: RegExp][] = [
    [{ measure: 'robust-acuracy', min: 0 }, /did you mean "robust-accuracy"/],
    [{ measure: 'unheard-of', min: 0 }, /there are: accuracy, ece, log-px, nll, robust-accuracy/],
    [{ measure: 'ece', suite: 'attack', min: 0 }, /in the suite "attack"/],
    [{ measure: 'ece', where: { model: 'jam' }, min: 0 }, /model jam; there are jem, baseline/],
    [{ measure: 'robust-accuracy', where: { ...at8, epsilon: '4/255' }, min: 0 }, /there are 2\/255, 8\/255/],
    [{ measure: 'ece', where: { ...jem, epsilon: 1 }, min: 0 }, /no parameter "epsilon"; it has bins/],
    [{ measure: 'robust-accuracy', where: jem, min: 0 }, /2 measures.*epsilon \(2\/255, 8\/255\)/],
    [{ measure: 'accuracy', min: 0 }, /3 measures.*suite \(accuracy, user\), dataset \(a, b\)/],
    [{ measure: 'nll', where: jem, min: 0 }, /nll of jem on test \(n = 100\) is undefined: no examples/],
    [{ measure: 'ece', where: jem, maxIncrease: 1, over: 'other' }, /nothing to compare with.*other/],
  ];
  it.each(missing)('fails without a value: %j', (rule, reason) => {
    const verdicts = evaluateGates([rule], measures);
    expect(verdicts).toMatchObject([{ passed: false, value: null, margin: null, interval: null }]);
    expect(verdicts[0].reason).toMatch(reason);
  });

  it('fails on partial results whatever the value so far', () => {
    const rules: GateRule[] = [
      { measure: 'ece', where: jem, max: 1 },
      { measure: 'ece', where: jem, max: 0 },
    ];
    expect(evaluateGates(rules, measures, 'partial')).toMatchObject([
      { passed: false, value: 0.03, margin: null, reason: 'the results are partial' },
      {
        passed: false,
        value: 0.03,
        margin: null,
        reason: 'the results are partial; so far the value is above the limit',
      },
    ]);
  });

  it('with two limits is judged by each', () => {
    const results = evaluateGates([{ measure: 'ece', where: jem, min: 0.1, max: 0.1 }], measures);
    expect(results.map(({ passed, op }) => [passed, op])).toEqual([
      [false, '>='],
      [true, '<='],
    ]);
  });
});

describe('gates for people', () => {
  it('stand in a table, failed ones first', () => {
    const rules: GateRule[] = [
      { measure: 'ece', where: jem, maxIncrease: 0.02, over: 'baseline' },
      { measure: 'ece', where: jem, maxIncrease: 0.005, over: 'baseline' },
      { measure: 'robust-accuracy', where: at8, min: 0.5 },
      { measure: 'robust-accuracy', where: { ...at8, model: 'jam' }, min: 0.5 },
    ];
    expect(gateTable(evaluateGates(rules, measures)).split('\n')).toEqual([
      '      value      interval    n    limit    margin  rule',
      'FAIL  0.010                100  ≤ 0.005    −0.005  ece (model jem) at most 0.005 above baseline',
      '      the difference is above the limit: 0.03 against 0.02 of baseline',
      'FAIL  30.0%  [30.0, 50.0]  100  ≥ 50.0%  −20.0 pp  robust-accuracy (model jem, epsilon 8/255) at least 0.5',
      'FAIL      –                  –  ≥ 0.500         –  robust-accuracy (model jam, epsilon 8/255) at least 0.5',
      '      no "robust-accuracy" with model jam; there are jem, baseline',
      'pass  0.010                100  ≤ 0.020    +0.010  ece (model jem) at most 0.02 above baseline',
      '3 of 4 gates failed',
    ]);
  });

  const written: [Partial<Measure>, min: number, value: string, limit: string, margin: string][] = [
    [{ value: 0.955 }, 0.95, '95.5%', '≥ 95.0%', '+0.5 pp'],
    [{ value: 0.95 }, 0.95, '95.0%', '≥ 95.0%', '0.0 pp'],
    // A limit is written as it was given, and a margin never as nothing.
    [{ value: 0.9555 }, 0.9555, '95.55%', '≥ 95.55%', '0.00 pp'],
    [{ value: 0.94996 }, 0.95, '94.996%', '≥ 95.000%', '−0.004 pp'],
    [{ value: 12, format: 'number' }, 10, '12', '≥ 10', '+2'],
    [{ value: -0.25, format: 'number' }, 0, '−0.250', '≥ 0.000', '−0.250'],
    [{ value: 3e-6, format: 'number' }, 1e-5, '0.000003', '≥ 0.000010', '−0.000007'],
    [{ value: 14523.61, format: 'number' }, 14000, '14524', '≥ 14000', '+524'],
    [{ value: 0.3 - 1e-13, format: 'number' }, 0.3, '0.300', '≥ 0.300', '0.000'],
    [{ value: 0.3 - 1e-12, format: 'number' }, 0.3, '0.299999999999', '≥ 0.300000000000', '−0.000000000001'],
  ];
  it.each(written)('%j against %s: %s, %s, %s', (given, min, value, limit, margin) => {
    const [row] = gateRows(evaluateGates([{ measure: 'x', min }], [measure({ measure: 'x', ...given })]));
    expect(row).toMatchObject({ value, limit, margin });
  });

  it('keep to their line, whatever names hold', () => {
    const where = { model: 'a\npass  forged\x1b[2J\u202e' };
    const table = gateTable(evaluateGates([{ measure: 'ece', where, min: 1 }], measures));
    expect(table.split('\n')).toHaveLength(4);
    expect(table).toContain('(model a\\npass  forged\\u001b[2J\\u202e) at least 1');
  });
});

describe('rules', () => {
  const refused: [string, GateRule, RegExp][] = [
    ['no limit', { measure: 'a' }, /sets no limit/],
    [
      'nothing to compare with',
      { measure: 'a', where: { model: 'b' }, maxIncrease: 1 },
      /compares with nothing/,
    ],
    ['no model to judge', { measure: 'a', maxDecrease: 1, over: 'b' }, /compares no model/],
    ['itself', { measure: 'a', where: { model: 'b' }, maxDecrease: 1, over: 'b' }, /with itself/],
    ['a comparison without a use', { measure: 'a', min: 1, over: 'b' }, /goes with/],
  ];
  it.each(refused)('are refused with %s', (_, rule, says) => {
    expect(() => checkRules([{ measure: 'fine', min: 0 }, rule], 'run.yaml')).toThrow(
      expect.objectContaining({
        code: 'config-invalid',
        message: expect.stringMatching(says),
        details: expect.objectContaining({ file: 'run.yaml', path: 'gates[1]' }),
      }),
    );
  });
});
