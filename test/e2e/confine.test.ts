// @module-tag slow
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { obeyed, start } from './assay.js';
import { card, project } from './project.js';

const at = mkdtempSync(join(tmpdir(), 'assay-confine-'));
afterAll(() => rmSync(at, { recursive: true, force: true }));
const inside = join(at, 'in');
const outside = join(at, 'outside');
const put = (name: string, content: string | Uint8Array | object) =>
  writeFileSync(
    join(at, name),
    typeof content === 'string' || content instanceof Uint8Array ? content : stringify(content),
  );
const assay = (...args: string[]) => start(args, at).ended;
/** Without a process of its own. */
const told = (...args: string[]) => obeyed(args, at);

beforeAll(() => {
  for (const name of [inside, outside]) {
    mkdirSync(name);
    project(name, { suites: ['accuracy'] }, 12);
  }
  mkdirSync(join(outside, 'images'));
  put('outside/suite.mjs', 'throw new Error("it ran")');
  put('outside/labels.txt', '0\n1\n');
  symlinkSync('in', join(at, 'link'));
  symlinkSync('test.npz', join(inside, 'same.npz'));
  symlinkSync('../outside', join(inside, 'away'));
  symlinkSync('../outside/sharp.onnx', join(inside, 'away.onnx'));
});

const good = {
  name: 'x',
  models: ['./sharp.model.yaml'],
  datasets: { test: { path: './test.npz' } },
  suites: ['accuracy'],
};

/** @param place that names the path: a file, with the key in it */
const refused = (name: string, place = '.*') => ({
  code: 2,
  stderr: expect.stringMatching(
    new RegExp(
      `this lies outside of the folder of --confine.* in +${place}\\n.*found +\\S*/outside/${name}.*fix +copy it`,
      's',
    ),
  ),
});

const ways: [way: string, to: (name: string) => string][] = [
  ['..', (name) => `../outside/${name}`],
  ['an absolute path', (name) => join(outside, name)],
  ['a link', (name) => `./away/${name}`],
];

const set = (more: object) => ({ datasets: { test: { path: './test.npz', ...more } } });

const kinds: [kind: string, name: string, key: string, run: (path: string) => object][] = [
  ['a card', 'sharp.model.yaml', 'models[1]', (path) => ({ models: ['./sharp.model.yaml', path] })],
  [
    'the checkpoint of a card written out',
    'sharp.onnx',
    'models[0].checkpoint',
    (path) => ({ models: [{ ...card('sharp'), checkpoint: path }] }),
  ],
  ['a data set', 'test.npz', 'datasets.test.path', (path) => set({ path })],
  ['labels', 'labels.txt', 'datasets.test.labels', (labels) => set({ labels })],
  ['a folder of images', 'images', 'datasets.test.path', (path) => set({ path })],
  ['a plug-in', 'suite.mjs', 'plugins[0]', (path) => ({ plugins: [path] })],
  ['a plug-in that is missing', 'absent.mjs', 'plugins[0]', (path) => ({ plugins: [path] })],
  ['a data set that is missing', 'absent.npz', 'datasets.test.path', (path) => set({ path })],
];

const escaped = (text: string) => text.replace(/[[\].\\]/g, '\\$&');

describe.each(ways)('outside by %s', (way, to) => {
  it.each(kinds)('%s', async (kind, name, key, more) => {
    const file = `in/${way} ${kind}.run.yaml`.replaceAll('..', 'up');
    put(file, { ...good, ...more(to(name)) });
    const place = escaped(`${file} at ${key}`);
    expect(await told('run', file, '--confine', 'in', '--out', 'out')).toMatchObject(refused(name, place));
  });

  it('a checkpoint', async () => {
    const file = `in/${way} checkpoint.model.yaml`.replaceAll('..', 'up');
    put(file, { ...card('sharp'), checkpoint: to('sharp.onnx') });
    const place = `\\S*${escaped(file.slice(file.lastIndexOf(' ')))} at checkpoint`;
    const refusal = refused('sharp.onnx', `.*${place}`);
    expect(await told('inspect', file, '--confine', 'in')).toMatchObject(refusal);
    put('in/card.run.yaml', { ...good, models: [`./${file.slice(3)}`] });
    expect(await told('run', 'in/card.run.yaml', '--confine', 'in', '--out', 'out')).toMatchObject(refusal);
  });
});

it('refuses a link to a checkpoint, and predictions', async () => {
  expect(await assay('inspect', 'in/away.onnx', '--confine', 'in')).toMatchObject(refused('sharp.onnx'));
  const score = await assay(
    'score',
    '--logits',
    'outside/test.npz:images',
    '--labels',
    'outside/test.npz:labels',
    '--confine',
    'in',
  );
  expect(score).toMatchObject(refused('test.npz'));
});

it('refuses a run file that raises limits, unless the command does', async () => {
  put('in/greedy.run.yaml', { ...good, limits: { seconds: 1000, mebibytes: 500 } });
  const args = ['run', 'in/greedy.run.yaml', '--confine', 'in', '--out', 'limits'];
  expect(await assay(...args)).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(
      /may not raise limits.*greedy\.run\.yaml at limits\.seconds.*at most 60.*fix .*--time-limit 1000/s,
    ),
  });
  expect(await assay(...args, '--time-limit', '1000')).toMatchObject({ code: 0 });
});

it('refuses a run file that takes all memory for its batches', async () => {
  put('in/large.run.yaml', { ...good, limits: { batchMebibytes: 1e9 } });
  expect(await assay('run', 'in/large.run.yaml', '--confine', 'in', '--out', 'large')).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/at limits\.batchMebibytes.*fix .*--batch-memory 1000000000/s),
  });
});

it('refuses a folder that is missing', async () => {
  expect(await assay('inspect', 'in/sharp.onnx', '--confine', 'absent')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('the folder of --confine cannot be read'),
  });
});

it('runs what lies inside, through links too, and goes on in a run folder outside', async () => {
  put('in/good.run.yaml', {
    name: 'x',
    models: ['./sharp.model.yaml'],
    datasets: { test: { path: './same.npz' } },
    suites: ['accuracy'],
  });
  const args = ['run', 'in/good.run.yaml', '--confine', 'link', '--out', 'out'];
  expect(await assay(...args)).toMatchObject({ code: 0 });
  expect(await assay(...args)).toMatchObject({ code: 0, stderr: expect.stringMatching(/nothing to do/) });
});
