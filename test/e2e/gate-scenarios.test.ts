// @module-tag slow
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { encodeNpy } from '../../src/data/arrays/npy.js';
import type { GateRule } from '../../src/gate/rule.js';
import type { GateResult } from '../../src/suites/results.js';
import { assay, folder, obeyed } from './assay.js';
import { savedResults } from './project.js';

const N = 400;
const K = 3;

/** Releases of one model, by the examples on which they are wrong. */
const releases: Record<string, (i: number) => boolean> = {
  // 360 of 400 are right.
  first: (i) => i < 40,
  // 36 examples are lost and 4 are won.
  worse: (i) => i >= 4 && i < 76,
  // 5 are lost and 4 are won: no test tells that from chance.
  alike: (i) => i >= 4 && i < 45,
};

const at = mkdtempSync(join(tmpdir(), 'assay-scenarios-'));
afterAll(() => rmSync(at, { recursive: true, force: true }));

const write = (name: string, shape: number[], data: Float32Array | Int32Array) =>
  writeFileSync(join(at, name), encodeNpy({ shape, data }));

/** `assay score` of one release into a run folder. */
async function score(release: string, out: string, ...flags: string[]) {
  const args = ['score', '--logits', `net=${release}.npy`, '--labels', 'labels.npy', '--name', 'net'];
  const { code, stderr } = await obeyed([...args, '--out', out, '--quiet', ...flags], at);
  return { code, stderr };
}

beforeAll(async () => {
  write(
    'labels.npy',
    [N],
    Int32Array.from({ length: N }, (_, i) => i % K),
  );
  for (const [name, wrong] of Object.entries(releases)) {
    const logits = new Float32Array(N * K);
    for (let i = 0; i < N; i++) logits[i * K + ((i + Number(wrong(i))) % K)] = 4;
    write(`${name}.npy`, [N, K], logits);
  }
  for (const name of Object.keys(releases)) expect(await score(name, name)).toMatchObject({ code: 0 });
  expect(await score('alike', 'bins', '--bins', '10')).toMatchObject({ code: 0 });
  expect(await obeyed(['bless', 'first', '--to', 'baseline'], at)).toMatchObject({ code: 0 });
  // The same images in another order are other data.
  write(
    'labels.npy',
    [N],
    Int32Array.from({ length: N }, (_, i) => (i + 1) % K),
  );
  expect(await score('alike', 'relabelled')).toMatchObject({ code: 0 });
});

/** Judges one rule on a run folder. */
async function judged(run: string | string[], rule: GateRule, ...flags: string[]) {
  const [file, output] = ['gates.yaml', 'verdicts.json'].map((name) => join(folder(), name)) as [
    string,
    string,
  ];
  writeFileSync(file, stringify({ gates: [rule] }));
  const report = ['--reporter', 'json', '--outputFile', output];
  const { code, stderr } = await obeyed(['gate', ...[run].flat(), '--gates', file, ...report, ...flags], at);
  expect(stderr).toBe('');
  const verdicts: GateResult[] = JSON.parse(readFileSync(output, 'utf8'));
  return { code, verdicts };
}

const net = { model: 'net' };
const accuracy = { measure: 'accuracy', where: net };
const blessed = ['--baseline', 'baseline'];

describe('a gate', () => {
  const cases: [string, run: string, GateRule, code: number, Partial<GateResult>, ...string[]][] = [
    ['passes', 'first', { ...accuracy, min: 0.9 }, 0, { passed: true, margin: 0 }],
    ['fails', 'worse', { ...accuracy, min: 0.9 }, 1, { passed: false, margin: -0.08 }],
    ['warns', 'worse', { ...accuracy, min: 0.9, level: 'warn' }, 0, { passed: false, severity: 'warn' }],
    [
      'fails where too little is shown',
      'first',
      { ...accuracy, min: 0.9, confidently: true },
      1,
      { passed: false, judges: 'interval', margin: expect.any(Number) },
    ],
    [
      'fails on what is missing',
      'first',
      { measure: 'accuracy', where: { ...net, k: 3 }, min: 0 },
      1,
      { passed: false, value: null, reason: expect.stringMatching(/no parameter "k"/) },
    ],
    [
      'holds against another release',
      'alike',
      { ...accuracy, maxDecrease: 0.01, over: 'blessed' },
      0,
      {
        passed: true,
        value: -0.0025,
        over: { model: 'net', value: 0.9, blessed: expect.objectContaining({ created: expect.any(String) }) },
      },
      ...blessed,
    ],
    [
      'fails against another release',
      'worse',
      { ...accuracy, maxDecrease: 0.01, over: 'blessed' },
      1,
      { passed: false, value: -0.08, margin: -0.07 },
      ...blessed,
    ],
    [
      'holds where what was lost may be chance',
      'alike',
      { ...accuracy, notWorse: 'significantly', over: 'blessed' },
      0,
      // 5 lost, 4 won: McNemar's mid-p is 0.7539.
      { passed: true, value: -0.0025, judges: 'p', p: expect.closeTo(0.75390625, 8), test: 'mcnemar' },
      ...blessed,
    ],
    [
      'fails where it is significantly worse',
      'worse',
      { ...accuracy, notWorse: 'significantly', over: 'blessed' },
      1,
      {
        passed: false,
        judges: 'p',
        limit: 0.05,
        reason: expect.stringMatching(/worse by 0\.08, p < 0\.001 \(mcnemar\): 0\.82 against 0\.9/),
      },
      ...blessed,
    ],
    [
      'holds where it is shown not to be worse by more than a margin',
      'alike',
      { ...accuracy, notWorseBy: 0.02, over: 'blessed' },
      0,
      { passed: true, judges: 'interval', limit: -0.02, method: 'newcombe', n: N },
      ...blessed,
    ],
    [
      'fails where that is not shown, though it is likely',
      'alike',
      { ...accuracy, notWorseBy: 0.01, over: 'blessed' },
      1,
      {
        passed: false,
        limit: -0.01,
        reason: expect.stringMatching(/lower end of the interval of the difference/),
      },
      ...blessed,
    ],
    [
      'is confident of a difference',
      'alike',
      { ...accuracy, maxDecrease: 0.02, confidently: true, over: 'blessed' },
      0,
      { passed: true, judges: 'interval' },
      ...blessed,
    ],
    [
      'tests what is no share',
      'worse',
      { measure: 'nll', where: net, notWorse: 'significantly', over: 'blessed' },
      1,
      { passed: false, test: 'paired-bootstrap', interval: [expect.any(Number), expect.any(Number)] },
      ...blessed,
    ],
    [
      'holds where nothing has changed at all',
      'first',
      { measure: 'ece', where: net, notWorseBy: 0, over: 'blessed' },
      0,
      { passed: true, value: 0, interval: [0, 0], margin: 0 },
      ...blessed,
    ],
    [
      'fails without a baseline',
      'alike',
      { ...accuracy, maxDecrease: 1, over: 'blessed' },
      1,
      { passed: false, reason: expect.stringMatching(/--baseline DIR/) },
    ],
    [
      'fails on other data',
      'relabelled',
      { ...accuracy, maxDecrease: 1, over: 'blessed' },
      1,
      {
        passed: false,
        margin: null,
        reason: expect.stringMatching(/^not comparable: data set: test, 400.*run both/is),
      },
      ...blessed,
    ],
    [
      'fails on other options',
      'bins',
      { measure: 'ece', where: net, maxIncrease: 1, over: 'blessed' },
      1,
      { passed: false, margin: null, reason: expect.stringMatching(/^not comparable: bins: 15 against 10/) },
      ...blessed,
    ],
    [
      'fails on a model that the baseline lacks',
      'alike',
      { ...accuracy, maxDecrease: 1, over: { model: 'other', in: 'blessed' } },
      1,
      {
        passed: false,
        reason: expect.stringMatching(/in the baseline: no "accuracy" with model other; there are net/),
      },
      ...blessed,
    ],
  ];
  it.each(cases)('%s: %s', async (_, run, rule, code, verdict, ...flags) => {
    const found = await judged(run, rule, ...flags);
    expect(found).toMatchObject({ code, verdicts: [verdict] });
  });

  it('takes several runs as seeds', async () => {
    const seeds = ['first', 'alike', 'worse'];
    expect(await judged(seeds, { ...accuracy, aggregate: 'mean', min: 0.8 })).toMatchObject({
      code: 0,
      verdicts: [{ method: 'student-t', aggregate: { how: 'mean', of: seeds.map((run) => ({ run })) } }],
    });
    expect(await judged(seeds, { ...accuracy, min: 0.85 })).toMatchObject({
      code: 1,
      verdicts: [
        { run: 'first', passed: true },
        { run: 'alike', passed: true },
        { run: 'worse', passed: false },
      ],
    });
  });
});

describe('what is not judged ends with 2:', () => {
  const gates = () => {
    const file = join(folder(), 'gates.yaml');
    writeFileSync(file, stringify({ gates: [{ ...accuracy, maxDecrease: 0, over: 'blessed' }] }));
    return file;
  };
  /** A changed copy of a folder. */
  const changed = (name: string, change: (copy: string) => void) => {
    const copy = join(folder(), 'copy');
    cpSync(join(at, name), copy, { recursive: true });
    change(copy);
    return copy;
  };
  const edit = (file: string, from: string | RegExp, to: string) =>
    writeFileSync(file, readFileSync(file, 'utf8').replace(from, to));

  const damage: [string, (copy: string) => void, RegExp][] = [
    [
      'a sheet was edited',
      (copy) => edit(join(copy, 'examples/accuracy.csv'), 'true', 'false'),
      /accuracy\.csv.*sha256/s,
    ],
    ['a sheet is gone', (copy) => rmSync(join(copy, 'examples/accuracy.csv')), /accuracy\.csv/],
    ['results were edited', (copy) => edit(join(copy, 'results.json'), '0.9', '0.8'), /results\.json/],
    [
      'a sheet is not named',
      (copy) => edit(join(copy, 'baseline.json'), /,?\s*"examples.accuracy\.csv": "[0-9a-f]+"/, ''),
      /does not name examples\/accuracy\.csv/,
    ],
    ['the record is cut off', (copy) => edit(join(copy, 'baseline.json'), /\}\s*$/, ''), /baseline\.json/],
  ];
  it.each(damage)('a baseline in which %s', async (_, change, says) => {
    const copy = changed('baseline', change);
    const { code, stderr } = await obeyed(['gate', 'alike', '--gates', gates(), '--baseline', copy], at);
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringMatching(says) });
    expect(stderr).toMatch(/^error\[baseline-damaged\]/);
  });

  const refusals: [string, args: () => string[], code: string, says: RegExp][] = [
    [
      'a run folder as a baseline',
      () => ['gate', 'alike', '--gates', gates(), '--baseline', 'first'],
      'file-unreadable',
      /assay bless DIR --to/,
    ],
    ['one run twice', () => ['gate', 'first', 'first', '--gates', gates()], 'config-invalid', /same run/],
    [
      'partial results, as a baseline',
      () => [
        'bless',
        changed('first', (copy) => edit(join(copy, 'results.json'), '"complete"', '"partial"')),
      ],
      'results-edited',
      /digest/,
    ],
    [
      'an edited run, as a baseline',
      () => ['bless', changed('first', (copy) => edit(join(copy, 'results.json'), '0.9', '0.8'))],
      'results-edited',
      /digest/,
    ],
    [
      'an earlier run, as a baseline',
      () => [
        'bless',
        changed('first', (copy) => edit(join(copy, 'run.json'), /"key": "[0-9a-f]{8}/, '"key": "00000000')),
      ],
      'results-stale',
      /earlier run/,
    ],
    [
      'a folder of something else, as the place of one',
      () => ['bless', 'first', '--to', '.'],
      'output-unwritable',
      /no baseline/,
    ],
  ];
  it.each(refusals)('%s', async (_, args, code, says) => {
    const { code: exit, stderr } = await obeyed(args(), at);
    expect([exit, stderr]).toEqual([2, expect.stringMatching(says)]);
    expect(stderr).toMatch(new RegExp(`^error\\[${code}\\]`));
    expect(stderr).toMatch(/^ {2}fix +\S/m);
  });
});

describe('a baseline', () => {
  it('takes the place of an earlier one as a whole, and leaves nothing beside it', async () => {
    const to = join(folder(), 'made', 'baseline');
    expect(await obeyed(['bless', 'first', '--to', to], at)).toMatchObject({ code: 0 });
    writeFileSync(join(to, 'examples', 'stray.csv'), '');
    const { code, stdout } = await assay(['bless', 'worse', '--to', to], at);
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/^Blessed: net; .*run [0-9a-f]{12}.* Baseline: /),
    ]);
    expect(readdirSync(join(to, '..'))).toEqual(['baseline']);
    expect(existsSync(join(to, 'examples', 'stray.csv'))).toBe(false);
    expect(savedResults(to)).toEqual(savedResults(join(at, 'worse')));
  });

  it('is compared with while a run is made, and another baseline is judged anew', async () => {
    const file = join(folder(), 'gates.yaml');
    writeFileSync(file, stringify({ gates: [{ ...accuracy, maxDecrease: 0.01, over: 'blessed' }] }));
    write(
      'labels.npy',
      [N],
      Int32Array.from({ length: N }, (_, i) => i % K),
    );
    const run = (...flags: string[]) => score('worse', 'again', '--gates', file, ...flags);
    expect(await run()).toMatchObject({ code: 1 });
    expect(savedResults(join(at, 'again')).gates).toMatchObject([{ passed: false, value: null }]);
    expect(await run(...blessed)).toMatchObject({ code: 1 });
    expect(savedResults(join(at, 'again')).gates).toMatchObject([{ passed: false, value: -0.08 }]);
    await obeyed(['bless', 'again', '--to', 'later'], at);
    expect(await run('--baseline', 'later')).toMatchObject({ code: 0 });
    expect(savedResults(join(at, 'again')).gates).toMatchObject([{ passed: true, value: 0 }]);
    const copy = join(folder(), 'copy');
    cpSync(join(at, 'later'), copy, { recursive: true });
    rmSync(join(copy, 'results.json'));
    expect(await run('--baseline', copy)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/baseline-damaged/),
    });
  });
});
