// @module-tag slow
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { FolderClaims } from '../../../src/bytes/claims.js';
import { check } from '../../../src/config/validate.js';
import { AssayError } from '../../../src/errors.js';
import { keyOf } from '../../../src/runs/folder/keys.js';
import type { ShardName } from '../../../src/runs/folder/shard-name.js';
import { refuseUnfit } from '../../../src/runs/judging/judgeable.js';
import { inProcess } from '../../../src/runs/measuring/executor.js';
import type { ProgressEvent } from '../../../src/runs/measuring/progress.js';
import type { Task } from '../../../src/runs/measuring/queue.js';
import { folderStatus } from '../../../src/runs/opening/planned-units.js';
import type { RunSpec } from '../../../src/runs/opening/run-spec.js';
import { planRun } from '../../../src/runs/plan/plan.js';
import { type RunEvaluationOptions, runEvaluation } from '../../../src/runs/run-evaluation.js';
import { type MergeOptions, merge } from '../../../src/runs/shards/merge.js';
import { refuseUnlike } from '../../../src/runs/shards/mergeable.js';
import type { ShardRecord } from '../../../src/runs/shards/shard-record.js';
import { FolderStore } from '../../../src/runs/units/store.js';
import { builtinCatalogue } from '../../../src/suites/catalogue.js';
import type { Suite } from '../../../src/suites/contract.js';
import { optionsOf } from '../../../src/suites/contract.js';
import { accuracy } from '../../../suites/accuracy/index.js';
import { attack } from '../../../suites/attack/index.js';
import { ood } from '../../../suites/ood/index.js';
import { analyticSystem, noiseImages } from '../../attacks/helpers/analytic-system.js';
import { compareFolders } from '../../compare-results.js';
import { memoryDataset } from '../../suites/helpers/memory-dataset.js';
import { entryOf, evaluationOf, folder } from '../small-run.js';

const LONG = process.env.ASSAY_LONG === '1';
const system = (name: string, squash: number) =>
  analyticSystem({
    name,
    weights: [
      [3, -1, 2, 0.5],
      [-1, 2, -0.5, 1.5],
      [0.5, 0.5, -2, -1],
    ],
    squash,
  });

function images(name: string, n: number, role: 'test' | 'validation' | 'ood') {
  const pixels = noiseImages(n, 4);
  const rows = Array.from({ length: n }, (_, i) => [...pixels.subarray(i * 4, i * 4 + 4)]);
  return memoryDataset({ name, role, images: rows, labels: rows.map((_, i) => i % 3) });
}

const withOptions = (suite: Suite, given: object) => ({
  ...entryOf(suite),
  options: check(optionsOf(suite, builtinCatalogue), given, { what: suite.name }) as object,
});

/** Units of several lengths: of 256 examples, of the 88 that are left, and of all validation images at once. */
const spec = (out: string): RunSpec => ({
  title: 'small',
  file: 'small.run.yaml',
  directory: out,
  config: { suites: ['accuracy', 'attack', 'ood'], seed: 0 },
  evaluation: evaluationOf(
    [system('sharp', 2), system('flat', 4)],
    [images('test', 600, 'test'), images('val', 100, 'validation'), images('noise', 100, 'ood')],
  ),
  entries: [
    withOptions(accuracy, { resamples: 100 }),
    withOptions(attack, { norm: 'Linf', method: 'fgsm', epsilons: ['0.05'], checks: false, pictures: 0 }),
    withOptions(ood, { scores: ['max-softmax', 'energy'], resamples: 100 }),
  ],
  sources: { plugins: [], directory: out, file: 'small.run.yaml' },
  gates: [],
  expectations: [],
  partial: new Set(),
  warnings: [],
});

const signal = new AbortController().signal;
const measure = (out: string, shard?: ShardName, more: Partial<RunEvaluationOptions> = {}) =>
  runEvaluation(spec(out), { out, signal, notify: () => undefined, ...(shard && { shard }), ...more });

const home = mkdtempSync(join(tmpdir(), 'assay-merge-'));
const whole = join(home, 'whole');
/** The folder of a shard, which is measured once. */
async function shard(index: number, of: number): Promise<string> {
  const out = join(home, `${index}-of-${of}`);
  if (!existsSync(out)) await measure(out, { index, of });
  return out;
}
beforeAll(async () => {
  await measure(whole);
});
afterAll(() => rmSync(home, { recursive: true }));

const textOf = (out: string, file: string) => readFileSync(join(out, file), 'utf8');
const resultsOf = (out: string) => JSON.parse(textOf(out, 'results.json'));
const recordIn = (out: string) => textOf(out, join('shards', readdirSync(join(out, 'shards'))[0]!));
const copied = (from: string) => {
  const to = folder();
  cpSync(from, to, { recursive: true });
  return to;
};
const merged = (folders: readonly string[], more: Partial<MergeOptions> = {}) =>
  merge(folders, { out: folder(), signal, notify: () => undefined, ...more });

describe('shards that are merged', () => {
  it.each(LONG ? [1, 2, 3, 4, 5, 6, 7] : [2])(
    'give the results of one process, of %i',
    { tags: ['long'] },
    async (of) => {
      const folders: string[] = [];
      for (let index = 1; index <= of; index++) folders.push(await shard(index, of));
      const { directory, exitCode, results, measured } = await merged(folders.reverse());
      expect({ exitCode, status: results.status, measured }).toEqual({
        exitCode: 0,
        status: 'complete',
        measured: 0,
      });
      expect(compareFolders(whole, directory)).toEqual([]);
      // Over everything but times.
      expect(results.digest).toBe(resultsOf(whole).digest);
      for (const part of ['examples', 'tables'])
        for (const file of readdirSync(join(whole, part)))
          expect(textOf(directory, join(part, file)), file).toBe(textOf(whole, join(part, file)));
      expect(readdirSync(join(directory, 'units')).sort()).toEqual(readdirSync(join(whole, 'units')).sort());
      // The run goes on from there: nothing is left to do.
      expect(await measure(directory)).toMatchObject({ measured: 0, kept: true });
    },
  );
});

/** Changes what the record of a shard says, as another run would have written it. */
function rewritten(from: string, change: (record: ShardRecord) => void): string {
  const to = copied(from);
  const [name] = readdirSync(join(to, 'shards')) as [string];
  const { digest: _, ...record } = JSON.parse(recordIn(to));
  change(record);
  writeFileSync(join(to, 'shards', name), JSON.stringify({ ...record, digest: keyOf(record) }));
  return to;
}

describe('a merge', () => {
  let one: string;
  let two: string;
  beforeAll(async () => {
    [one, two] = [await shard(1, 2), await shard(2, 2)];
  });

  const configOf = (record: ShardRecord) => record.order.config as { suites: string[]; seed: number };
  const refusals: Record<string, [() => string[], object]> = {
    'another configuration': [
      () => [one, rewritten(two, (record) => (configOf(record).suites[1] = 'jem'))],
      { code: 'not-comparable', details: { path: 'config.suites[1]', found: '"jem"' } },
    ],
    'other models or data under the same names': [
      () => [one, rewritten(two, (record) => (record.order.key = 'f'.repeat(64)))],
      { code: 'not-comparable', details: { path: 'key' } },
    ],
    'another version': [
      () => [one, rewritten(two, ({ order }) => (order.environment.assay = '0.0.9'))],
      { code: 'not-comparable', message: 'the shards were measured with different versions of Assay' },
    ],
    'another version of Node': [
      () => [one, rewritten(two, ({ order }) => (order.environment.node = 'v99.0.0'))],
      { code: 'not-comparable', message: 'the shards were measured with different versions of Node' },
    ],
    'another build': [
      () => [one, rewritten(two, (record) => (record.program = 'f'.repeat(64)))],
      { code: 'not-comparable', details: { found: 'ffffffffffff' } },
    ],
    'another engine': [
      () => [one, rewritten(two, ({ order }) => (order.engine = 'webgpu'))],
      { code: 'not-comparable', message: 'the shards were measured on different engines' },
    ],
    'another split': [
      () => [one, rewritten(two, (record) => (record.shard.of = 3))],
      { code: 'not-comparable', details: { found: '2-of-3' } },
    ],
    'a shard that is missing': [() => [one], { code: 'results-partial', details: { found: 'not 2-of-2' } }],
    'a shard that is there twice': [
      () => [one, two, copied(one)],
      { code: 'not-comparable', message: 'shard 1-of-2 is there twice' },
    ],
    'a folder of no shard': [() => [one, whole], { code: 'file-unreadable' }],
    'a record that was changed': [
      () => {
        const to = copied(two);
        const file = join(to, 'shards', '2-of-2.json');
        writeFileSync(file, textOf(to, 'shards/2-of-2.json').replace('"seed": 0', '"seed": 1'));
        return [one, to];
      },
      { code: 'file-malformed', message: 'the record of a shard was changed' },
    ],
    'a data set that is larger than any': [
      () => [one, rewritten(two, ({ order }) => Object.assign(order.datasets[0]!, { size: 1e15 }))],
      { code: 'config-invalid', details: { path: 'order.datasets[0].size' } },
    ],
    'a shard beyond the last': [
      () => [one, rewritten(two, (record) => (record.shard.index = 3))],
      { code: 'file-malformed', details: { path: 'shard.index', expected: '1 to 2', found: '3' } },
    ],
    'suites that are none': [
      () => [rewritten(one, ({ order }) => Object.assign(order, { entries: 5 })), two],
      { code: 'config-invalid', details: { path: 'order.entries' } },
    ],
    'records that no plan can be made of': [
      () =>
        [one, two].map((from) =>
          rewritten(from, ({ order }) => Object.assign(order.entries[2]!, { options: 5 })),
        ),
      { code: expect.stringMatching(/file-malformed|suite-failed/) },
    ],
    'half a record': [
      () => {
        const to = copied(two);
        writeFileSync(join(to, 'shards', '2-of-2.json'), '{"version": 1,');
        return [one, to];
      },
      { code: 'file-malformed' },
    ],
    'units that are missing or damaged': [
      () => {
        const to = copied(two);
        const own = new Set(readdirSync(join(one, 'units')));
        const [first, second] = readdirSync(join(to, 'units')).filter((name) => !own.has(name)) as [
          string,
          string,
        ];
        rmSync(join(to, 'units', first));
        const file = join(to, 'units', second);
        const bytes = readFileSync(file);
        bytes[bytes.length - 40]! ^= 1;
        writeFileSync(file, bytes);
        return [one, to];
      },
      { code: 'results-partial', message: expect.stringMatching(/^shard 2-of-2 is not finished: 2 of its/) },
    ],
  };
  it.each(Object.entries(refusals))('refuses %s', async (_, [folders, expected]) => {
    const out = folder();
    await expect(merge(folders(), { out, signal })).rejects.toMatchObject(expected);
    expect(existsSync(join(out, 'results.json'))).toBe(false);
  });

  it('waits while another process writes the report', async () => {
    const out = folder();
    const others = await FolderClaims.open(out);
    onTestFinished(() => others.close());
    await others.take('conclusion');
    const stop = new AbortController();
    const notify = (event: ProgressEvent) =>
      event.kind === 'stage' && event.text.startsWith('waiting for another process') && stop.abort();
    await expect(merged([one, two], { out, notify, signal: stop.signal })).rejects.toThrow();
    expect(stop.signal.aborted).toBe(true);
    expect(existsSync(join(out, 'run.json'))).toBe(false);
  });

  it('does without the units that shards left out, as one process would, but not without more', async () => {
    const { entries, evaluation } = spec(one);
    const isFailing = ({ job: { request }, unit }: Task) =>
      request.measurement.name === 'attack' && request.system === 'sharp' && unit.start === 256;
    const jobs = planRun(entries, evaluation).jobs;
    const tasks = jobs.flatMap((job) => job.units.map((unit) => ({ job, unit })));
    const failing = tasks.filter(isFailing).map(({ unit }) => `${unit.key}.unit`);
    /** A finished run without these units, once it has tried them again. */
    const without = async (from: string, name?: ShardName) => {
      if (!failing.some((file) => existsSync(join(from, 'units', file)))) return from;
      const to = copied(from);
      for (const file of failing) rmSync(join(to, 'units', file), { force: true });
      await measure(to, name, {
        failOnError: 2,
        executorFor: (environment) => {
          const own = inProcess(environment);
          const broken = () => Promise.reject(new AssayError('model-invalid', 'broken'));
          return {
            ...own,
            measure: (task, ...more) => (isFailing(task) ? broken() : own.measure(task, ...more)),
          };
        },
      });
      return to;
    };
    expect(failing).toHaveLength(1);
    const alone = await without(whole);
    const shards = [await without(one, { index: 1, of: 2 }), await without(two, { index: 2, of: 2 })];
    const { directory, results, exitCode } = await merged(shards);
    expect([exitCode, results.status, results.warnings[0]!.code]).toEqual([0, 'complete', 'units-failed']);
    expect(compareFolders(alone, directory)).toEqual([]);
    const strict = shards.map((from) =>
      rewritten(from, ({ leftOut }) => leftOut && (leftOut.failOnError = true)),
    );
    await expect(merged(strict)).rejects.toMatchObject({
      code: 'results-partial',
      message: '1 unit failed in all shards together, of which 0 may',
    });
  });

  it('takes other versions and shards that are there twice when it is told to', () => {
    const found = (folder: string) => ({ folder, record: JSON.parse(recordIn(folder)) as ShardRecord });
    const [a, b] = [found(one), found(two)];
    const other = structuredClone(b);
    other.record.order.environment.assay = '0.0.9';
    expect(() => refuseUnlike([a, other], { allowVersions: true })).not.toThrow();
    expect(() => refuseUnlike([a, b, a], { allowDuplicates: true })).not.toThrow();
    expect(() => refuseUnlike([a], { allowMissing: true })).not.toThrow();
    expect(() => refuseUnlike([a, other, a], { allowMissing: true })).toThrow(/versions of Assay/);
    const [first, second] = ['a', 'b'].map((digest, i) => {
      const one = structuredClone([a, b][i]!);
      one.record.order.sources = { ...one.record.order.sources, digests: { './own.mjs': digest.repeat(64) } };
      return one;
    });
    expect(() => refuseUnlike([first!, second!], {})).toThrow(/different plug-ins/);
    expect(() => refuseUnlike([first!, second!], { allowVersions: true })).not.toThrow();
  });

  it.runIf(LONG)('gives results of what it is told to take', { tags: ['long'] }, async () => {
    const other = rewritten(two, ({ order }) => (order.environment.assay = '0.0.9'));
    const told = { allowVersions: true, allowDuplicates: true };
    const { results } = await merged([one, other, copied(one)], told);
    expect(results.measures).toEqual(resultsOf(whole).measures);
    expect(results.environment.assay).toMatch(/^.*; 0\.0\.9$/);
    const { results: part, exitCode } = await merged([one], { allowMissing: true });
    expect({ exitCode, status: part.status }).toEqual({ exitCode: 2, status: 'partial' });
    expect(part.errors[0]).toMatch(/are missing: shards were merged with --allow-missing/);
  });

  it.runIf(LONG)('tells of units that two shards measured otherwise', { tags: ['long'] }, async () => {
    const to = copied(one);
    const store = await FolderStore.open(to);
    const [name] = readdirSync(join(to, 'units')) as [string];
    const record = (await store.read(name.replace('.unit', '')))!;
    const column = Object.values(record.rows)[0]!;
    column.data[0]! += 1;
    await store.write(record);
    const told: string[] = [];
    const notify = (event: ProgressEvent) => event.kind === 'note' && told.push(event.text);
    await merged([one, two, to], { allowDuplicates: true, notify });
    expect(told).toEqual([expect.stringMatching(/^1 unit that several shards measured differ/)]);
  });
});

describe('the folder of a shard', () => {
  it('says that it is a part, and gates refuse it', async () => {
    const out = await shard(1, 2);
    const results = resultsOf(out);
    expect(results).toMatchObject({ status: 'partial', gates: [] });
    expect(results.errors[0]).toMatch(/^this is shard 1-of-2 of the run/);
    expect(textOf(out, 'report.html')).toContain('this is shard 1-of-2 of the run');
    await expect(refuseUnfit(out, results, { allowPartial: false })).rejects.toMatchObject({
      code: 'results-partial',
      details: { hint: expect.stringMatching(/^merge it with the other shards/) },
    });
    // Of its own units, not of the whole.
    const { title, units, done, waiting } = await folderStatus(out);
    expect({ title, done, waiting }).toEqual({ title: 'small, shard 1-of-2', done: units, waiting: 0 });
    expect(readdirSync(join(out, 'units'))).toHaveLength(units);
  });

  it('that was stopped is to be finished before it is merged', async () => {
    const out = folder();
    await measure(out, { index: 1, of: 2 }, { signal: AbortSignal.abort() });
    await expect(refuseUnfit(out, resultsOf(out), { allowPartial: false })).rejects.toMatchObject({
      code: 'results-partial',
      details: { hint: expect.stringMatching(/^it is not finished: run .* again.*; then merge it/) },
    });
  });
});
