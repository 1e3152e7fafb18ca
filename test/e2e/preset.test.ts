// @module-tag slow
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { parse, stringify } from 'yaml';
import { prepare } from '../../src/cli/presets/prepare.js';
import { files, served } from '../fetch/server.js';
import { assay, folder, obeyed } from './assay.js';
import { images, npz, project, savedResults } from './project.js';

/** A folder with a model, and data sets called as people call them. */
function given(): string {
  const at = folder();
  project(at);
  const data = join(at, 'data');
  mkdirSync(data);
  cpSync(join(at, 'test.npz'), join(data, 'CIFAR10_test.npz'));
  cpSync(join(at, 'noise.npz'), join(data, 'svhn.npz'));
  writeFileSync(join(data, 'ood-textures.npz'), npz({ pixels: images(30, 'textures').pixels }));
  writeFileSync(join(data, 'notes.txt'), '');
  return at;
}

/** What all of the protocol comes to. */
async function expectWhole(at: string) {
  const { measures, systems, suites } = savedResults(join(at, 'out'));
  const purified = ['flat-0', 'flat-1', 'flat-10', 'flat-1-full', 'flat-10-full'];
  const called = ['flat', 'flat-published', ...purified];
  expect(systems.map(({ name }) => name)).toEqual(called);
  expect(suites.map(({ suite, status }) => [suite, status])).toEqual(
    ['accuracy', 'calibration', 'ood', 'samples', 'jem'].map((suite) => [suite, 'ok']),
  );
  const columns = measures.filter(({ params }) => params.quantity === 'accuracy');
  expect(columns.map(({ measure }) => measure)).toEqual(['as-published', 'as-it-should-be', 'deviation']);
  // What a table of the run shows first: robust accuracy of JEM-k beside accuracy, ECE and AUROC of the model.
  const headlines = measures.filter(({ headline, suite }) => headline && suite === 'jem');
  expect(headlines.map(({ measure, params: { quantity } }) => [measure, quantity])).toEqual(
    headlines.map(() => ['as-it-should-be', 'robust-accuracy']),
  );
  expect(headlines.length).toBeGreaterThan(0);
  for (const preset of ['jem', 'jem-protocol'])
    expect(await obeyed(['table', preset, 'out', '--format', 'csv'], at)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/flat/),
    });
}

describe('--preset jem', () => {
  it('writes a run file of what it finds, says what is missing, and that measures both columns', async () => {
    const at = given();
    const init = ['init', 'out', '--preset', 'jem', '-c', 'flat.model.yaml', '--data', 'data'];
    expect(await obeyed(init, at)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(
        /found {4}svhn.*! missing {2}cifar100: put into data: cifar100\.npz.*! missing {2}celeba.*not used notes\.txt/s,
      ),
    });
    const file = join(at, 'out/jem.run.yaml');
    const text = readFileSync(file, 'utf8');
    expect(parse(text).datasets).toMatchObject({
      test: { path: '../data/CIFAR10_test.npz' },
      svhn: { path: '../data/svhn.npz', role: 'ood', distance: 'far' },
      textures: { path: '../data/ood-textures.npz', role: 'ood' },
      interpolated: { of: 'test' },
      // Pixels in [0, 1] are this network's input.
      'interpolated-published': { of: 'test', interpolate: { noise: 0.02121 } },
    });
    // The attacks take most of the time.
    const few = { starts: 1, steps: 2, searches: 2, examples: 3, resamples: 100 };
    const samples = /samples: \{ .*? \}/;
    const short = Object.entries(few).reduce(
      (all, [key, value]) => all.replace(new RegExp(`^( +${key}): .*$`, 'm'), `$1: ${value}`),
      text
        .replace(samples, 'samples: { images: 6, steps: 2 }')
        .replace(/refined: .*/, 'refined: [{ system: flat-1, full: flat-1-full }]'),
    );
    writeFileSync(file, short);
    const run = ['run', 'out/jem.run.yaml', '--limit', '6', '--out', 'out', '--sessions', '1'];
    expect(await obeyed(run, at)).toMatchObject({ code: 0 });
    await expectWhole(at);
  });

  it('fetches a checkpoint to try it, and none to learn what it is called', async () => {
    const at = given();
    const onnx = readFileSync(join(at, 'flat.onnx'));
    const { url, asked } = await served(files({ 'flat.onnx': onnx }));
    const card = parse(readFileSync(join(at, 'flat.model.yaml'), 'utf8'));
    const sha256 = createHash('sha256').update(onnx).digest('hex');
    card.checkpoint = { url: `${url}/flat.onnx`, sha256 };
    writeFileSync(join(at, 'far.model.yaml'), stringify(card));
    vi.stubEnv('ASSAY_DOWNLOADS', join(at, 'downloads'));
    onTestFinished(() => void vi.unstubAllEnvs());
    const request = { preset: 'jem', checkpoint: join(at, 'far.model.yaml'), data: join(at, 'data') };
    await prepare({ ...request, directory: join(at, 'alone'), limits: {} });
    expect(asked).toEqual([]);
    const init = ['init', 'out', '--preset', 'jem', '-c', 'far.model.yaml', '--data', 'data'];
    expect(await obeyed(init, at)).toMatchObject({ code: 0, stdout: expect.stringContaining('Everything') });
    expect(asked).toHaveLength(1);
  });

  it('runs at once, goes on, and overwrites nothing', { tags: ['long'] }, async () => {
    if (!process.env.ASSAY_LONG) return;
    const at = given();
    const preset = ['run', '--preset', 'jem', 'flat.model.yaml', '--data', 'data', '--out', 'out'];
    const words = [...preset, '--limit', '6'];
    const { code, stderr } = await assay(words, at);
    expect([code, stderr]).toEqual([0, expect.stringMatching(/found {4}svhn/)]);
    await expectWhole(at);
    expect(await obeyed(words, at)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/Nothing was measured anew/),
    });
    const planned = await obeyed([...preset, '--limit', '7', '--plan-only', '--json'], at);
    expect(planned).toMatchObject({ code: 0, stderr: expect.stringMatching(/found {4}svhn/) });
  });

  it('is written out by init, with a card for a checkpoint that has none', async () => {
    const at = given();
    const words = ['init', 'mine', '--preset', 'jem', '-c', 'sharp.onnx', '--data', 'data'];
    expect(await obeyed(words, at)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(
        /mine\/jem\.run\.yaml.*short attacks.*\$ assay run --preset jem sharp\.onnx --data data --limit \d+\n.*\$ assay run mine\/jem\.run\.yaml --out assay-runs\/jem-sharp\n/s,
      ),
    });
    expect(parse(readFileSync(join(at, 'mine/jem.run.yaml'), 'utf8'))).toMatchObject({
      models: ['./sharp.model.yaml'],
      suites: expect.arrayContaining([
        { jem: expect.objectContaining({ examples: 300, steps: 40, searches: 20 }) },
      ]),
    });
    expect(existsSync(join(at, 'mine/sharp.model.yaml'))).toBe(true);
    // What was missing is there now, as it said: the file is written again, unless somebody edited it.
    cpSync(join(at, 'noise.npz'), join(at, 'data', 'cifar100.npz'));
    expect(await obeyed(words, at)).toMatchObject({ code: 0 });
    const file = join(at, 'mine/jem.run.yaml');
    expect(parse(readFileSync(file, 'utf8')).datasets).toHaveProperty('cifar100');
    const edited = readFileSync(file, 'utf8').replace('examples: 300', 'examples: 30');
    writeFileSync(file, edited);
    expect(await obeyed(words, at)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/another file in its place.*jem\.run\.yaml.*assay run FILE/s),
    });
    expect(readFileSync(file, 'utf8')).toBe(edited);
  });

  it('takes a first look, then all of it, in one run folder', async () => {
    const at = given();
    const words = ['run', '--preset', 'jem', 'flat.model.yaml', '--data', 'data', '--plan-only', '--json'];
    const look = await obeyed([...words, '--limit', '3'], at);
    const all = await obeyed(words, at);
    expect([look.code, all.code]).toEqual([0, 0]);
    const { suites } = parse(readFileSync(join(at, 'assay-runs/jem-flat/jem.run.yaml'), 'utf8'));
    expect(suites.at(-1).jem).toMatchObject({ examples: 300, steps: 40 });
  });

  it('takes the extractor that lies beside the data, whose name must be its own', async () => {
    const at = given();
    const card = readFileSync(join(at, 'sharp.model.yaml'), 'utf8').replace(/^checkpoint: /m, '$&../');
    writeFileSync(join(at, 'data', 'extractor.model.yaml'), card);
    const words = ['init', 'out', '--preset', 'jem', '-c', 'flat.model.yaml', '--data', 'data'];
    expect(await obeyed(words, at)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/found {4}extractor: \.\.\/data\/extractor\.model\.yaml/),
    });
    const run = parse(readFileSync(join(at, 'out/jem.run.yaml'), 'utf8'));
    expect(run.models).toEqual(['../flat.model.yaml', '../data/extractor.model.yaml']);
    expect(run.suites[3]).toMatchObject({
      samples: { extractor: 'sharp', systems: ['flat'] },
      models: ['flat', 'sharp'],
    });
    writeFileSync(join(at, 'data', 'extractor.model.yaml'), card.replace('sharp', 'flat'));
    expect(await obeyed(words, at)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/the extractor has the name of the model.*extractor\.model\.yaml/s),
    });
  });

  it.each([
    [
      ['run', '--preset', 'jme', 'flat.onnx', '--data', 'data'],
      /no preset called "jme".*did you mean "jem"/s,
    ],
    [['run', '--preset', 'jem', 'flat.onnx'], /--preset and --data go together/],
    [['run', 'small.run.yaml', '--data', 'data'], /--preset and --data go together.*add --preset jem/s],
    [['run', '--preset', 'jem', 'flat.onnx', '--data', 'nowhere'], /nowhere/],
    [['run', '--preset', 'jem', 'flat.onnx', '--data', 'empty'], /no data set "test".*cifar-10-batches-bin/s],
    [['init', 'x', '--preset', 'jem', '--data', 'data'], /one checkpoint and one folder/],
  ])('%j is refused', async (words, says) => {
    const at = given();
    mkdirSync(join(at, 'empty'));
    expect(await obeyed(words, at)).toMatchObject({ code: 2, stderr: expect.stringMatching(says) });
    expect(existsSync(resolve(at, 'assay-runs'))).toBe(false);
  });
});
