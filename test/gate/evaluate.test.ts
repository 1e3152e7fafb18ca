import { describe, expect, it } from 'vitest';
import { evaluateGates } from '../../src/gate/evaluate.js';
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
  measure({ suite: 'calibration', measure: 'ece', value: 0.03, params: { bins: 15 }, better: 'lower' }),
  measure({ suite: 'calibration', measure: 'ece', model: 'baseline', value: 0.02, params: { bins: 15 } }),
  measure({ suite: 'accuracy', measure: 'nll', value: null, note: 'no examples', interval: null }),
  measure({ suite: 'accuracy', measure: 'accuracy', dataset: 'a', value: 0.9 }),
  measure({ suite: 'accuracy', measure: 'accuracy', dataset: 'b', value: 0.8 }),
  measure({ suite: 'user', measure: 'accuracy', dataset: 'a', value: 0.7 }),
];

const at8 = { model: 'jem', epsilon: '8/255' };

describe('a gate', () => {
  const cases: [GateRule, passed: boolean, measured: number | null, detail: RegExp][] = [
    [
      { measure: 'robust-accuracy', where: at8, min: 0.3 },
      true,
      0.3,
      /0\.3 \[0\.3, 0\.5\] of jem on test, n = 100/,
    ],
    [{ measure: 'robust-accuracy', where: at8, min: 0.31 }, false, 0.3, /at least 0.31 is wanted/],
    [{ measure: 'ece', where: { model: 'jem' }, max: 0.03 }, true, 0.03, /ece 0.03/],
    [{ measure: 'ece', where: { model: 'jem' }, max: 0.029 }, false, 0.03, /at most 0.029/],
    // 0.03 - 0.02 in float64 is more than 0.01.
    [
      { measure: 'ece', where: { model: 'jem' }, maxIncrease: 0.01, over: 'baseline' },
      true,
      0.01,
      /0.03 against 0.02/,
    ],
    [
      { measure: 'ece', where: { model: 'jem' }, maxIncrease: 0.005, over: 'baseline' },
      false,
      0.01,
      /of baseline/,
    ],
    [
      { measure: 'ece', where: { model: 'baseline' }, maxIncrease: 0, over: 'jem' },
      true,
      -0.01,
      /0.02 against 0.03/,
    ],
    [
      { measure: 'ece', where: { model: 'baseline' }, maxDecrease: 0.01, over: 'jem' },
      true,
      -0.01,
      /against/,
    ],
    [
      { measure: 'ece', where: { model: 'baseline' }, maxDecrease: 0.005, over: 'jem' },
      false,
      -0.01,
      /against/,
    ],
    [{ measure: 'robust-accuracy', where: { ...at8, steps: 40 }, min: 0 }, true, 0.3, /n = 100/],
    [{ measure: 'robust-accuracy', where: { ...at8, steps: '40' }, min: 0 }, true, 0.3, /n = 100/],
    [{ measure: 'accuracy', suite: 'user', min: 0 }, true, 0.7, /n = 100/],
    [{ measure: 'accuracy', where: { suite: 'accuracy', dataset: 'b' }, min: 0 }, true, 0.8, /on b/],
    [{ measure: 'robust-acuracy', min: 0 }, false, null, /did you mean "robust-accuracy"/],
    [{ measure: 'unheard-of', min: 0 }, false, null, /there are: accuracy, ece, nll, robust-accuracy/],
    [{ measure: 'ece', suite: 'attack', min: 0 }, false, null, /in the suite "attack"/],
    [{ measure: 'ece', where: { model: 'jam' }, min: 0 }, false, null, /model jam; there are jem, baseline/],
    [
      { measure: 'robust-accuracy', where: { ...at8, epsilon: '4/255' }, min: 0 },
      false,
      null,
      /there are 2\/255, 8\/255/,
    ],
    [
      { measure: 'ece', where: { model: 'jem', epsilon: 1 }, min: 0 },
      false,
      null,
      /no parameter "epsilon"; it has bins/,
    ],
    [
      { measure: 'robust-accuracy', where: { model: 'jem' }, min: 0 },
      false,
      null,
      /2 measures.*epsilon \(2\/255, 8\/255\)/,
    ],
    [{ measure: 'accuracy', min: 0 }, false, null, /3 measures.*suite \(accuracy, user\), dataset \(a, b\)/],
    [{ measure: 'nll', min: 0 }, false, null, /undefined: no examples/],
    [
      { measure: 'ece', where: { model: 'jem' }, maxIncrease: 1, over: 'other' },
      false,
      null,
      /nothing to compare with.*other/,
    ],
  ];
  it.each(cases)('%o', (rule, passed, measured, detail) => {
    const [result, ...more] = evaluateGates([rule], measures);
    expect(more).toEqual([]);
    expect(result).toMatchObject({ passed, measured });
    expect(result.detail).toMatch(detail);
  });

  it('with two limits is judged by each', () => {
    const results = evaluateGates(
      [{ measure: 'ece', where: { model: 'jem' }, min: 0.1, max: 0.1 }],
      measures,
    );
    expect(results.map(({ passed, limit }) => [passed, limit])).toEqual([
      [false, 0.1],
      [true, 0.1],
    ]);
  });

  it('is told in words, failed ones first', () => {
    const rules: GateRule[] = [
      { measure: 'ece', where: { model: 'jem' }, maxIncrease: 0.02, over: 'baseline' },
      { measure: 'robust-accuracy', where: at8, min: 0.5 },
    ];
    expect(gateTable(evaluateGates(rules, measures)).split('\n')).toEqual([
      'FAIL  robust-accuracy (model jem, epsilon 8/255) at least 0.5',
      '      robust-accuracy 0.3 [0.3, 0.5] of jem on test, n = 100, at least 0.5 is wanted',
      'pass  ece (model jem) at most 0.02 above baseline',
      '      0.03 against 0.02 of baseline',
      '1 of 2 gates failed',
    ]);
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
