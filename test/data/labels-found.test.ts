import { zipSync } from 'fflate';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { openArrayFile } from '../../src/data/arrays/array-file.js';
import { encodeNpz } from '../../src/data/arrays/npz.js';
import { openDataset } from '../../src/data/open.js';
import { bytes, errorOf, npy, put, readAll, temporaryFolder } from './files.js';

const directory = temporaryFolder();

describe('classes by name', () => {
  const png = (from: number) =>
    sharp(bytes(4, from), { raw: { width: 2, height: 2, channels: 1 } })
      .png()
      .toBuffer();

  const labelsOf = async (names: string[], classes: string[], role: 'test' | 'ood' = 'test') => {
    const path = `names-${names.join('-')}-${role}`;
    for (const name of names) put(directory, `${path}/${name}/1.png`, await png(name.length));
    const set = await openDataset('set', { path, role }, { directory, classes });
    return { ...set.info, labels: [...((await set.read(0, names.length)).labels ?? [])] };
  };

  it('that are missing do not shift the others, and are told of', async () => {
    const found = await labelsOf(['c0', 'c2', 'c3'], ['c0', 'c1', 'c2', 'c3']);
    expect(found).toMatchObject({
      labels: [0, 2, 3],
      absentClasses: ['c1'],
      classes: ['c0', 'c1', 'c2', 'c3'],
    });
  });

  it('in another order are put into that of the models', async () => {
    expect((await labelsOf(['cat', 'dog', 'owl'], ['owl', 'cat', 'dog'])).labels).toEqual([1, 2, 0]);
  });

  it('that the models do not know leave the labels as they are, as does role: ood', async () => {
    expect(await labelsOf(['cat', 'elk'], ['dog', 'cat'])).toMatchObject({
      labels: [0, 1],
      classes: ['cat', 'elk'],
    });
    expect((await labelsOf(['a', 'b'], ['b', 'a'], 'ood')).labels).toEqual([0, 1]);
  });
});

describe('labels of CIFAR-10-C', () => {
  it('lie beside the files of corruptions', async () => {
    put(directory, 'c/labels.npy', npy([10], Uint8Array.of(0, 1, 0, 1, 0, 1, 0, 1, 1, 0)));
    put(directory, 'c/fog.npy', npy([10, 2, 2, 3], bytes(120)));
    expect((await readAll(directory, { path: 'c/fog.npy', offset: 8 })).labels).toEqual(Int32Array.of(1, 0));
    expect((await readAll(directory, { path: 'c/fog.npy', labels: false })).labels).toBeUndefined();
  });

  it('are repeated where they are a fifth of the images, and `severity` takes a block', async () => {
    put(directory, 'five/labels.npy', npy([2], Uint8Array.of(0, 1)));
    put(directory, 'five/snow.npy', npy([10, 2, 2, 3], bytes(120)));
    const found = await readAll(directory, { path: 'five/snow.npy', severity: 4 });
    expect([...found.indices]).toEqual([6, 7]);
    expect(found.labels).toEqual(Int32Array.of(0, 1));
    expect(found.info.note).toMatch(/labels of labels.npy, repeated for each of five severities/);
  });

  it('lie beside files of any name, and must be as many', async () => {
    put(directory, 'd/labels.npy', npy([2], Uint8Array.of(0, 1)));
    put(directory, 'd/mine.npy', npy([2, 2, 2, 3], bytes(24)));
    put(directory, 'd/snow.npy', npy([3, 2, 2, 3], bytes(36)));
    expect((await readAll(directory, { path: 'd/mine.npy' })).labels).toEqual(Int32Array.of(0, 1));
    const error = await errorOf(readAll(directory, { path: 'd/snow.npy' }));
    expect(error.details).toMatchObject({
      expected: expect.stringMatching(/^3 /),
      found: '2 in labels.npy',
    });
    expect((await readAll(directory, { path: 'd/snow.npy', role: 'ood' })).labels).toBeUndefined();
    expect((await errorOf(readAll(directory, { path: 'd/mine.npy', severity: 1 }))).message).toMatch(
      /five severities/,
    );
  });
});

describe('archives of other kinds', () => {
  it('without arrays are told of, and what to save instead', async () => {
    put(directory, 'images.zip', zipSync({ 'images/1.png': bytes(9) }));
    const error = await errorOf(readAll(directory, { path: 'images.zip' }));
    expect(error.message).toBe('the archive holds no NumPy arrays');
    expect(error.details.hint).toMatch(/numpy\.savez/);
  });

  it('with confidences are no logits', async () => {
    const row = { shape: [3], data: Float32Array.of(0.5, 0.6, 0.7) };
    put(directory, 'openood.npz', encodeNpz({ conf: row, pred: row, label: row }));
    const error = await errorOf(openArrayFile('openood.npz', 'logits', directory));
    expect(error.message).toBe('the archive holds confidences, not logits');
    const labels = await openArrayFile('openood.npz', 'labels', directory);
    expect(labels.written).toBe('openood.npz:label');
    await labels.close();
  });
});

describe('archives of several parts', () => {
  const part = { shape: [2, 2, 2], data: bytes(8) };
  const label = { shape: [2, 1], data: Uint8Array.of(1, 0) };
  it.each([
    ['test', 'test_images'],
    ['ood', 'test_images'],
    ['validation', 'val_images'],
  ] as const)('propose for role %s what works: %s', async (role, name) => {
    const arrays = { train_images: part, val_images: part, test_images: part };
    const labels = { train_labels: label, val_labels: label, test_labels: label };
    put(directory, 'med.npz', encodeNpz({ ...arrays, ...labels }));
    const error = await errorOf(readAll(directory, { path: 'med.npz', role }));
    expect(error.details.hint).toBe(`name it: \`images: ${name}\``);
    const all = await readAll(directory, { path: 'med.npz', role, images: name });
    expect(all.labels).toEqual(Int32Array.of(1, 0));
  });
});
