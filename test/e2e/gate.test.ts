// @module-tag slow
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { writeOnnx } from '../../src/graph/write.js';
import { folder, obeyed, start } from './assay.js';
import { ATTACK, network, project, runFile, savedResults, unitFiles } from './project.js';

const EASY = [{ measure: 'accuracy', where: { model: 'sharp' }, min: 0.5 }];
const LONG = { attack: { ...ATTACK, steps: 50_000, checks: false } };

/** A finished run of accuracy with a gate that holds. */
async function run(at: string, ...flags: string[]): Promise<{ at: string; out: string; file: string }> {
  const file = project(at, { suites: ['accuracy'], gates: EASY });
  expect(await obeyed(['run', 'small.run.yaml', '--out', 'out', ...flags], at)).toMatchObject({ code: 0 });
  return { at, out: join(at, 'out'), file };
}

const once = mkdtempSync(join(tmpdir(), 'assay-gate-'));
beforeAll(() => run(once));
afterAll(() => rmSync(once, { recursive: true }));

/** A copy of it. */
function finished(): Awaited<ReturnType<typeof run>> {
  const at = folder();
  cpSync(once, at, { recursive: true });
  return { at, out: join(at, 'out'), file: join(at, 'small.run.yaml') };
}

const judged = (at: string, ...flags: string[]) => obeyed(['gate', 'out', ...flags], at);

const refused = (code: string, says: RegExp) => ({
  code: 2,
  stdout: '',
  stderr: expect.stringMatching(new RegExp(`error\\[${code}\\].*${says.source}`, 's')),
});

describe('a gate on the results of a run folder', () => {
  it('passes on those of the run file as it is, whatever its comments and gates have become', async () => {
    const { at, file } = finished();
    expect(await judged(at)).toMatchObject({ code: 0 });
    const harder = runFile({ suites: ['accuracy'], gates: [{ ...EASY[0], min: 1.1 }] });
    writeFileSync(file, `# stricter\n${stringify(harder)}`);
    expect(await judged(at)).toMatchObject({ code: 0 });
    expect(await judged(at, '--gates', 'small.run.yaml')).toMatchObject({ code: 1 });
  });

  it('fails when the run file says something else by now', async () => {
    const { at, file } = finished();
    writeFileSync(file, stringify(runFile({ suites: ['accuracy', 'calibration'], gates: EASY })));
    expect(await judged(at)).toMatchObject(refused('results-stale', /small\.run\.yaml.*run it again/));
    expect(await judged(at, '--allow-partial')).toMatchObject(refused('results-stale', /changed/));
    expect(await obeyed(['run', 'small.run.yaml', '--out', 'out'], at)).toMatchObject({ code: 0 });
    expect(await judged(at)).toMatchObject({ code: 0 });
  });

  it('fails after a killed run of a changed run file, also where that file is gone', async () => {
    const { at, out, file } = finished();
    const before = unitFiles(out).length;
    writeFileSync(file, stringify(runFile({ suites: ['accuracy', LONG], gates: EASY })));
    const key = () => JSON.parse(readFileSync(join(out, 'run.json'), 'utf8')).key;
    const old = key();
    const { child, ended } = start(['run', 'small.run.yaml', '--out', 'out'], at);
    while (key() === old && child.exitCode === null) await sleep(5);
    child.kill('SIGKILL');
    await ended;
    expect(unitFiles(out)).toHaveLength(before);
    rmSync(file);
    expect(await judged(at)).toMatchObject(
      refused('results-stale', /earlier run.*run the same command again/),
    );
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const)(
    'fails after %s, which leaves partial results and 130',
    async (signal) => {
      const at = folder();
      project(at, { suites: ['accuracy', LONG], gates: EASY });
      const out = join(at, 'out');
      const { child, ended } = start(['run', 'small.run.yaml', '--out', 'out'], at);
      while (child.exitCode === null && (!existsSync(join(out, 'units')) || unitFiles(out).length < 2))
        await sleep(5);
      child.kill(signal);
      expect(await ended).toMatchObject({
        code: 130,
        stderr: expect.stringMatching(new RegExp(`stopped by ${signal}.*run the same command again`, 's')),
      });
      expect(savedResults(out)).toMatchObject({
        status: 'partial',
        gates: [{ passed: false, margin: null, reason: expect.stringMatching(/^the results are partial/) }],
      });
      expect(await judged(at)).toMatchObject(refused('results-partial', /stopped by.*--allow-partial/));
      expect(await judged(at, '--allow-partial')).toMatchObject({ code: 0 });
    },
  );

  it('fails on a part of the data, unless that is said', async () => {
    const { at } = await run(folder(), '--limit', '12');
    expect(await judged(at)).toMatchObject(refused('results-partial', /--limit 12.*--allow-partial/));
    expect(await judged(at, '--allow-partial')).toMatchObject({ code: 0 });
    // A baseline cannot be of a part: no option is named that would allow it.
    const { code, stderr } = await obeyed(['bless', 'out'], at);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/--limit 12.*run it again without --limit\n/s)]);
    expect(stderr).not.toContain('--allow');
  });

  it('fails on results that were edited, and the report says so', async () => {
    const { at, out } = finished();
    const file = join(out, 'results.json');
    const results = JSON.parse(readFileSync(file, 'utf8'));
    // Another order of keys, other times and blanks are the same results.
    const { measures, ...rest } = results;
    writeFileSync(file, JSON.stringify({ ...rest, measures, created: '2020-01-01T00:00:00Z' }));
    expect(await judged(at)).toMatchObject({ code: 0 });
    measures[0].value += 1e-9;
    writeFileSync(file, JSON.stringify(results));
    expect(await judged(at)).toMatchObject(refused('results-edited', /digest/));
    expect(await obeyed(['report', 'out'], at)).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/digest does not match/),
    });
    expect(readFileSync(join(out, 'report.html'), 'utf8')).toMatch(/its digest does not match/);
    expect(await obeyed(['run', 'small.run.yaml', '--out', 'out'], at)).toMatchObject({ code: 0 });
    expect(await judged(at)).toMatchObject({ code: 0 });
  });

  it('is an error when there is none', async () => {
    const { at, file } = finished();
    writeFileSync(join(at, 'none.yaml'), 'gates: []');
    expect(await judged(at, '--gates', 'none.yaml')).toMatchObject(
      refused('config-invalid', /there are no gates.*none\.yaml.*--gates FILE/),
    );
    writeFileSync(file, stringify(runFile({ suites: ['accuracy'] })));
    expect(await obeyed(['run', 'small.run.yaml', '--out', 'out'], at)).toMatchObject({ code: 0 });
    expect(await judged(at)).toMatchObject(refused('config-invalid', /there are no gates/));
  });

  it('is refused before anything is measured where it names what the run does not have', async () => {
    const at = folder();
    const gates = [{ measure: 'acuracy', where: { model: 'sharp' }, min: 0.5 }];
    project(at, { suites: ['accuracy'], gates });
    expect(await obeyed(['run', 'small.run.yaml', '--out', 'out'], at)).toMatchObject(
      refused('unknown-name', /small\.run\.yaml at gates\[0\]\.measure.*did you mean "accuracy"/),
    );
    expect(unitFiles(join(at, 'out'))).toEqual([]);
  });

  it('names the run in every file that is read without results.json', async () => {
    const { out } = finished();
    const { key } = savedResults(out);
    expect(key).toMatch(/^[0-9a-f]{64}$/);
    for (const file of ['run.json', 'report.html', 'tables/comparison.tex'])
      expect(readFileSync(join(out, file), 'utf8'), file).toContain(key);
  });
});

describe('assay run --baseline', () => {
  it('judges a release by the paired differences to an earlier one', async () => {
    const { at, out, file } = finished();
    expect(await obeyed(['bless', 'out', '--to', 'baseline'], at)).toMatchObject({ code: 0 });
    const over = { measure: 'accuracy', where: { model: 'sharp' }, over: 'blessed' };
    const gates = [
      { ...over, notWorse: 'significantly' },
      { ...over, notWorseBy: 0.1 },
    ];
    writeFileSync(file, stringify(runFile({ suites: ['accuracy'], gates })));
    const release = () => obeyed(['run', 'small.run.yaml', '--out', 'out', '--baseline', 'baseline'], at);
    expect(await release()).toMatchObject({ code: 0 });
    const { gates: same } = savedResults(out);
    const blessed = { key: expect.any(String), created: expect.any(String) };
    expect(same).toMatchObject([
      { passed: true, value: 0, n: 60, over: { model: 'sharp', blessed }, test: 'mcnemar' },
      { passed: true, value: 0, n: 60, judges: 'interval' },
    ]);

    // A release that says left whatever it sees.
    writeFileSync(join(at, 'sharp.onnx'), writeOnnx(network({ gain: -1.2 })));
    expect(await release()).toMatchObject({ code: 1 });
    const { gates: worse } = savedResults(out);
    expect(worse.map(({ passed }) => passed)).toEqual([false, false]);
    expect(worse[0]!.value).toBeCloseTo(-2 / 3, 1);
    expect(worse[0]!.p).toBeLessThan(1e-6);

    // What is no baseline any more is told before anything is measured.
    writeFileSync(join(at, 'baseline', 'results.json'), '{}');
    const units = unitFiles(out);
    await expect(release()).resolves.toMatchObject(refused('baseline-damaged', /results\.json.*bless/));
    expect(unitFiles(out)).toEqual(units);
  });
});
