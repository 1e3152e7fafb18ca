import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readCheckpoint } from '../../src/checkpoints/registry.js';
import { openDataset } from '../../src/data/open.js';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import type { AssayError } from '../../src/errors.js';
import { inspectCheckpoint } from '../../src/models/inspect.js';
import { openModel } from '../../src/models/open.js';
import { dict, float32, op, type Saved, safetensors, stateDict, torchZip, tuple } from './torch-writer.js';

const engine = createOrtEngine({ sessions: 1 });
const folder = mkdtempSync(join(tmpdir(), 'assay-not-a-checkpoint-'));
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await engine.close();
});

const errorOf = (work: Promise<unknown>): Promise<AssayError> =>
  work.then(
    () => expect.unreachable('it was taken'),
    (error) => error,
  );

describe('several models in one file', () => {
  /** A linear layer whose every weight is `value`, for two grey pixels. */
  const layer = (value: number, key: string): Record<string, Saved> => ({
    'fc.weight': { ...float32([2, 2], [value, value, 0, 0]), key },
  });
  const [first, second] = [layer(1, 'a'), layer(2, 'b')];
  const stored = { a: first['fc.weight']!, b: second['fc.weight']! };
  const [one, two] = [stateDict(first), stateDict(second)];
  const list = (...items: Buffer[]) => Buffer.concat([op(0x5d, 0x28), ...items, op(0x65)]);
  const files: [what: string, root: Buffer, places: [string, string]][] = [
    ['a list', list(one, two), ['0', '1']],
    ['a tuple', tuple(one, two), ['0', '1']],
    ['a list under a key', dict(['members', list(one, two)]), ['members.0', 'members.1']],
    ['names that say nothing', dict(['left', one], ['right', two]), ['left', 'right']],
    [
      'the usual key in each',
      dict(['left', dict(['model', one])], ['right', dict(['model', two])]),
      ['left.model', 'right.model'],
    ],
  ];
  const open = (file: string, more: object = {}) =>
    openModel({ name: 'm', checkpoint: file, input: { shape: [1, 1, 2] }, classes: 2, ...more }, engine);

  it.each(files)(
    '%s: the card must say which, and each line that is listed runs',
    async (_, root, places) => {
      const file = join(folder, 'several.pt');
      writeFileSync(file, torchZip(stored, { root }));
      const error = await errorOf(open(file));
      expect(error).toMatchObject({
        code: 'config-invalid',
        message: 'the file holds 2 models',
        details: { path: 'architecture.stateDict' },
      });
      const lines = error.details.also ?? [];
      expect(lines.map((line) => parse(line).architecture.stateDict)).toEqual(places);
      for (const [i, line] of lines.entries()) {
        const model = await open(file, parse(line));
        const { logits } = await model.forward({ n: 1, pixels: Float32Array.of(1, 1) });
        await model.close();
        expect([...(logits ?? [])]).toEqual([2 * (i + 1), 0]);
      }
      const { card, notes } = await inspectCheckpoint(file, engine);
      expect(notes.join()).toMatch(/the file holds 2 models/);
      expect(card).toMatch(/^# architecture: .*stateDict/m);
    },
  );

  it('a list of one is that one', async () => {
    const file = join(folder, 'one.pt');
    writeFileSync(file, torchZip({ a: stored.a }, { root: list(one) }));
    expect((await readCheckpoint(file)).built?.title).toBe('multi-layer perceptron');
  });

  it('a list without weights is described', async () => {
    const file = join(folder, 'none.pt');
    writeFileSync(file, torchZip({}, { root: list(dict(), tuple()) }));
    const { code, details } = await errorOf(readCheckpoint(file));
    expect([code, details.found]).toEqual(['file-malformed', 'a list of 2: a dict, a tuple']);
  });
});

describe('data in place of weights', () => {
  const bytes = (dims: number[]) => ({
    dims,
    bytes: new Uint8Array(dims.reduce((a, d) => a * d, 1)),
    dtype: 'U8',
  });
  const labels = { dims: [4], bytes: new Uint8Array(32), dtype: 'I64' };
  const floats = { ...float32([4, 6], new Float32Array(24)), dtype: 'F32' };
  const files: [what: string, tensors: Parameters<typeof safetensors>[0]][] = [
    ['images and labels', { images: bytes([4, 2, 2, 3]), labels }],
    ['rows of numbers and labels', { x: floats, y: labels }],
    [
      'train and test',
      { train_images: bytes([5, 2, 2]), test_images: bytes([4, 2, 2]), test_labels: labels },
    ],
    ['images alone', { images: bytes([4, 2, 2]) }],
  ];
  it.each(files)('%s', async (_, tensors) => {
    const file = join(folder, 'data.safetensors');
    writeFileSync(file, safetensors(tensors));
    for (const error of [
      await errorOf(readCheckpoint(file)),
      await errorOf(inspectCheckpoint(file, engine)),
    ]) {
      expect(error).toMatchObject({ code: 'file-malformed', message: 'the file holds data, not weights' });
      expect(error.explain()).toMatch(/fix .*datasets.*safetensors\.numpy/);
    }
  });

  it('images and labels of torch.save, which are read as data where the remedy says', async () => {
    const images = { key: '0', ...float32([4, 1, 2, 2], new Float32Array(16).fill(0.5)) };
    const tensors = { images, labels: { key: '1', ...float32([4], [0, 1, 0, 1]) } };
    writeFileSync(join(folder, 'data.pt'), torchZip(tensors));
    const error = await errorOf(readCheckpoint(join(folder, 'data.pt')));
    expect(error).toMatchObject({ code: 'file-malformed', message: 'the file holds no weights' });
    expect(error.explain()).toMatch(/fix .*datasets.*\{ path: FILE \}/);
    const set = await openDataset('test', { path: 'data.pt' }, { directory: folder });
    expect(set.info).toMatchObject({ size: 4, shape: [1, 2, 2], labelled: true });
    await set.close();
  });

  it('weights of an unknown network stay weights', async () => {
    const file = join(folder, 'unknown.safetensors');
    const table = { ...float32([4, 6], new Float32Array(24)), dtype: 'F32' };
    writeFileSync(file, safetensors({ 'odd.kernel': table, steps: labels }));
    expect(await errorOf(readCheckpoint(file))).toMatchObject({ code: 'model-invalid' });
  });
});

describe('a folder', () => {
  const folders: [what: string, files: string[], found: RegExp, hint: RegExp][] = [
    [
      'a SavedModel',
      ['saved_model.pb', 'keras_metadata.pb'],
      /a SavedModel of TensorFlow/,
      /tf2onnx\.convert --saved-model .*tensorflowjs_converter --input_format=tf_saved_model .*model\.save\("model\.keras"\)/,
    ],
    [
      'with weights',
      ['config.json', 'model.safetensors'],
      /config\.json/,
      /checkpoint: .*model\.safetensors$/,
    ],
    [
      'of TensorFlow.js',
      ['model.json', 'group1-shard1of1.bin'],
      /TensorFlow\.js/,
      /checkpoint: .*model\.json$/,
    ],
    ['of a training', ['checkpoint', 'm.ckpt-1.index'], /numbers without a network/, /model\.save/],
    ['of something else', ['notes.txt'], /a folder \(notes\.txt\)/, /export the model as ONNX/],
    ['without files', [], /empty/, /export the model as ONNX/],
  ];
  it.each(folders)('%s', async (what, files, found, hint) => {
    const at = join(folder, what.replaceAll(' ', '-'));
    mkdirSync(at);
    for (const file of files) writeFileSync(join(at, file), '');
    const { code, details } = await errorOf(readCheckpoint(at));
    expect([code, details.file]).toEqual(['file-unreadable', at]);
    expect(details.found).toMatch(found);
    expect(details.hint).toMatch(hint);
  });
});

describe('the first layer of a perceptron reads every shape of as many numbers', () => {
  const weights = float32(
    [2, 784],
    Float32Array.from({ length: 1568 }, (_, i) => Math.sin(i)),
  );
  it.each([[[1, 28, 28]], [[1, 784, 1]], [[1, 1, 784]], [[16, 7, 7]]])('%j', async (shape) => {
    const file = join(folder, 'mnistfc.pt');
    writeFileSync(file, torchZip({ 'fc.weight': weights }));
    const card = { name: 'm', checkpoint: file, input: { shape }, classes: 2 };
    const model = await openModel(card, engine);
    const { logits } = await model.forward({ n: 1, pixels: new Float32Array(784).fill(1) });
    await model.close();
    let sum = 0;
    for (let i = 0; i < 784; i++) sum += Math.sin(i);
    expect(logits?.[0]).toBeCloseTo(sum, 4);
  });
});
