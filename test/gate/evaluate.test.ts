import { describe, expect, it } from 'vitest';
import { checkRules } from '../../src/gate/check-rules.js';
import { evaluateGates as evaluate } from '../../src/gate/evaluate.js';
import { gateRows } from '../../src/gate/present.js';
import type { GateRule } from '../../src/gate/rule.js';
import { gateTable } from '../../src/gate/table.js';
import type { GateResult, Measure, Results, Warning } from '../../src/suites/results.js';

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

const evaluateGates = (
  rules: readonly GateRule[],
  given: readonly Measure[],
  status: Results['status'] = 'complete',
) => evaluate(rules, { measures: given, status });

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
  it.each(judged)('%j: %s', async (rule, passed, value, op, limit, margin) => {
    const verdicts = await evaluateGates([rule], measures);
    expect(verdicts).toMatchObject([{ passed, value, op, limit, margin, measure: rule.measure }]);
    expect(verdicts[0]!.reason === null).toBe(passed);
  });

  it('tells the measure that it judged, with its interval', async () => {
    const [verdict] = await evaluateGates([{ measure: 'robust-accuracy', where: at8, min: 0.5 }], measures);
    expect(verdict).toEqual({
      rule: 'robust-accuracy (model jem, epsilon 8/255) at least 0.5',
      gate: 0,
      bound: 'min',
      severity: 'error',
      judges: 'value',
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

  it.each([
    ['whole', 'confidence-sequence', true, null],
    ['of others', 'none', false, 'measuring stopped at 90 of 100 examples, and some of them do not count'],
  ])('on a share that stopped, %s, judges by its confidence sequence', async (_, method, passed, reason) => {
    const rows = { sheet: 's', where: jem, statistic: 'share', columns: { outcome: 'right' } };
    const share = measure({ value: 0.9, n: 90, of: 100, interval: null, method, rows });
    const rule = { measure: 'robust-accuracy', min: 0.5 };
    const verdicts = await evaluate([rule], { measures: [share], status: 'stopped' });
    expect(verdicts).toMatchObject([{ passed, reason }]);
  });

  it('tells both sides of a comparison, which has no interval', async () => {
    const rule = { measure: 'ece', where: jem, maxIncrease: 0.005, over: 'baseline' };
    expect(await evaluateGates([rule], measures)).toMatchObject([
      {
        rule: 'ece (model jem) at most 0.005 above baseline',
        over: { model: 'baseline', value: 0.02 },
        interval: null,
        reason: 'the difference is above the limit: 0.03 against 0.02 of baseline',
      },
    ]);
    const other = { measure: 'ece', where: base, maxDecrease: 0.005, over: 'jem' };
    expect((await evaluateGates([other], measures))[0]!.rule).toBe(
      'ece (model baseline) at most 0.005 below jem',
    );
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
  it.each(missing)('fails without a value: %j', async (rule, reason) => {
    const verdicts = await evaluateGates([rule], measures);
    expect(verdicts).toMatchObject([{ passed: false, value: null, margin: null, interval: null }]);
    expect(verdicts[0]!.reason).toMatch(reason);
  });

  it('fails on partial results whatever the value so far', async () => {
    const rules: GateRule[] = [
      { measure: 'ece', where: jem, max: 1 },
      { measure: 'ece', where: jem, max: 0 },
    ];
    expect(await evaluateGates(rules, measures, 'partial')).toMatchObject([
      { passed: false, value: 0.03, margin: null, reason: 'the results are partial' },
      {
        passed: false,
        value: 0.03,
        margin: null,
        reason: 'the results are partial; so far the value is above the limit',
      },
    ]);
  });

  it('with two limits is judged by each', async () => {
    const results = await evaluateGates([{ measure: 'ece', where: jem, min: 0.1, max: 0.1 }], measures);
    expect(results.map(({ passed, op }) => [passed, op])).toEqual([
      [false, '>='],
      [true, '<='],
    ]);
  });
});

describe('gates for people', () => {
  it('stand in a table, failed ones first', async () => {
    const rules: GateRule[] = [
      { measure: 'ece', where: jem, maxIncrease: 0.02, over: 'baseline' },
      { measure: 'ece', where: jem, maxIncrease: 0.005, over: 'baseline' },
      { measure: 'robust-accuracy', where: at8, min: 0.5 },
      { measure: 'robust-accuracy', where: { ...at8, model: 'jam' }, min: 0.5 },
    ];
    expect(gateTable(await evaluateGates(rules, measures)).split('\n')).toEqual([
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
  it.each(written)('%j against %s: %s, %s, %s', async (given, min, value, limit, margin) => {
    const [row] = gateRows(
      await evaluateGates([{ measure: 'x', min }], [measure({ measure: 'x', ...given })]),
    );
    expect(row).toMatchObject({ value, limit, margin });
  });

  it('keep to their line, whatever names hold', async () => {
    const where = { model: 'a\npass  forged\x1b[2J\u202e' };
    const table = gateTable(await evaluateGates([{ measure: 'ece', where, min: 1 }], measures));
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
    [
      'nobody to compare with',
      { measure: 'a', where: { model: 'b' }, maxDecrease: 1, over: {} },
      /with nothing/,
    ],
    ['neither measure nor warnings', { min: 1 }, /either a measure or warnings/],
    ['both', { measure: 'a', min: 1, noWarnings: 'serious' }, /either a measure or warnings/],
    ['a limit on warnings', { noWarnings: 'serious', max: 1 }, /no other limits/],
    ['a radius of warnings', { noWarnings: 'serious', where: { epsilon: '8/255' } }, /do not have/],
    ['each and as one', { measure: 'a', min: 1, each: true, aggregate: 'mean' }, /as one/],
    [
      'a paired test of a mean',
      { measure: 'a', notWorseBy: 0, over: 'blessed', aggregate: 'mean' },
      /do not go with the mean/,
    ],
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

describe('a rule', () => {
  const few: Measure = measure({ measure: 'recall', n: 40, interval: null, method: 'none' });
  const all = [
    ...measures,
    few,
    measure({ measure: 'recall', model: 'sure', n: 900, interval: [0.39, 0.41] }),
  ];
  const recall = { measure: 'recall', where: { model: 'sure' } };

  const held: [string, GateRule, Partial<GateResult>][] = [
    ['of level warn is told', { ...recall, min: 0.5, level: 'warn' }, { passed: false, severity: 'warn' }],
    ['is an error otherwise', { ...recall, min: 0.5 }, { passed: false, severity: 'error' }],
    [
      'on examples',
      { ...recall, minN: 1000 },
      { passed: false, value: 900, limit: 1000, margin: -100, judges: 'examples', bound: 'minN' },
    ],
    ['on enough examples', { ...recall, minN: 900 }, { passed: true, margin: 0, n: 900 }],
    ['by the value', { ...recall, min: 0.4 }, { passed: true, margin: 0, judges: 'value' }],
    [
      'by the lower end',
      { ...recall, min: 0.4, confidently: true },
      { passed: false, margin: -0.01, judges: 'interval', reason: expect.stringMatching(/lower end/) },
    ],
    ['by the lower end, reached', { ...recall, min: 0.39, confidently: true }, { passed: true, margin: 0 }],
    ['by the upper end', { ...recall, max: 0.405, confidently: true }, { passed: false, margin: -0.005 }],
    ['by the upper end, kept', { ...recall, max: 0.41, confidently: true }, { passed: true, margin: 0 }],
    [
      'without an interval says nothing confidently',
      { measure: 'recall', where: jem, min: 0, confidently: true },
      { passed: false, margin: null, reason: expect.stringMatching(/no interval here \(n = 40\)/) },
    ],
    [
      'on a share of the other',
      { measure: 'ece', where: jem, maxRelativeIncrease: 0.4, over: 'baseline' },
      { passed: false, value: 0.5, limit: 0.4, margin: -0.1, format: 'percent' },
    ],
    [
      'on a share of the other, kept',
      { measure: 'ece', where: base, maxRelativeDecrease: 0.4, over: 'jem' },
      { passed: true, value: -0.333333333333, limit: -0.4 },
    ],
    [
      'on a paired test without rows',
      { measure: 'ece', where: jem, notWorse: 'significantly', over: 'baseline' },
      { passed: false, margin: null, reason: expect.stringMatching(/no paired difference/) },
    ],
    [
      'on a baseline that is not there',
      { measure: 'ece', where: jem, maxIncrease: 0, over: 'blessed' },
      { passed: false, margin: null, reason: expect.stringMatching(/--baseline DIR/) },
    ],
  ];
  it.each(held)('%s', async (_, rule, verdict) => {
    expect(await evaluateGates([rule], all)).toMatchObject([verdict]);
  });

  it('for each judges every measure that fits, and names it', async () => {
    const verdicts = await evaluateGates(
      [{ measure: 'robust-accuracy', where: jem, min: 0.35, each: true }],
      all,
    );
    expect(verdicts.map(({ rule, passed, gate }) => [rule, passed, gate])).toEqual([
      ['robust-accuracy (model jem, epsilon 2/255) at least 0.35', true, 0],
      ['robust-accuracy (model jem, epsilon 8/255) at least 0.35', false, 0],
    ]);
  });

  it('for each with a pattern leaves out the model that it compares with', async () => {
    const rule: GateRule = {
      measure: 'ece',
      where: { model: '*' },
      each: true,
      maxIncrease: 0.02,
      over: 'baseline',
    };
    const verdicts = await evaluateGates([rule], all);
    expect(verdicts).toMatchObject([{ model: 'jem', value: 0.01, passed: true }]);
  });

  it('numbers its verdicts', async () => {
    const rules: GateRule[] = [
      { measure: 'ece', where: jem, min: 0, max: 1 },
      { measure: 'ece', where: base, max: 1 },
    ];
    expect((await evaluateGates(rules, all)).map(({ gate, bound }) => [gate, bound])).toEqual([
      [0, 'min'],
      [0, 'max'],
      [1, 'max'],
    ]);
  });
});

describe('a rule over seeds', () => {
  const values = [0.9, 0.92, 0.88];
  const seeds = values.map((value, i) =>
    measure({
      measure: 'accuracy',
      model: `net-${i}`,
      value,
      n: 100 + i,
      interval: [value - 0.05, value + 0.05],
    }),
  );
  const at = { measure: 'accuracy', where: { model: 'net-*' } };
  // Mean 0.9, deviation 0.02, t(0.975, 2) = 4.302653: 0.9 +- 4.302653 * 0.02 / sqrt(3).
  const half = (4.302652729911275 * 0.02) / Math.sqrt(3);

  const cases: [GateRule, Partial<GateResult>][] = [
    [
      { ...at, aggregate: 'mean', min: 0.9 },
      { passed: true, value: expect.closeTo(0.9, 12), method: 'student-t', n: 100, model: null },
    ],
    [
      { ...at, aggregate: 'mean', min: 0.9, confidently: true },
      { passed: false, margin: expect.closeTo(-half, 8), judges: 'interval' },
    ],
    [
      { ...at, aggregate: 'min', min: 0.9 },
      { passed: false, value: 0.88, margin: -0.02 },
    ],
    [
      { ...at, aggregate: 'max', min: 0.9 },
      { passed: true, value: 0.92, margin: 0.02 },
    ],
    [
      { ...at, aggregate: 'all', min: 0.9 },
      { passed: false, value: 0.88, model: 'net-2', margin: -0.02 },
    ],
    [
      { ...at, aggregate: 'all', max: 0.93 },
      { passed: true, value: 0.92, model: 'net-1', margin: 0.01 },
    ],
    [
      { ...at, aggregate: 'all', minN: 101 },
      { passed: false, value: 100, margin: -1 },
    ],
    [
      { ...at, aggregate: 'mean', maxDecrease: 0, over: 'net-0' },
      { passed: true, value: expect.closeTo(0, 12), interval: [expect.any(Number), expect.any(Number)] },
    ],
  ];
  it.each(cases)('%j', async (rule, verdict) => {
    const found = (await evaluateGates([rule], seeds))[0]!;
    expect(found).toMatchObject(verdict);
    expect(found.aggregate?.how).toBe(rule.aggregate);
  });

  it('takes those of several runs, and names them', async () => {
    const runs = values.map((value, i) => ({
      run: `seed-${i}`,
      measures: [measure({ measure: 'accuracy', value })],
      datasets: [{ name: 'test', fingerprint: 'a' }],
    }));
    const rule: GateRule = {
      measure: 'accuracy',
      where: jem,
      aggregate: 'mean',
      min: 0.85,
      confidently: true,
    };
    expect(await evaluate([rule], runs)).toMatchObject([
      {
        rule: 'mean accuracy (model jem) confidently at least 0.85',
        model: 'jem',
        passed: true,
        interval: [expect.closeTo(0.9 - half, 8), expect.closeTo(0.9 + half, 8)],
        aggregate: { of: [{ run: 'seed-0', value: 0.9 }, { run: 'seed-1' }, { run: 'seed-2', n: 100 }] },
      },
    ]);
    const apart = await evaluate([{ measure: 'accuracy', min: 0.9 }], runs);
    expect(apart.map(({ run, passed }) => [run, passed])).toEqual([
      ['seed-0', true],
      ['seed-1', true],
      ['seed-2', false],
    ]);
    const other = [...runs, { ...runs[0]!, datasets: [{ name: 'test', fingerprint: 'b' }] }];
    expect(await evaluate([rule], other)).toMatchObject([
      { passed: false, margin: null, reason: expect.stringMatching(/not comparable.*"test"/) },
    ]);
    const lacking = [...runs, { run: 'seed-3', measures: [] }];
    expect(await evaluate([rule], lacking)).toMatchObject([
      { passed: false, reason: expect.stringMatching(/^seed-3: no measure "accuracy"/) },
    ]);
  });

  it('does not mix what differs in more than the model', async () => {
    const rule: GateRule = { measure: 'robust-accuracy', aggregate: 'mean', min: 0 };
    expect(await evaluateGates([rule], measures)).toMatchObject([
      { passed: false, value: null, reason: expect.stringMatching(/epsilon \(2\/255, 8\/255\)/) },
    ]);
  });
});

describe('a rule on warnings', () => {
  const warnings: Warning[] = [
    { code: 'few-examples', severity: 'warning', message: 'few', dataset: 'test' },
    { code: 'zero-gradient', severity: 'serious', message: 'no gradient', model: 'jem', suite: 'attack' },
    { code: 'single-draw', severity: 'note', message: 'one draw', model: 'noisy' },
  ];
  const cases: [GateRule, found: number, rule: string][] = [
    [{ noWarnings: 'serious' }, 1, 'no serious warning'],
    [{ noWarnings: 'warning' }, 2, 'no warning'],
    [{ noWarnings: 'note' }, 3, 'no warning or note'],
    [{ noWarnings: ['zero-gradient', 'randomized'] }, 1, 'no warning zero-gradient or randomized'],
    [{ noWarnings: ['randomized'] }, 0, 'no warning randomized'],
    [{ noWarnings: 'serious', where: { model: 'noisy' } }, 0, 'no serious warning (model noisy)'],
    // What concerns the data concerns every model on them.
    [{ noWarnings: 'warning', where: { model: 'noisy' } }, 1, 'no warning (model noisy)'],
    [{ noWarnings: 'serious', suite: 'ood' }, 0, 'no serious warning (suite ood)'],
  ];
  it.each(cases)('%j: %i', async (rule, found, words) => {
    const verdicts = await evaluate([rule], { measures: [], warnings });
    expect(verdicts).toMatchObject([
      { rule: words, measure: 'warnings', value: found, passed: found === 0, limit: 0, n: null },
    ]);
    expect(Object.is(verdicts[0]!.margin, found === 0 ? 0 : -found)).toBe(true);
  });

  it('says what they are', async () => {
    const rows = gateRows(
      await evaluate([{ noWarnings: 'serious', level: 'warn' }], { measures: [], warnings }),
    );
    expect(rows).toMatchObject([
      { state: 'warn', value: '1', limit: '≤ 0', margin: '−1', reason: 'zero-gradient of jem: no gradient' },
    ]);
  });
});
