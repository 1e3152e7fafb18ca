import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { check } from '../../src/config/validate.js';
import { type MergeOptions, merge } from '../../src/runs/merge.js';
import { type RunSpec, runEvaluation } from '../../src/runs/run-evaluation.js';
import type { ShardName } from '../../src/runs/shard.js';
import { builtinCatalogue } from '../../src/suites/catalogue.js';
import { optionsOf } from '../../src/suites/contract.js';
import type { Suite } from '../../src/suites/contract.js';
import { accuracy } from '../../suites/accuracy/index.js';
import { attack } from '../../suites/attack/index.js';
import { ood } from '../../suites/ood/index.js';
import { analyticSystem, noiseImages } from '../attacks/helpers/analytic-system.js';
import { memoryDataset } from '../suites/helpers/memory-dataset.js';
import { compareFolders } from '../compare-results.js';
import { entryOf, evaluationOf, folder } from './small-run.js';

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

/** Units of several lengths: of 512 examples, of 256 that read them, and of all validation images at once. */
const spec = (out: string, more: Partial<RunSpec> = {}): RunSpec => ({
  title: 'small',
  file: 'small.run.yaml',
  directory: out,
  config: { suites: ['accuracy', 'attack', 'ood'], seed: 0 },
  evaluation: evaluationOf(
    [system('sharp', 2), system('flat', 4)],
    [images('test', 1200, 'test'), images('val', 600, 'validation'), images('noise', 700, 'ood')],
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
  ...more,
});

const signal = new AbortController().signal;
const measure = (out: string, shard?: ShardName, more?: Partial<RunSpec>) =>
  runEvaluation(spec(out, more), { out, signal, notify: () => undefined, ...(shard && { shard }) });

const home = mkdtempSync(join(tmpdir(), 'assay-merge-'));
const whole = join(home, 'whole');
/** The folder of a shard, in which it was measured. */
async function shard(index: number, of: number, more?: Partial<RunSpec>): Promise<string> {
  const out = join(home, `${index}-of-${of}`);
  await measure(out, { index, of }, more);
  return out;
}
beforeAll(async () => {
  await measure(whole);
});
afterAll(() => rmSync(home, { recursive: true }));

const textOf = (out: string, file: string) => readFileSync(join(out, file), 'utf8');
const resultsOf = (out: string) => JSON.parse(textOf(out, 'results.json'));
const copied = (from: string) => {
  const to = folder();
  cpSync(from, to, { recursive: true });
  return to;
};
const merged = (folders: readonly string[], more: Partial<MergeOptions> = {}) =>
  merge(folders, { out: folder(), signal, notify: () => undefined, ...more });

describe('shards that are merged', () => {
  it.each(LONG ? [1, 2, 3, 4, 5, 6, 7] : [3])('give the results of one process, of %i', async (of) => {
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
  });
});
