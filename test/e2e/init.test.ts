// @module-tag slow
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { dataFlag, namedData } from '../../src/cli/starting/init-data.js';
import { encodeNpy } from '../../src/data/arrays/npy.js';
import { GraphBuilder, int } from '../../src/graph/build.js';
import { floats } from '../../src/graph/tensor.js';
import { writeOnnx } from '../../src/graph/write.js';
import { tarOf } from '../tar.js';
import { assay, folder, obeyed } from './assay.js';
import { images, npz, project, savedResults } from './project.js';

it.each([
  ['test.npz', { role: 'test', file: 'test.npz' }],
  ['far:./svhn.npz', { role: 'far', file: './svhn.npz' }],
  ['validation:a:b.npz', { role: 'validation', file: 'a:b.npz' }],
  ['C:\\data\\test.npz', { role: 'test', file: 'C:\\data\\test.npz' }],
])('--data %s is understood', (text, flag) => {
  expect(dataFlag(text)).toEqual(flag);
});

it('data sets have names of their own', () => {
  const files = ['a/x.npz', 'b/x.npz', 'near:b/x.npz', 'far:test/', 'validation:v.npz'];
  expect(namedData(files.map(dataFlag), (file) => file).map(({ name }) => name)).toEqual([
    'test',
    'x',
    'x-2',
    'test-2',
    'validation',
  ]);
});

it('writes a card for each checkpoint and a run file with all data, whose first look it prints', async () => {
  const at = folder();
  project(at);
  mkdirSync(join(at, 'later'));
  cpSync(join(at, 'flat.onnx'), join(at, 'later/sharp.onnx'));
  writeFileSync(join(at, 'held out.npz'), npz(images(40, 'held-out')));
  const data = ['./test.npz', 'validation:held out.npz', 'far:noise.npz'];
  const { code, stdout, stderr } = await assay(
    ['init', 'mine', '-c', 'sharp.onnx', '-c', 'later/sharp.onnx', ...data.flatMap((one) => ['--data', one])],
    at,
  );
  expect([code, stderr]).toEqual([0, '']);
  const [first, second] = ['sharp', 'sharp-2'].map((name) =>
    parse(readFileSync(join(at, `mine/${name}.model.yaml`), 'utf8')),
  );
  expect(first).toMatchObject({ name: 'sharp', checkpoint: '../sharp.onnx' });
  expect(second).toMatchObject({ name: 'sharp-2', checkpoint: '../later/sharp.onnx' });
  expect(parse(readFileSync(join(at, 'mine/comparison.run.yaml'), 'utf8'))).toMatchObject({
    models: ['./sharp.model.yaml', './sharp-2.model.yaml'],
    datasets: {
      test: { path: '../test.npz' },
      validation: { path: '../held out.npz', role: 'validation' },
      noise: { path: '../noise.npz', role: 'ood', distance: 'far' },
    },
    suites: ['accuracy', 'calibration', { attack: expect.anything() }, 'ood'],
  });
  expect(stdout).toMatch(/(first look|the run takes) .*about \d+ s/);
  const [, command = ''] = /\$ assay (.*)/.exec(stdout) ?? [];
  const run = await assay([...command.split(' '), '--out', 'out'], at);
  expect([run.code, run.stderr]).toEqual([0, expect.any(String)]);
  const { suites, systems } = savedResults(join(at, 'out'));
  expect(systems.map(({ name }) => name)).toEqual(['sharp', 'sharp-2']);
  expect(suites.map(({ suite, status }) => `${suite} ${status}`)).toEqual(
    ['accuracy', 'calibration', 'attack', 'ood'].map((suite) => `${suite} ok`),
  );
});

it('takes a folder of published sequences for what it is: only consistency is measured on it', async () => {
  const at = folder();
  const b = new GraphBuilder();
  const pixels = b.op('Flatten', [b.input('image', 'float32', ['N', 3, 6, 6])], { axis: int(1) });
  const weight = Float32Array.from({ length: 108 * 3 }, (_, i) => ((5 * i) % 7) - 3);
  b.outputAs(b.op('MatMul', [pixels, b.constant(floats([108, 3], weight), 'weight')]), 'logits', 'float32', [
    'N',
    3,
  ]);
  writeFileSync(join(at, 'colours.onnx'), writeOnnx(b.build()));
  writeFileSync(join(at, 'test.npz'), npz(images(6, 'test')));
  mkdirSync(join(at, 'CIFAR-10-P'));
  for (const name of ['rotate', 'gaussian_noise']) {
    const data = Uint8Array.from({ length: 4 * 3 * 108 }, (_, i) => (7 * i) % 256);
    writeFileSync(join(at, 'CIFAR-10-P', `${name}.npy`), encodeNpy({ shape: [4, 3, 6, 6, 3], data }));
  }
  const of = async (directory: string, ...data: string[]) => {
    const flags = data.flatMap((one) => ['--data', one]);
    const { code, stdout } = await obeyed(['init', directory, '-c', 'colours.onnx', ...flags], at);
    return { code, stdout, file: parse(readFileSync(join(at, directory, 'colours.run.yaml'), 'utf8')) };
  };
  expect(await of('alone', 'CIFAR-10-P')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('Everything opens'),
    file: {
      datasets: { 'cifar-10-p': { path: '../CIFAR-10-P' } },
      suites: [{ consistency: {}, datasets: ['cifar-10-p'] }],
    },
  });
  expect(await obeyed(['run', 'alone/colours.run.yaml', '--out', 'out'], at)).toMatchObject({ code: 0 });
  expect(savedResults(join(at, 'out')).suites).toMatchObject([{ suite: 'consistency', status: 'ok' }]);
  const { file } = await of('beside', 'CIFAR-10-P', 'test.npz');
  expect(file.datasets).toMatchObject({ 'cifar-10-p': {}, test: { path: '../test.npz' } });
  expect(file.suites).toMatchObject([
    { consistency: {}, datasets: ['cifar-10-p'] },
    'accuracy',
    'calibration',
    { attack: expect.anything() },
  ]);
});

it('says what keeps its files from running, and how to mend it', async () => {
  const at = folder();
  project(at);
  writeFileSync(join(at, 'wide.npz'), npz({ pixels: new Uint8Array(5 * 81), labels: new Uint8Array(5) }, 9));
  const { code, stdout } = await obeyed(['init', 'mine', '-c', 'sharp.onnx', '--data', 'wide.npz'], at);
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /need an edit before they run:\n\nerror\[shape-mismatch\][\s\S]*fix [\s\S]*\$ assay run mine\/sharp\.run\.yaml\n$/,
  );
});

it('takes shards, also as a pattern, and sees that the run can begin', async () => {
  const at = folder();
  project(at);
  const { pixels, labels } = images(8, 'shards');
  const members = await Promise.all(
    [...labels].map(async (label, i) => {
      const image = sharp(pixels.subarray(36 * i, 36 * i + 36), {
        raw: { width: 6, height: 6, channels: 1 },
      });
      const content = await image.toColourspace('b-w').png().toBuffer();
      return [
        { name: `${i}.png`, content },
        { name: `${i}.cls`, content: String(label) },
      ];
    }),
  );
  mkdirSync(join(at, 'held'));
  for (const file of ['s-00.tar', 's-01.tar', 'held/a.tar'])
    writeFileSync(join(at, file), tarOf(members.flat()));
  const data = ['--data', 's-{00..01}.tar', '--data', 'validation:held'];
  const { code, stdout, stderr } = await obeyed(['init', 'mine', '-c', 'sharp.onnx', ...data], at);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/Everything opens/);
  expect(parse(readFileSync(join(at, 'mine/sharp.run.yaml'), 'utf8')).datasets).toMatchObject({
    test: { path: '../s-{00..01}.tar' },
    validation: { path: '../held', role: 'validation' },
  });
});
