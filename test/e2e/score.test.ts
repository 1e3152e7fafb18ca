// @module-tag slow
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { NumberArray } from '../../src/data/arrays/nd-array.js';
import { encodeNpy } from '../../src/data/arrays/npy.js';
import { softmax } from '../../src/metrics/softmax.js';
import { stream } from '../../src/random/stream.js';
import { assay, folder, obeyed } from './assay.js';
import { ATTACK, CLASSES, images, npz, project, runFile, savedResults, unitFiles } from './project.js';

const K = 4;

/** Suites that need logits only, of images that they make. */
const SHOWING_IMAGES = ['spatial', 'consistency', 'corruptions'];

/** Logits of a model that is mostly right about labels 0, 1, 2, 3, 0, ... */
function logits(n: number, purpose: string, skill = 3): Float32Array {
  return Float32Array.from({ length: n * K }, (_, at) => {
    const i = Math.floor(at / K);
    const noise = 1.5 * stream({ seed: 3, purpose, example: i, step: at % K }).normal();
    return noise + (at % K === i % K ? skill : 0);
  });
}

const labelsOf = (n: number) => Int32Array.from({ length: n }, (_, i) => i % K);
const array = (data: NumberArray, width = K) =>
  encodeNpy({ shape: width === 1 ? [data.length] : [data.length / width, width], data });
const npy = (folder: string, name: string, data: NumberArray, width = K) =>
  writeFileSync(join(folder, name), array(data, width));

/** Puts the files of the examples below into a folder. */
function files(at: string, n = 60): void {
  npy(at, 'logits.npy', logits(n, 'test'));
  npy(at, 'labels.npy', labelsOf(n), 1);
  npy(at, 'far.npy', logits(40, 'far', 0));
}

/** The value of the first measure of that name for which all of `where` holds. */
const measured = (out: string, measure: string, where: object = {}) =>
  savedResults(out).measures.find((m) => {
    const fields: Record<string, unknown> = { ...m.params, model: m.model, dataset: m.dataset };
    return m.measure === measure && Object.entries(where).every(([key, value]) => fields[key] === value);
  })?.value;

describe('assay score', () => {
  it('measures logits, and writes what a run writes', async () => {
    const at = folder();
    files(at);
    const args = ['score', '--logits', 'logits.npy', '--labels', 'labels.npy', '--ood', 'far:far=far.npy'];
    const options = ['--top-k', '2', '--bins', '10', '--recalibrators', 'vector'];
    const named = [...args, '--name', 'saved', '--classes', 'a,b,c,d', ...options];
    const { code, stdout, stderr } = await assay(named, at);
    expect([code, stderr]).toEqual([0, expect.stringMatching(/^2 units to measure\n/)]);
    expect(stdout).toMatch(/Accuracy.*ECE.*Mean AUROC by log p\(x\)/);
    expect(stdout).toContain('Report: assay-runs/saved/report.html');
    const out = join(at, 'assay-runs/saved');
    for (const file of [
      'run.json',
      'report.html',
      'measures.csv',
      'examples/accuracy.csv',
      'examples/calibration.csv',
      'examples/ood.csv',
      'tables',
    ])
      expect(existsSync(join(out, file)), file).toBe(true);
    const results = savedResults(out);
    expect(results).toMatchObject({ status: 'complete', title: 'saved', errors: [] });
    expect(results.systems).toMatchObject([
      { name: 'saved', input: 'predictions', classes: ['a', 'b', 'c', 'd'], offers: ['logits', 'logPx'] },
    ]);
    expect(results.datasets).toMatchObject([
      { name: 'test', role: 'test', size: 60, content: 'predictions', path: 'logits.npy' },
      { name: 'far', role: 'ood', distance: 'far', size: 40, labelled: false },
    ]);
    expect(results.notApplicable).toEqual([
      {
        suite: 'ood',
        model: 'saved',
        what: 'approximate mass',
        reason: expect.stringMatching(/no model to differentiate/),
      },
    ]);
    expect(results.costs.map(({ forward, gradient }) => [forward, gradient])).toEqual([
      [0, 0],
      [0, 0],
    ]);
    expect(measured(out, 'top-k-accuracy', { k: 2 })).toBeGreaterThan(measured(out, 'accuracy') ?? 1);
    expect(measured(out, 'recalibrated-nll', { recalibrator: 'vector' })).toBeGreaterThan(0);
    expect(measured(out, 'ece', { bins: 10 })).toBeGreaterThan(0);
    const html = readFileSync(join(out, 'report.html'), 'utf8');
    expect(html).toContain('predictions, without a model');
    expect(html).not.toContain('bare model');
  });

  it('measures again only what changed', async () => {
    const at = folder();
    files(at);
    writeFileSync(join(at, 'suites.yaml'), stringify({ suites: [{ ood: { resamples: 100 } }] }));
    const args = ['score', '--logits', 'logits.npy', '--ood', 'far=far.npy', '--suites', 'suites.yaml'];
    const out = join(at, 'assay-runs/logits');
    expect(await obeyed(args, at)).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^2 units to measure\n/),
    });
    const [before, results] = [unitFiles(out), savedResults(out)];
    expect(await obeyed(args, at)).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^nothing to do: 2 units reused\n/),
    });
    expect(savedResults(out)).toEqual(results);
    npy(at, 'far.npy', logits(40, 'other', 0));
    expect(await obeyed(args, at)).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^2 units, 1 of them reused\n/),
    });
    expect(unitFiles(out)).toEqual(expect.arrayContaining(before));
    expect(savedResults(out).measures).not.toEqual(results.measures);
  });

  it('gives the numbers of a run on the models that made the logits', async () => {
    const at = folder();
    // What a model put out, as a suite of the user writes it: float32, printed in full.
    writeFileSync(
      join(at, 'outputs.mjs'),
      `import { clean, defineSuite, request, Type } from 'assay';
      export const suite = defineSuite({
        name: 'outputs', title: 'Outputs', description: 'Logits as sheets.', options: Type.Object({}), needs: ['logits'],
        plan: ({ systems, datasets }) => systems.flatMap(({ name: system }) =>
          datasets.map(({ name: dataset }) => request({ measurement: clean, system, dataset }))),
        summarise: (collected) => ({ measures: [], examples: collected.all(clean).map(({ request, rows, indices }) => ({
          name: request.system + '-' + request.dataset,
          columns: ${JSON.stringify(CLASSES)},
          rows: Array.from(indices, (_, i) => Array.from(rows.logits.data.subarray(3 * i, 3 * i + 3))),
        })) }),
      });`,
    );
    const scores = ['log-px', 'max-logit', 'max-softmax', 'energy', 'entropy', 'margin'];
    // Pictures of the hardest images are what saved predictions cannot have.
    const suites = [
      'accuracy',
      { calibration: { resamples: 100 } },
      { ood: { resamples: 100, scores, hardest: 0 } },
    ];
    project(at);
    const validation = images(45, 'validation');
    writeFileSync(join(at, 'validation.npz'), npz(validation));
    npy(at, 'labels.npy', images(60, 'test').labels, 1);
    npy(at, 'validation-labels.npy', validation.labels, 1);
    const run = runFile({
      plugins: ['./outputs.mjs'],
      suites: [...suites, 'outputs'],
      datasets: {
        test: { path: './test.npz' },
        validation: { path: './validation.npz', role: 'validation' },
        noise: { path: './noise.npz', role: 'ood', distance: 'far' },
      },
    });
    writeFileSync(join(at, 'small.run.yaml'), stringify(run));
    writeFileSync(join(at, 'suites.yaml'), stringify({ suites }));
    expect(await assay(['run', 'small.run.yaml', '--out', 'ran'], at)).toMatchObject({ code: 0 });
    const sheet = (model: string, set: string) => `ran/examples/${model}-${set}.csv`;
    const models = ['sharp', 'flat'].flatMap((model) => [
      ...['--logits', `${model}=${sheet(model, 'test')}`],
      ...['--validation-logits', `${model}=${sheet(model, 'validation')}`],
      ...['--ood', `far:noise@${model}=${sheet(model, 'noise')}`],
    ]);
    const labels = ['--labels', 'labels.npy', '--validation-labels', 'validation-labels.npy'];
    const more = ['--classes', CLASSES.join(','), '--suites', 'suites.yaml', '--out', 'scored'];
    const { code, stderr } = await obeyed(['score', ...models, ...labels, ...more], at);
    expect([code, stderr]).toEqual([0, expect.any(String)]);
    const [ran, scored] = [savedResults(join(at, 'ran')), savedResults(join(at, 'scored'))];
    // 33 of accuracy and calibration and 9 * 6 of OOD detection for each of two models.
    expect(ran.measures.length).toBeGreaterThan(150);
    expect(scored.measures).toEqual(ran.measures.filter(({ suite }) => suite !== 'outputs'));
    expect(scored.suites).toEqual(ran.suites.slice(0, 3));
    const sheets = (name: string) =>
      ['ran', 'scored'].map((out) => readFileSync(join(at, out, `examples/${name}.csv`), 'utf8'));
    for (const name of ['accuracy', 'calibration']) {
      const [a, b] = sheets(name);
      expect(b).toBe(a);
    }
    // log p(x) is summed in float32 by the network and in float64 here: its last digit may differ.
    const [a, b] = sheets('ood').map((text) =>
      text
        .trim()
        .split('\n')
        .map((line) => line.split(',')),
    ) as [string[][], string[][]];
    const column = a[0]!.indexOf('log-px');
    const without = (rows: string[][]) => rows.map((row) => row.toSpliced(column, 1));
    expect(without(b)).toEqual(without(a));
    a.slice(1).forEach((row, i) => {
      expect(Number(b[i + 1]![column]) / Number(row[column])).toBeCloseTo(1, 6);
    });
  }, 180_000);

  it('judges gates, which `assay gate` and `assay report` do again from the folder', async () => {
    const at = folder();
    files(at);
    const gates = [
      { measure: 'accuracy', min: 0.5 },
      { measure: 'mean-auroc', where: { score: 'log-px' }, min: 0.999 },
    ];
    writeFileSync(join(at, 'gates.yaml'), stringify({ gates }));
    const args = ['score', '--logits', 'logits.npy', '--labels', 'labels.npy', '--ood', 'far=far.npy'];
    const ended = await obeyed([...args, '--gates', 'gates.yaml', '--out', 'out', '--quiet'], at);
    expect(ended).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/1 of 2 gates failed/),
    });
    expect(await obeyed(['gate', 'out'], at)).toMatchObject({ code: 1 });
    writeFileSync(join(at, 'easy.yaml'), stringify({ gates: gates.slice(0, 1) }));
    expect(await obeyed(['gate', 'out', '--gates', 'easy.yaml'], at)).toMatchObject({ code: 0 });
    rmSync(join(at, 'out/report.html'));
    expect(await obeyed(['report', 'out'], at)).toMatchObject({ code: 0 });
    expect(existsSync(join(at, 'out/report.html'))).toBe(true);
  });

  it('reports what needs a model as not applicable', async () => {
    const at = folder();
    files(at);
    const purification = { by: 'logits', steps: [1], chains: 1 };
    const suites = ['accuracy', { attack: ATTACK }, { purification }, 'spatial', 'consistency'];
    const more = { corruptions: {}, optional: true };
    writeFileSync(join(at, 'run.yaml'), stringify({ suites: [...suites, more] }));
    const args = ['score', '--logits', 'logits.npy', '--labels', 'labels.npy', '--suites', 'run.yaml'];
    const { code, stderr } = await obeyed([...args, '--out', 'out'], at);
    expect([code, stderr]).toEqual([0, expect.any(String)]);
    const { measures, notApplicable, status } = savedResults(join(at, 'out'));
    expect(status).toBe('complete');
    for (const suite of ['attack', 'purification'])
      expect(notApplicable).toContainEqual(
        expect.objectContaining({ suite, model: 'logits', reason: expect.stringMatching(/predictions/) }),
      );
    // Logits are no images: nothing turns or corrupts them.
    for (const suite of SHOWING_IMAGES) {
      expect(notApplicable.filter((one) => one.suite === suite)).toContainEqual(
        expect.objectContaining({
          reason: expect.stringMatching(/only its predictions|no images, only what models predicted/),
        }),
      );
      expect(measures.filter((one) => one.suite === suite)).toEqual([]);
    }
  });

  it('without labels measures OOD detection alone', async () => {
    const at = folder();
    files(at);
    const args = ['score', '--logits', 'logits.npy', '--ood', 'far=far.npy', '--scores', 'energy,entropy'];
    expect(await obeyed([...args, '--out', 'out', '--dataset', 'cifar10'], at)).toMatchObject({ code: 0 });
    const { suites, datasets, measures } = savedResults(join(at, 'out'));
    expect(suites.map(({ suite }) => suite)).toEqual(['ood']);
    expect(datasets[0]).toMatchObject({ name: 'cifar10', labelled: false });
    const scored = measures.filter(({ measure }) => measure !== 'failed-examples');
    expect(new Set(scored.map(({ params }) => params.score))).toEqual(new Set(['energy', 'entropy']));
  });

  it('takes every score that logits are enough for, fitted to validation logits', async () => {
    const at = folder();
    files(at);
    const args = ['score', '--logits', 'logits.npy', '--ood', 'far=far.npy', '--scores', 'all'];
    const validation = ['--validation-logits', 'logits.npy', '--validation-labels', 'labels.npy'];
    expect(await obeyed([...args, ...validation, '--out', 'out'], at)).toMatchObject({ code: 0 });
    const { measures, notApplicable } = savedResults(join(at, 'out'));
    const found = new Set(measures.flatMap(({ params }) => params.score ?? []));
    for (const id of ['gen', 'temp-scaled-msp', 'kl-matching', 'typicality']) expect(found).toContain(id);
    expect(found).not.toContain('knn');
    // All that lack the same stand in one line.
    expect(notApplicable.filter(({ reason }) => reason.includes('features'))).toEqual([
      expect.objectContaining({ what: expect.stringMatching(/^Mahalanobis, .*kNN/) }),
    ]);
  });

  it('of probabilities measures what their logits give, but for log p(x)', async () => {
    const at = folder();
    files(at);
    for (const name of ['logits', 'far']) {
      const given = logits(name === 'far' ? 40 : 60, name === 'far' ? 'far' : 'test', name === 'far' ? 0 : 3);
      const p = softmax({ n: given.length / K, classes: K, data: given });
      npy(at, `${name}-p.npy`, p);
    }
    const score = async (suffix: string, ...args: string[]) => {
      const given = [
        '--logits',
        `m=logits${suffix}.npy`,
        '--ood',
        `far=far${suffix}.npy`,
        '--labels',
        'labels.npy',
      ];
      const out = `out${suffix}`;
      expect(await obeyed(['score', ...given, '--out', out, ...args], at)).toMatchObject({ code: 0 });
      return savedResults(join(at, out));
    };
    const plain = await score('', '--scores', 'max-softmax,entropy,margin');
    const found = await score('-p', '--probabilities');
    expect(found.systems[0]).toMatchObject({ offers: ['logits'], energy: 'none' });
    expect(found.measures.map(({ title }) => title)).toEqual(plain.measures.map(({ title }) => title));
    found.measures.forEach(({ value, title }, i) => {
      expect(value, title).toBeCloseTo(plain.measures[i]!.value ?? Number.NaN, 4);
    });
  });

  it('is a function, too', async () => {
    const at = folder();
    files(at);
    const library = new URL('../../dist/src/index.js', import.meta.url).href;
    const script = `import { score } from ${JSON.stringify(library)};
      const { results, exitCode } = await score({ logits: { mine: 'logits.npy' }, labels: 'labels.npy', out: 'here',
        suites: ['accuracy'], gates: [{ measure: 'accuracy', where: { model: 'mine' }, min: 0.5 }] });
      console.log(exitCode, results.gates[0].passed, results.measures[0].n);
      await score({ logits: {} }).catch(({ code }) => console.log(code));`;
    writeFileSync(join(at, 'script.mjs'), script);
    const { stdout } = await promisify(execFile)(process.execPath, ['script.mjs'], { cwd: at });
    expect(stdout).toBe('0 true 60\nconfig-invalid\n');
  });
});

/** Values that were worked out by hand or published. */
describe('known answers', () => {
  /** Scores rows of numbers by name: models, then OOD sets of the first one. */
  const score = async (
    models: Record<string, number[][]>,
    { labels, ood = {}, args = [] }: { labels?: number[]; ood?: Record<string, number[][]>; args?: string[] },
  ) => {
    const at = folder();
    const put = (name: string, rows: number[][]) => {
      npy(at, name, Float64Array.from(rows.flat()), rows[0]!.length);
      return name;
    };
    const given = [
      ...Object.entries(models).flatMap(([name, rows]) => [
        '--logits',
        `${name}=${put(`${name}.npy`, rows)}`,
      ]),
      ...Object.entries(ood).flatMap(([name, rows]) => ['--ood', `${name}=${put(`${name}.npy`, rows)}`]),
    ];
    if (labels) npy(at, 'y.npy', Int32Array.from(labels), 1);
    const labelled = labels ? ['--labels', 'y.npy'] : [];
    const ended = await obeyed(['score', ...given, ...labelled, '--out', 'out', '--quiet', ...args], at);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    return (measure: string, where?: object) => measured(join(at, 'out'), measure, where);
  };
  const times = <T>(n: number, value: T): T[] => Array<T>(n).fill(value);

  it('ECE counts a confidence of 1', async () => {
    const model = [
      [0.95, 0.05],
      [1, 0],
    ];
    const of = await score({ model }, { labels: [0, 1], args: ['--probabilities', '--bins', '10'] });
    expect(of('ece')).toBeCloseTo(0.475, 6);
  });

  it('L1, L2 and largest gap of the top label', async () => {
    const model = [
      [0.25, 0.2, 0.55],
      [0.55, 0.05, 0.4],
      [0.1, 0.3, 0.6],
      [0.9, 0.05, 0.05],
    ];
    const of = await score({ model }, { labels: [0, 1, 2, 0], args: ['-p', '--bins', '3'] });
    expect(of('ece')).toBeCloseTo(0.2, 6);
    expect(of('rms-ce')).toBeCloseTo(0.2082, 4);
    expect(of('mce')).toBeCloseTo(0.2333, 4);
  });

  it('classwise and top-label ECE of three classes', async () => {
    const model = [...times(6, [0.6, 0.3, 0.1]), ...times(4, [0.1, 0.8, 0.1]), ...times(4, [0.1, 0, 0.9])];
    const labels = [...times(5, 0), ...times(4, 1), ...times(5, 2)];
    const of = await score({ model }, { labels, args: ['-p'] });
    expect(of('classwise-ece')).toBeCloseTo(0.0857143, 6);
    expect(of('ece')).toBeCloseTo((6 / 14) * (5 / 6 - 0.6) + (4 / 14) * 0.05 + (4 / 14) * 0.1, 6);
  });

  it('NLL and Brier', async () => {
    const sure = [
      [0.2, 0.8],
      [0.7, 0.3],
      [0.4, 0.6],
    ];
    const even = times(3, [0.5, 0.5]);
    const of = await score({ sure, even }, { labels: [1, 0, 0], args: ['-p'] });
    const nll = -(Math.log(0.8) + Math.log(0.7) + Math.log(0.4)) / 3;
    expect(of('nll', { model: 'sure' })).toBeCloseTo(nll, 6);
    expect(of('brier', { model: 'even' })).toBeCloseTo(0.5, 12);
  });

  it('ranking', async () => {
    const rows = (values: number[]) => values.map((v) => [v, -9]);
    const of = await score(
      { model: rows([0.9, 0.8, 0.8, 0.7, 0.6, 0.4]) },
      { ood: { a: rows([0.5, 0.3, 0.2]), b: rows([0.7, 0.5, 0.3, 0.2]) }, args: ['--scores', 'max-logit'] },
    );
    const a = { dataset: 'a' };
    expect(of('auroc', a)).toBeCloseTo(17 / 18, 12);
    expect(of('fpr95-id-positive', a)).toBeCloseTo(1 / 3, 12);
    expect(of('fpr95-ood-positive', a)).toBeCloseTo(1 / 6, 12);
    const b = { dataset: 'b' };
    expect(of('auroc', b)).toBeCloseTo(0.854167, 6);
    expect(of('aupr-in', b)).toBeCloseTo(0.897222, 6);
    expect(of('aupr-out', b)).toBeCloseTo(0.830357, 6);
  });
});
