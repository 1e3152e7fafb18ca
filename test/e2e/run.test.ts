// @module-tag slow
import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { parse, stringify } from 'yaml';
import { type GraphBuilder, int } from '../../src/graph/build.js';
import { writeOnnx } from '../../src/graph/write.js';
import { compareScores } from '../../src/metrics/ranking/ranking.js';
import { stream } from '../../src/random/stream.js';
import { assay, folder, launch, MAIN, obeyed, start } from './assay.js';
import { ATTACK, card, network, project, runFile, savedResults, unitFiles } from './project.js';

/** A suite as a user writes one. */
const MEAN_LOGIT = `import { clean, defineSuite, request, Type } from 'assay';
      export const suite = defineSuite({
        name: 'mean-logit', title: 'Mean logit', description: 'The mean of one logit.',
        options: Type.Object({ class: Type.Integer({ minimum: 0, default: 0 }) }, { additionalProperties: false }),
        needs: ['logits'],
        plan: ({ systems, datasets }) => systems.flatMap(({ name: system }) =>
          datasets.map(({ name: dataset }) => request({ measurement: clean, system, dataset }))),
        summarise: (collected, options) => ({
          measures: collected.all(clean).map(({ request: { system: model, dataset }, rows: { logits }, indices: { length: size } }) => {
            let sum = 0;
            for (let i = 0; i < size; i++) sum += logits.data[i * logits.shape[1] + options.class];
            return { suite: 'mean-logit', measure: 'mean-logit', title: 'Mean logit', model, dataset, params: options,
              value: sum / size, n: size, interval: null, level: 0.95, method: 'none', better: 'none', format: 'number' };
          }),
        }),
      });`;

/** Has a process die where `dying-disk.ts` says. */
const DYING = `--import ${new URL('../../dist/test/e2e/dying-disk.js', import.meta.url)}`;

/** Waits until the run folder holds so many units. */
async function untilUnits(out: string, count: number, ended: () => boolean): Promise<void> {
  while (!ended() && (existsSync(join(out, 'units')) ? unitFiles(out).length : -1) < count) await sleep(5);
}

describe('assay run', () => {
  it('measures, writes a report, and says where it is', async () => {
    const at = folder();
    project(at);
    const { code, stdout, stderr } = await assay(['run', 'small.run.yaml'], at);
    expect([code, stderr]).toEqual([0, expect.stringMatching(/^\d+ units to measure\n/)]);
    expect(stdout).toMatch(/Accuracy/);
    expect(stdout).toMatch(/Robust accuracy/);
    expect(stdout).toContain('Report: assay-runs/small/report.html');
    const out = join(at, 'assay-runs/small');
    for (const file of ['report.html', 'measures.csv', 'run.json', 'examples/accuracy.csv', 'tables'])
      expect(existsSync(join(out, file)), file).toBe(true);
    const results = savedResults(out);
    expect(results).toMatchObject({ version: 1, status: 'complete', title: 'small', errors: [], gates: [] });
    expect(results.suites.map(({ suite, status }) => [suite, status])).toEqual(
      ['accuracy', 'calibration', 'ood', 'attack'].map((suite) => [suite, 'ok']),
    );
    // Defaults are filled in, what was written stays as it was written.
    expect(results.config).toMatchObject({
      seed: 0,
      models: [{ name: 'sharp', card: './sharp.model.yaml' }, { name: 'flat' }],
      suites: [{ accuracy: { topK: [] } }, {}, {}, { attack: { epsilons: ATTACK.epsilons, confirm: 8 } }],
    });

    const before = unitFiles(out);
    const again = await obeyed(['run', 'small.run.yaml'], at);
    expect(again).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(`^nothing to do: ${before.length} units reused\n`),
    });
    expect(unitFiles(out)).toEqual(before);
    expect(savedResults(out)).toEqual(results);
    // What lies elsewhere is named as it was.
    const beside = join(at, 'beside');
    mkdirSync(beside);
    const there = await obeyed(['run', join(at, 'small.run.yaml'), '--out', out], beside);
    expect(there.stdout).toContain(`Report: ${out}/report.html`);

    const steps = { attack: { ...ATTACK, steps: 4 } };
    writeFileSync(
      join(at, 'small.run.yaml'),
      stringify(runFile({ suites: ['accuracy', { calibration: { bins: 5, resamples: 100 } }, steps] })),
    );
    const changed = await obeyed(['run', 'small.run.yaml'], at);
    expect(changed.code).toBe(0);
    // Another number of bins needs no pass; another number of steps needs the attacks again, and nothing else.
    const [, all, reused] = /^(\d+) units, (\d+) of them reused/.exec(changed.stderr) ?? [];
    const { costs } = savedResults(out);
    const passes = costs.filter(({ measurement }) => ['clean', 'pixels'].includes(measurement));
    expect(Number(reused)).toBeGreaterThanOrEqual(passes.reduce((sum, cost) => sum + cost.units, 0));
    expect(unitFiles(out).length).toBe(before.length + Number(all) - Number(reused));
    expect(unitFiles(out)).toEqual(expect.arrayContaining(before));
  });

  it('takes limit, seed, threads and quiet', async () => {
    const at = folder();
    project(at, { suites: ['accuracy'] });
    const flags = [
      '--limit',
      '12',
      '--seed',
      '7',
      '--threads',
      '1',
      '--sessions',
      '1',
      '--out',
      'here',
      '--quiet',
    ];
    expect(await assay(['run', 'small.run.yaml', ...flags], at)).toEqual({
      code: 0,
      signal: null,
      stdout: '',
      stderr: '',
    });
    const { datasets, seed, warnings, environment } = savedResults(join(at, 'here'));
    expect([seed, datasets.map(({ size }) => size)]).toEqual([7, [12, 12]]);
    expect(warnings.map(({ code }) => code)).toContain('limited');
    expect(environment.engine).toMatch(/onnxruntime.*1 thread/);
  });

  const terminal = existsSync('/usr/bin/script');
  if (!terminal) console.warn('\n!!! there is no `script` here: progress on a terminal is NOT tested !!!\n');
  it.skipIf(!terminal)('draws a live line on a terminal, and leaves none of it there', async () => {
    const at = folder();
    project(at, { suites: ['accuracy'] });
    const command = `'${process.execPath}' '${MAIN}' run small.run.yaml --out out`;
    const environment = { CI: undefined, TERM: 'xterm', NO_COLOR: '1' };
    const ended = await launch('script', ['-qec', command, '/dev/null'], at, environment).ended;
    expect(ended.code).toBe(0);
    const drawn = ended.stdout.split('\r\x1b[2K');
    expect(
      drawn.some((line) => /^. \d\/2(, .+ left)?: clean of (sharp|flat) on test, examples 0-59/.test(line)),
    ).toBe(true);
    // What is printed after the last erasure, and nothing before it but lines that were erased.
    expect(drawn.at(-1)).toMatch(/^\s+Accuracy/);
    for (const line of drawn.slice(1, -1)) expect(line.length).toBeLessThan(100);
  });

  it('runs every suite on a defended system', async () => {
    const at = folder();
    const purify = { by: 'sharp', steps: 2, chains: 2 };
    project(
      at,
      {
        defences: [{ name: 'purified', model: 'flat', purify }],
        suites: [
          'accuracy',
          { calibration: { resamples: 100 } },
          { ood: { resamples: 100 } },
          { attack: { ...ATTACK, steps: 2 } },
          { purification: { steps: [1], chains: 1, examples: 6, attackSteps: 2, adaptive: { steps: 1 } } },
        ],
      },
      12,
    );
    const { code, stderr } = await obeyed(['run', 'small.run.yaml', '--out', 'out'], at);
    expect([code, stderr]).toEqual([0, expect.any(String)]);
    const { measures, systems, notApplicable, suites } = savedResults(join(at, 'out'));
    expect(systems.map(({ name, defence }) => [name, defence !== ''])).toEqual([
      ['sharp', false],
      ['flat', false],
      ['purified', true],
    ]);
    expect(suites.map(({ status }) => status)).toEqual(Array(5).fill('ok'));
    for (const measure of ['accuracy', 'ece', 'auroc', 'robust-accuracy'])
      expect(
        measures.some((m) => m.measure === measure && m.model === 'purified'),
        measure,
      ).toBe(true);
    // All but the one that puts a purifier in front of models itself, which says so.
    const reasons = notApplicable.filter(({ model }) => model === 'purified');
    expect(reasons).toEqual([
      expect.objectContaining({ suite: 'purification', reason: expect.stringMatching(/purif|defence/) }),
    ]);
  });

  it('leaves sheets from which its numbers can be computed again', async () => {
    const at = folder();
    project(at, { suites: ['accuracy', { ood: { resamples: 100 } }] });
    expect(await obeyed(['run', 'small.run.yaml', '--out', 'out', '--quiet'], at)).toMatchObject({ code: 0 });
    const sheet = (name: string) => {
      const [head, ...rows] = readFileSync(join(at, `out/examples/${name}.csv`), 'utf8')
        .trim()
        .split('\n') as [string, ...string[]];
      return rows.map((row) =>
        Object.fromEntries(row.split(',').map((cell, i) => [head.split(',')[i], cell])),
      );
    };
    const measured = (measure: string, model: string, score?: string) =>
      savedResults(join(at, 'out')).measures.find(
        (m) => m.measure === measure && m.model === model && m.params.score === score,
      )?.value;
    for (const model of ['sharp', 'flat']) {
      const own = sheet('accuracy').filter((row) => row.model === model);
      expect(own).toHaveLength(60);
      expect(own.filter(({ correct }) => correct === 'true').length / 60).toBe(measured('accuracy', model));
      for (const score of ['log-px', 'max-logit', 'max-softmax', 'approximate-mass']) {
        const of = (dataset: string) =>
          sheet('ood')
            .filter((row) => row.model === model && row.dataset === dataset)
            .map((row) => Number(row[score]));
        expect(compareScores(of('test'), of('noise')).auroc).toBe(measured('auroc', model, score));
      }
    }
  });

  it('runs an energy model: what it has no classes for is not applicable, and it purifies', async () => {
    const at = folder();
    const purify = { by: 'ebm', steps: 2, chains: 2 };
    const more = {
      models: ['./sharp.model.yaml', './ebm.model.yaml'],
      defences: [{ name: 'purified', model: 'sharp', purify }],
      suites: ['accuracy', { ood: { resamples: 100 } }, { attack: { ...ATTACK, steps: 2 } }],
    };
    project(at, more, 12);
    const head = (b: GraphBuilder, sums: string) =>
      b.outputAs(b.op('ReduceSum', [sums, b.ints([1])], { keepdims: int(0) }), 'energy', 'float32', ['N']);
    writeFileSync(join(at, 'ebm.onnx'), writeOnnx(network({ head })));
    const { classes: _, ...ebm } = card('ebm', { energy: { output: 'energy', sign: -1 } });
    writeFileSync(join(at, 'ebm.model.yaml'), stringify(ebm));
    const { code, stderr } = await obeyed(['run', 'small.run.yaml', '--out', 'out'], at);
    expect([code, stderr]).toEqual([0, expect.any(String)]);
    const { measures, notApplicable } = savedResults(join(at, 'out'));
    for (const suite of ['accuracy', 'attack'])
      expect(notApplicable).toContainEqual({
        suite,
        model: 'ebm',
        reason: expect.stringMatching(/does not classify/),
      });
    expect(measures.some(({ measure, model }) => measure === 'auroc' && model === 'ebm')).toBe(true);
    expect(measures.some(({ measure, model }) => measure === 'accuracy' && model === 'purified')).toBe(true);
  });

  // The README has one from a file.
  it('runs a suite of the user from a package', async () => {
    const at = folder();
    const path = 'node_modules/mean-logit/index.js';
    project(at, { plugins: ['mean-logit'], suites: [{ 'mean-logit': { class: 1 } }] });
    mkdirSync(dirname(join(at, path)), { recursive: true });
    writeFileSync(join(at, dirname(path), 'package.json'), '{ "type": "module", "main": "index.js" }');
    writeFileSync(join(at, path), MEAN_LOGIT);
    const { code, stderr } = await assay(['run', 'small.run.yaml', '--out', 'out'], at);
    expect([code, stderr]).toEqual([0, expect.any(String)]);
    expect(
      savedResults(join(at, 'out')).measures.map(({ measure, model, dataset, n }) => [
        measure,
        model,
        dataset,
        n,
      ]),
    ).toEqual([
      ['mean-logit', 'sharp', 'test', 60],
      ['mean-logit', 'sharp', 'noise', 30],
      ['mean-logit', 'flat', 'test', 60],
      ['mean-logit', 'flat', 'noise', 30],
      ['failed-examples', 'sharp', 'test', 60],
      ['failed-examples', 'sharp', 'noise', 30],
      ['failed-examples', 'flat', 'test', 60],
      ['failed-examples', 'flat', 'noise', 30],
    ]);
  });

  it('is a function, too', async () => {
    const at = folder();
    project(at, { suites: ['accuracy'] }, 12);
    const library = new URL('../../dist/src/index.js', import.meta.url).href;
    const script = `import { evaluateGates, readResults, run } from ${JSON.stringify(library)};
      const events = [];
      const { exitCode, directory } = await run('small.run.yaml', { out: 'here', notify: ({ kind }) => events.push(kind) });
      const results = await readResults(directory);
      const [gate] = await evaluateGates([{ measure: 'accuracy', where: { model: 'sharp' }, min: 0.9 }], results);
      console.log(JSON.stringify({ exitCode, directory, events: [...new Set(events)], passed: gate.passed }));
      await run('absent.yaml').catch(({ code }) => console.log(code));`;
    writeFileSync(join(at, 'script.mjs'), script);
    const { stdout } = await promisify(execFile)(process.execPath, ['script.mjs'], { cwd: at });
    const [first, second] = stdout.trim().split('\n') as [string, string];
    expect(JSON.parse(first)).toEqual({
      exitCode: 0,
      directory: 'here',
      events: ['stage', 'opened', 'plan', 'unit-started', 'unit-finished'],
      passed: true,
    });
    expect(second).toBe('file-unreadable');
  });

  it('ends with 1 when a gate fails, and `assay gate` and `assay report` work on the folder', async () => {
    const at = folder();
    const gates = [
      { measure: 'accuracy', where: { model: 'sharp' }, min: 0.9 },
      { measure: 'ece', where: { model: 'flat' }, maxIncrease: 0.001, over: 'sharp' },
    ];
    project(at, { suites: ['accuracy', { calibration: { resamples: 100 } }], gates });
    const { code, stdout } = await assay(['run', 'small.run.yaml', '--out', 'out'], at);
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /FAIL +35\.\d% +\[34\.\d, 36\.\d\] +60 +≤ 0\.1% +−35\.\d pp +ece \(model flat\) at most 0.001 above sharp/,
    );
    expect(stdout).toMatch(/1 of 2 gates failed/);
    expect(await obeyed(['gate', 'out'], at)).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/1 of 2 gates failed/),
    });
    const told = await obeyed(['gate', 'out', '--json'], at);
    expect(told.code).toBe(1);
    expect(JSON.parse(told.stdout)).toEqual(savedResults(join(at, 'out')).gates);
    expect(JSON.parse(told.stdout)).toMatchObject([
      { measure: 'accuracy', model: 'sharp', dataset: 'test', op: '>=', limit: 0.9, n: 60, method: 'wilson' },
      {
        measure: 'ece',
        model: 'flat',
        over: { model: 'sharp' },
        op: '<=',
        method: 'paired-bootstrap',
        passed: false,
      },
    ]);
    writeFileSync(join(at, 'easy.yaml'), 'gates: [{ measure: accuracy, where: { model: flat }, min: 0.5 }]');
    expect(await obeyed(['gate', 'out', '--gates', 'easy.yaml'], at)).toMatchObject({ code: 0 });
    const absent = 'gates: [{ measure: acuracy, min: 0 }]';
    writeFileSync(join(at, 'absent.yaml'), absent);
    const missing = await obeyed(['gate', 'out', '--gates', 'absent.yaml', '--json'], at);
    expect(missing).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/absent\.yaml at gates\[0\]\.measure.*did you mean "accuracy"/s),
    });
    rmSync(join(at, 'out/report.html'));
    expect(await obeyed(['report', 'out'], at)).toMatchObject({ code: 0 });
    expect(readFileSync(join(at, 'out/report.html'), 'utf8')).toContain('small');
  });
});

it('takes over what other runs have measured, named by --cache or ASSAY_CACHE', async () => {
  const at = folder();
  project(at, { suites: ['accuracy'] });
  await obeyed(['run', 'small.run.yaml', '--out', 'runs/base'], at);
  const reused = 'nothing to do: 2 units reused\n';
  const taken = (from: string) =>
    expect.stringContaining(`2 units taken from ${from}\n${reused}`) as unknown as string;
  expect(await obeyed(['run', 'small.run.yaml', '--out', 'a', '--cache', 'runs'], at)).toMatchObject({
    code: 0,
    stderr: taken('runs/base'),
  });
  const planned = ['run', 'small.run.yaml', '--out', 'fresh', '--cache', 'runs', '--plan-only'];
  expect(JSON.parse((await obeyed([...planned, '--json'], at)).stdout)).toMatchObject({
    ...{ stored: 2, cached: 2, passes: { expected: { forward: 0, gradient: 0 } } },
  });
  expect((await obeyed(planned, at)).stdout).toContain('2 units, 0 of them in fresh and 2 in caches.');
  expect(existsSync(join(at, 'fresh/units'))).toBe(false);
  vi.stubEnv('ASSAY_CACHE', ['not-yet-there', 'runs/base'].join(delimiter));
  onTestFinished(() => void vi.unstubAllEnvs());
  expect(await obeyed(['run', 'small.run.yaml', '--out', 'b'], at)).toMatchObject({
    code: 0,
    stderr: taken('runs/base'),
  });
  expect(savedResults(join(at, 'b'))).toEqual(savedResults(join(at, 'runs/base')));
  // What is finished is known whatever caches are named.
  expect(await obeyed(['run', 'small.run.yaml', '--out', 'a'], at)).toMatchObject({ stderr: reused });
});

describe('a run that is cut off', () => {
  const suites = ['accuracy', { ood: { resamples: 100 } }, { attack: { ...ATTACK, steps: 20 } }];
  let whole: ReturnType<typeof savedResults>;
  let units = 0;
  beforeAll(async () => {
    const at = mkdtempSync(join(tmpdir(), 'assay-e2e-'));
    project(at, { suites });
    expect(await obeyed(['run', 'small.run.yaml', '--out', 'out'], at)).toMatchObject({ code: 0 });
    whole = savedResults(join(at, 'out'));
    units = unitFiles(join(at, 'out')).length;
    rmSync(at, { recursive: true });
  });

  /** Where a run dies: before a call to the disk, of its main thread or of the one that writes the report, or after a while. */
  type Death = `${'main' | 'other'} ${number}` | { milliseconds: number };

  /** Starts the run, which dies or ends well; tells which. */
  async function killed(at: string, death: Death): Promise<boolean> {
    const env = typeof death === 'string' ? { NODE_OPTIONS: DYING, ASSAY_TEST_DIES: death } : {};
    const { child, ended } = start(['run', 'small.run.yaml', '--out', 'out'], at, env);
    if (typeof death !== 'string') setTimeout(() => child.kill('SIGKILL'), death.milliseconds);
    const { signal, code, stderr } = await ended;
    expect(signal ?? code, stderr).toSatisfy((end) => end === 'SIGKILL' || end === 0);
    return signal === 'SIGKILL';
  }

  /** Files of units with what any writing of them changes. */
  const stampsIn = (out: string): [string, number, number][] =>
    (existsSync(join(out, 'units')) ? unitFiles(out) : []).map((name) => {
      const { ino, mtimeMs } = statSync(join(out, 'units', name));
      return [name, ino, mtimeMs];
    });

  const kills = process.env.ASSAY_LONG ? 50 : 3;
  it(`by kill -9 at ${kills} random moments and places comes to the same results, and measures nothing twice`, {
    tags: ['long'],
    timeout: 2_400_000,
  }, async () => {
    const draws = stream({ seed: 9, purpose: 'test/kill', example: 0 });
    const below = (n: number) => Math.floor(draws.uniform() * n);
    const random = (): Death =>
      [
        () => `main ${1 + below(160)}` as const,
        () => `other ${1 + below(120)}` as const,
        () => ({ milliseconds: below(2500) }),
      ][[0, 0, 0, 1, 1, 2][below(6)]!]!();
    const deaths: Death[] = process.env.ASSAY_LONG
      ? Array.from({ length: kills }, random)
      : // The fourth unit, half way; then the report, half way; then whenever.
        ['main 22', 'other 40', { milliseconds: 300 + below(1000) }];
    let hits = 0;
    let at = folder();
    project(at, { suites });
    for (const [i, death] of deaths.entries()) {
      const out = join(at, 'out');
      const before = stampsIn(out);
      const hit = await killed(at, death);
      if (hit) hits++;
      expect(stampsIn(out), JSON.stringify(death)).toEqual(expect.arrayContaining(before));
      if (hit && i < deaths.length - 1) continue;
      const left = stampsIn(out);
      expect(await obeyed(['run', 'small.run.yaml', '--out', 'out'], at)).toMatchObject({ code: 0 });
      expect(savedResults(out)).toEqual(whole);
      expect(stampsIn(out)).toEqual(expect.arrayContaining(left));
      expect(readdirSync(out).join()).not.toContain('.tmp');
      expect(unitFiles(out)).toHaveLength(units);
      at = folder();
      project(at, { suites });
    }
    expect(hits).toBeGreaterThan(kills / 2);
  });

  // The tests of gates have every signal.
  it('by SIGTERM ends with 130 and a partial report, and goes on', async () => {
    const at = folder();
    const long = { attack: { ...ATTACK, steps: 50_000, checks: false } };
    const file = project(at, { suites: ['accuracy', long] });
    const out = join(at, 'out');
    const { child, ended } = start(['run', 'small.run.yaml', '--out', 'out'], at);
    await untilUnits(out, 2, () => false);
    child.kill('SIGTERM');
    const { code, stderr } = await ended;
    expect(code).toBe(130);
    expect(stderr).toMatch(/stopped by SIGTERM/);
    expect(stderr).toMatch(/run the same command again/);
    expect(existsSync(join(out, 'report.html'))).toBe(true);
    const { status, measures } = savedResults(out);
    expect(status).toBe('partial');
    expect(measures.some(({ suite }) => suite === 'accuracy')).toBe(true);
    const before = unitFiles(out);
    writeFileSync(file, stringify({ ...parse(readFileSync(file, 'utf8')), suites: ['accuracy'] }));
    expect(await obeyed(['run', 'small.run.yaml', '--out', 'out'], at)).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/nothing to do/),
    });
    expect(unitFiles(out)).toEqual(before);
  });

  it('by SIGINT before anything is measured ends with 130, and goes on', async () => {
    const at = folder();
    project(at, { suites: ['accuracy'] }, 12);
    const out = join(at, 'out');
    const { child, ended } = start(['run', 'small.run.yaml', '--out', 'out'], at);
    // The folder is made before models are opened.
    await untilUnits(out, 0, () => false);
    child.kill('SIGINT');
    const { code, stderr } = await ended;
    expect(code).toBe(130);
    expect(stderr).toMatch(/run the same command again/);
    const again = await obeyed(['run', 'small.run.yaml', '--out', 'out'], at);
    expect(again.code).toBe(0);
    expect(savedResults(out).status).toBe('complete');
  });

  it('by SIGINT twice leaves at once, and goes on to the same results', async () => {
    const at = folder();
    project(at, { suites });
    const out = join(at, 'out');
    const { child, ended } = start(['run', 'small.run.yaml', '--out', 'out'], at);
    let told = '';
    child.stderr?.on('data', (text: string) => {
      told += text;
    });
    await untilUnits(out, 1, () => false);
    child.kill('SIGINT');
    while (!/once more to leave at once/.test(told) && child.exitCode === null) await sleep(5);
    child.kill('SIGINT');
    const { code, signal } = await ended;
    // By the signal itself, as shells expect it, unless the first one was answered before the second came.
    expect(signal ?? code).toSatisfy((end) => end === 'SIGINT' || end === 130);
    expect(await obeyed(['run', 'small.run.yaml', '--out', 'out'], at)).toMatchObject({ code: 0 });
    expect(savedResults(out)).toEqual(whole);
  });
});
