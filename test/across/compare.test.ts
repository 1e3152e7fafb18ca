// @module-tag slow
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { History } from '../../src/across/history.js';
import type { RunComparison } from '../../src/across/run-comparison.js';
import { sealed } from '../../src/runs/plan/seal.js';
import type { Results } from '../../src/suites/results.js';
import { assay, folder, obeyed } from '../e2e/assay.js';
import { releases } from './releases.js';

const once = mkdtempSync(join(tmpdir(), 'assay-compare-'));
beforeAll(async () => {
  releases(once);
  for (const version of ['v1', 'v2'])
    expect(await obeyed(['run', `${version}.run.yaml`, '--out', `runs/${version}`], once)).toMatchObject({
      code: 0,
    });
});
afterAll(() => rmSync(once, { recursive: true }));

/** What `--out` leaves; --json prints the same. */
async function compared(args: readonly string[], at = once): Promise<RunComparison> {
  const out = folder();
  expect(await obeyed(['compare', ...args, '--json', '--out', out], at)).toMatchObject({
    code: 0,
    stderr: '',
  });
  return JSON.parse(readFileSync(join(out, 'comparison.json'), 'utf8'));
}

const verdicts = ({ rows }: RunComparison) =>
  Object.fromEntries(rows.map(({ pair, measure, verdict }) => [`${pair} ${measure}`, verdict]));

/** The correct column of examples/accuracy.csv, by index. */
function outcomes(version: string, model: string): boolean[] {
  const lines = readFileSync(join(once, 'runs', version, 'examples/accuracy.csv'), 'utf8')
    .trim()
    .split('\n');
  return lines
    .slice(1)
    .map((line) => line.split(','))
    .filter(([name]) => name === model)
    .map((cells) => cells[5] === 'true');
}

/** A copy of both runs in which the results of the second are others, sealed again. */
function changed(change: (results: Results) => void, { seal = true } = {}): string {
  const at = folder();
  cpSync(join(once, 'runs'), join(at, 'runs'), { recursive: true });
  const file = join(at, 'runs/v2/results.json');
  const results: Results = JSON.parse(readFileSync(file, 'utf8'));
  change(results);
  writeFileSync(file, JSON.stringify(seal ? sealed(results) : results));
  return at;
}

describe('assay compare', () => {
  it('tests what two releases have in common, on the same examples', async () => {
    const comparison = await compared(['runs/v1', 'runs/v2']);
    expect(comparison).toMatchObject({ tests: 4, correction: 'holm', level: 0.95, unmatched: [] });
    expect(verdicts(comparison)).toEqual({
      '0 accuracy': 'worse',
      '0 ece': 'better',
      '0 mean-auroc': 'better',
      '0 robust-accuracy': 'worse',
      '1 accuracy': 'not tested',
      '1 ece': 'not tested',
      '1 mean-auroc': 'not tested',
      '1 robust-accuracy': 'not tested',
    });
    expect(comparison.pairs[1]!.notes).toEqual(['the same weights on both sides']);
    const [unchanged, tested] = [1, 0].map((pair) => comparison.rows.filter((row) => row.pair === pair));
    for (const { reasons, test, difference } of unchanged!) {
      expect(reasons).toEqual(['no test: the same weights gave the same rows on both sides']);
      expect([test, difference]).toEqual([null, 0]);
    }
    // What has not changed does not make the others less certain.
    const alone = await compared(['runs/v1:good', 'runs/v2:good']);
    expect(tested!.map(({ test }) => test)).toEqual(alone.rows.map(({ test }) => test));

    const [before, after] = [outcomes('v1', 'good'), outcomes('v2', 'good')];
    const flipped = before.flatMap((was, index) =>
      was === after[index] ? [] : [{ index, direction: was ? 'lost' : 'gained' }],
    );
    expect(flipped.length).toBeGreaterThan(20);
    const accuracy = comparison.rows.findIndex(({ measure }) => measure === 'accuracy');
    expect(comparison.flips.filter(({ row }) => row === accuracy)).toMatchObject(flipped);
    const lost = flipped.filter(({ direction }) => direction === 'lost').length;
    expect(comparison.rows[accuracy]!.test).toMatchObject({ name: 'mcnemar', n: 150 });
    expect(comparison.rows[accuracy]!.test?.difference).toBeCloseTo((flipped.length - 2 * lost) / 150, 12);
    for (const { test } of tested!) expect(test?.corrected).toBeGreaterThanOrEqual(test?.p ?? 2);
  });

  it('says it in a table, and ends with 1 where --fail-on asks for that', async () => {
    const { code, stdout } = await assay(
      ['compare', 'runs/v1:good', 'runs/v2:good', '--fail-on', 'worse'],
      once,
    );
    expect(code).toBe(1);
    expect(stdout).toMatch(/^good: v1 against v2\n/);
    expect(stdout).toMatch(/^Accuracy +86\.0% +52\.7% +−33\.3 pp +\[−\d.*\] +150 +<0\.001 +<0\.001 +worse$/m);
    expect(stdout).toMatch(/flipped, Accuracy on test: 54 lost \(1, 4, .*, and 46 more\); 4 gained/);
    expect(stdout).toMatch(/after Holm's correction for 4 tests\.\n2 worse, 2 better\./);
    expect(
      await obeyed(['compare', 'runs/v1:poor', 'runs/v2:poor', '--fail-on', 'worse'], once),
    ).toMatchObject({ code: 0 });
  });

  it('compares the models of one run, and models called otherwise', async () => {
    const within = await compared(['runs/v1', '--measure', 'accuracy']);
    expect(within.pairs).toMatchObject([
      { before: { run: 0, model: 'good' }, after: { run: 0, model: 'poor' } },
    ]);
    expect(verdicts(within)).toEqual({ '0 accuracy': 'worse' });
    const renamed = await compared(['runs/v1:good', 'runs/v2', '--as', 'good=poor', '--measure', 'accuracy']);
    expect(renamed.pairs).toMatchObject([{ before: { model: 'good' }, after: { run: 1, model: 'poor' } }]);
  });

  it('writes a page with pictures of the flipped examples, and the numbers', async () => {
    const out = folder();
    expect(await obeyed(['compare', 'runs/v1', 'runs/v2', '--out', out], once)).toMatchObject({ code: 0 });
    const read = (name: string) => readFileSync(join(out, name), 'utf8');
    const page = read('comparison.html');
    expect(page).toMatch(/Examples that flipped.*src="data:image\/png;base64,/s);
    expect(page).not.toContain('no pictures');
    const comparison: RunComparison = JSON.parse(read('comparison.json'));
    expect(read('flips.csv').trim().split('\n')).toHaveLength(1 + comparison.flips.length);
    const [header, first] = read('comparison.csv').split('\n');
    expect(header).toMatch(/^pair,run_before,model_before,.*,difference,.*,p,p_corrected,verdict,reasons$/);
    expect(first).toMatch(/^good: v1 against v2,v1,good,v2,good,accuracy,accuracy,/);
  });

  it('shows no pictures of data that are others by now', async () => {
    const at = changed(() => undefined);
    const out = join(at, 'out');
    expect(await obeyed(['compare', 'runs/v1', 'runs/v2', '--out', out], at)).toMatchObject({ code: 0 });
    expect(readFileSync(join(out, 'comparison.html'), 'utf8')).toMatch(/no pictures: /);
  });
});

describe('what assay compare refuses', () => {
  const entry = ({ suites }: Results, name: string) =>
    suites.find(({ suite }) => suite === name)?.options ?? {};
  const otherData = (r: Results) => Object.assign(r.datasets[0]!, { fingerprint: '0'.repeat(64), size: 140 });

  it('a measure of another attack, and compares the others', async () => {
    const at = changed((r) => {
      Object.assign(entry(r, 'attack'), { steps: 40 });
      for (const { params } of r.measures) if (params.steps) params.steps = 40;
    });
    const comparison = await compared(['runs/v1:good', 'runs/v2:good'], at);
    expect(verdicts(comparison)).toMatchObject({
      '0 accuracy': 'worse',
      '0 robust-accuracy': 'not comparable',
    });
    expect(comparison.rows.find(({ measure }) => measure === 'robust-accuracy')?.reasons).toEqual([
      'steps: 3 against 40',
    ]);
    const args = ['compare', 'runs/v1:poor', 'runs/v2:poor', '--fail-on', 'worse'];
    expect(await obeyed(args, at)).toMatchObject({ code: 2 });
    const allowed = await compared(['runs/v1:good', 'runs/v2:good', '--allow', 'params'], at);
    expect(allowed.rows.find(({ measure }) => measure === 'robust-accuracy')).toMatchObject({
      verdict: 'worse',
      reasons: ['compared all the same: steps: 3 against 40'],
    });
  });

  const refusals: [string, (results: Results) => void, string[], RegExp][] = [
    [
      'other data',
      otherData,
      [],
      /error\[not-comparable\].*at +data set.*expected test, 150 examples.*found +test, 140 examples.*--allow data/s,
    ],
    [
      'results that were interrupted',
      (r) => Object.assign(r, { status: 'partial', errors: ['stopped by SIGINT'] }),
      [],
      /error\[results-partial\].*v2.*stopped by SIGINT.*--allow partial/s,
    ],
    [
      'models that have no name in common',
      (r) => {
        r.systems = r.systems.slice(0, 1).map((system) => ({ ...system, name: 'jem' }));
      },
      [],
      /error\[not-comparable\].*--as good=jem/s,
    ],
    [
      'a model that is not there',
      () => undefined,
      ['--as', 'god=good'],
      /error\[unknown-name\].*did you mean "good"/s,
    ],
    [
      'a new name that no model has',
      () => undefined,
      ['--as', 'good=por'],
      /error\[unknown-name\].*--as.*did you mean "poor"/s,
    ],
    [
      'a measure that is not there',
      () => undefined,
      ['--measure', 'acuracy'],
      /error\[unknown-name\].*"accuracy"/s,
    ],
    [
      'what nobody can allow',
      () => undefined,
      ['--allow', 'all'],
      /"all" is not one of data, params, options/,
    ],
  ];
  it.each(refusals)('%s', async (_, change, flags, says) => {
    const at = changed(change);
    expect(await obeyed(['compare', 'runs/v1', 'runs/v2', ...flags], at)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(says),
    });
  });

  it('pairs no examples of other data, also where they are let through', async () => {
    const comparison = await compared(
      ['runs/v1', 'runs/v2', '--allow', 'data', '--measure', 'accuracy'],
      changed(otherData),
    );
    expect(comparison).toMatchObject({ tests: 0, flips: [] });
    expect(comparison.rows[0]).toMatchObject({
      test: null,
      verdict: 'not tested',
      reasons: [
        'no test: examples of other data cannot be paired',
        expect.stringMatching(/^compared all the same: data set: /),
      ],
    });
  });

  it('results and rows that were edited, until that is allowed', async () => {
    const at = changed((r) => Object.assign(r.measures[0]!, { note: 'better' }), { seal: false });
    const args = ['compare', 'runs/v1', 'runs/v2', '--measure', 'accuracy'];
    expect(await obeyed(args, at)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/results-edited.*--allow edited/s),
    });
    expect(await obeyed([...args, '--allow', 'edited'], at)).toMatchObject({ code: 0 });

    const rows = changed(() => undefined);
    const sheet = join(rows, 'runs/v2/examples/accuracy.csv');
    writeFileSync(sheet, readFileSync(sheet, 'utf8').replaceAll('false', 'true'));
    expect(await obeyed(args, rows)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/the rows of Accuracy do not give its value.*accuracy\.csv.*found +1\n/s),
    });
    expect(await obeyed([...args, '--allow', 'edited'], rows)).toMatchObject({ code: 0 });
  });

  it('nothing where sheets are gone: the values are compared without a test', async () => {
    const at = changed(() => undefined);
    rmSync(join(at, 'runs/v2/examples'), { recursive: true });
    const { rows } = await compared(['runs/v1', 'runs/v2', '--measure', 'accuracy'], at);
    expect(rows[0]).toMatchObject({
      verdict: 'not tested',
      reasons: ['no test: a run folder lacks examples/accuracy.csv'],
    });
  });

  it('one folder with one model', async () => {
    const at = changed((r) => {
      r.systems = r.systems.slice(0, 1);
    });
    expect(await obeyed(['compare', 'runs/v2'], at)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/not-comparable.*name another run folder behind it/s),
    });
  });
});

describe('assay history of run folders', () => {
  it('tests every run against the one before, as a comparison does, where the examples are there', async () => {
    const historyOf = async (at: string): Promise<History> =>
      JSON.parse((await obeyed(['history', 'runs', '--measure', 'accuracy', '--json'], at)).stdout);
    const { series } = await historyOf(once);
    const { rows } = await compared(['runs/v1', 'runs/v2']);
    const ps = (model: string) => series.find((one) => one.model === model)?.points.map(({ p }) => p);
    const tested = rows.find(({ pair, measure }) => pair === 0 && measure === 'accuracy');
    expect(ps('good')).toEqual([null, tested?.test?.p]);
    expect(tested?.test?.p).toBeLessThan(0.001);
    // The same file in both: nothing is to be told.
    expect(ps('poor')).toEqual([null, 1]);
    expect((await obeyed(['history', 'runs', '--measure', 'accuracy'], once)).stdout).toMatch(
      /good: Accuracy .* pp, p < 0\.001/,
    );

    // What is not defined in a run takes nothing from the rest.
    const undefinedFor = changed(({ measures }) => {
      const of = measures.find(({ measure, model }) => measure === 'accuracy' && model === 'poor');
      Object.assign(of ?? {}, { value: null, interval: null });
    });
    const left = (await historyOf(undefinedFor)).series;
    expect(left.map(({ points }) => points.map(({ p }) => p))).toEqual([
      [null, tested?.test?.p],
      [null, null],
    ]);

    const at = changed(() => undefined);
    rmSync(join(at, 'runs/v1/examples'), { recursive: true });
    const { points } = (await historyOf(at)).series[0]!;
    expect(points.map(({ p }) => p)).toEqual([null, null]);
  });

  it('tells why a run is not tested', async () => {
    const at = changed(() => undefined);
    const sheet = join(at, 'runs/v1/examples/accuracy.csv');
    const untouched = await obeyed(['history', 'runs', '--measure', 'accuracy'], at);
    expect(untouched).toMatchObject({ code: 0, stderr: '' });
    const [head, ...lines] = readFileSync(sheet, 'utf8').trimEnd().split('\n') as [string, ...string[]];
    const correct = head.split(',').indexOf('correct');
    const turned = lines.map((line) => line.split(',').with(correct, '1').join(','));
    writeFileSync(sheet, `${[head, ...turned].join('\n')}\n`);
    const ended = await obeyed(['history', 'runs', '--measure', 'accuracy'], at);
    expect(ended).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(
        /^! v1 is not tested against its neighbours: the rows of Accuracy do not give its value \(.*accuracy\.csv\): 1\n$/,
      ),
    });
    expect(ended.stdout).not.toMatch(/, p [=<]/);
  });
});
