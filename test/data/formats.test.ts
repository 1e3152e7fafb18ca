import { existsSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import type { DatasetSpec } from '../../src/data/spec.js';
import { bytes, errorOf, idx, levels, npy, put, readAll, temporaryFolder } from './files.js';

const directory = temporaryFolder();

describe('.npy files', () => {
  it.each([
    ['images.npy', 'labels.npy'],
    ['x_test.npy', 'y_test.npy'],
    ['test-images.npy', 'test-labels.npy'],
    ['X.npy', 'y.npy'],
  ])('%s goes with %s', async (images, labels) => {
    const path = `npy-${images[0]}${images.length}/${images}`;
    put(directory, path, npy([3, 2, 2], bytes(12)));
    expect((await readAll(directory, { path })).labels).toBeUndefined();
    put(directory, path.replace(images, labels), npy([3], Uint8Array.of(1, 0, 2)));
    expect(await readAll(directory, { path })).toMatchObject({ labels: Int32Array.of(1, 0, 2), n: 3 });
    expect((await readAll(directory, { path, labels: false })).labels).toBeUndefined();
  });

  it('take labels from a file that is named, from where the run file is', async () => {
    put(directory, 'sub/a.npy', npy([2, 2, 2], bytes(8)));
    put(directory, 'b.npy', npy([2], Uint8Array.of(4, 5)));
    const all = await readAll(directory, { path: 'sub/a.npy', labels: 'b.npy' });
    expect(all.labels).toEqual(Int32Array.of(4, 5));
    const error = await errorOf(readAll(directory, { path: 'sub/a.npy', labels: 'absent.npy' }));
    expect(error.details.file).toMatch(/absent\.npy$/);
  });
});

describe('IDX files', () => {
  const images = idx([3, 2, 2], bytes(12));
  const labels = idx([3], Uint8Array.of(7, 0, 9));

  it.each([
    ['t10k-images-idx3-ubyte', 't10k-labels-idx1-ubyte', false, false],
    ['train-images.idx3-ubyte', 'train-labels.idx1-ubyte', false, false],
    ['emnist-letters-test-images-idx3-ubyte.gz', 'emnist-letters-test-labels-idx1-ubyte.gz', true, true],
    ['t10k-images-idx3-ubyte.gz', 't10k-labels-idx1-ubyte', true, false],
  ])('%s goes with %s', async (image, label, imageZipped, labelZipped) => {
    const folder = `idx-${image.length}-${imageZipped}`;
    put(directory, `${folder}/${image}`, imageZipped ? gzipSync(images) : images);
    put(directory, `${folder}/${label}`, labelZipped ? gzipSync(labels) : labels);
    const all = await readAll(directory, { path: `${folder}/${image}` });
    expect(all.info).toMatchObject({ shape: [1, 2, 2], size: 3, labelled: true });
    expect(levels(all)).toEqual([...bytes(12)]);
    expect(all.labels).toEqual(Int32Array.of(7, 0, 9));
  });

  it('of floats are big-endian', async () => {
    const data = Buffer.alloc(16);
    for (const [i, value] of [0, 0.5, 0.25, 1].entries()) data.writeFloatBE(value, 4 * i);
    put(directory, 'floats.idx', idx([1, 2, 2], data, 13));
    expect(Array.from((await readAll(directory, { path: 'floats.idx' })).pixels)).toEqual([0, 0.5, 0.25, 1]);
  });

  it.each<[string, Uint8Array, RegExp]>([
    ['cut off', images.subarray(0, images.length - 1), /cut off/],
    ['too long', Buffer.concat([images, Buffer.alloc(1)]), /after the array/],
    ['an absurd shape', idx([0xffffffff, 0xffffffff, 0xffffffff], bytes(12)), /cut off/],
    ['another type', idx([3, 2, 2], bytes(12), 10), /not an IDX/],
    ['labels in place of images', labels, /does not hold images/],
    ['a damaged gzip stream', gzipSync(images).subarray(0, 20), /compressed data is damaged/],
    [
      'a wrong checksum',
      gzipSync(images).map((v, i, { length }) => (i === length - 8 ? v ^ 1 : v)),
      /compressed data is damaged/,
    ],
  ])('%s: refused', async (_, content, message) => {
    put(directory, 'bad/bad.idx', content);
    const error = await errorOf(readAll(directory, { path: 'bad/bad.idx', format: 'idx' }));
    expect(error.message).toMatch(message);
    expect(error.details.file).toMatch(/bad\.idx$/);
  });

  it('every truncation', async () => {
    for (let length = 0; length < images.length; length++) {
      put(directory, 'bad/short.idx', images.subarray(0, length));
      expect((await errorOf(readAll(directory, { path: 'bad/short.idx' }))).code).toBe('file-malformed');
    }
  });
});

describe('CIFAR', () => {
  const record = (labels: number[], from: number) => Buffer.concat([Buffer.from(labels), bytes(3072, from)]);
  const ten = Buffer.concat([record([3], 1), record([9], 2), record([0], 3)]);
  const hundred = Buffer.concat([record([4, 99], 1), record([19, 0], 2)]);

  it('10 from a file or a folder, with names where they are', async () => {
    put(directory, 'c10/test_batch.bin', ten);
    const all = await readAll(directory, { path: 'c10/test_batch.bin' });
    expect(all.info).toMatchObject({ size: 3, shape: [3, 32, 32], highestLabel: { label: 9, example: 1 } });
    expect(all.info.classes).toBeUndefined();
    expect(all.labels).toEqual(Int32Array.of(3, 9, 0));
    expect(levels(all)).toEqual([1, 2, 3].flatMap((from) => [...bytes(3072, from)]));
    put(directory, 'c10/batches.meta.txt', 'a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n');
    expect((await readAll(directory, { path: 'c10' })).info.classes).toEqual([...'abcdefghij']);
  });

  it('10 for training is five files in a row', async () => {
    for (let i = 1; i <= 5; i++) put(directory, `train/data_batch_${i}.bin`, record([i], i).subarray(0));
    const all = await readAll(directory, { path: 'train', split: 'train', offset: 1, limit: 3 });
    expect(all.labels).toEqual(Int32Array.of(2, 3, 4));
    expect(levels(all)).toEqual([2, 3, 4].flatMap((from) => [...bytes(3072, from)]));
    expect((await errorOf(readAll(directory, { path: 'train' }))).details.file).toMatch(/test_batch\.bin$/);
  });

  it.each<[DatasetSpec['labels'], number[] | undefined]>([
    [undefined, [99, 0]],
    ['fine', [99, 0]],
    ['coarse', [4, 19]],
    [false, undefined],
  ])('100 with labels %s', async (labels, expected) => {
    put(directory, 'c100/test.bin', hundred);
    const all = await readAll(directory, { path: 'c100', labels });
    expect(all.labels).toEqual(expected && Int32Array.from(expected));
    expect(levels(all)).toEqual([1, 2].flatMap((from) => [...bytes(3072, from)]));
  });

  it.each<[string, Uint8Array, Partial<DatasetSpec>, RegExp]>([
    ['cut off', ten.subarray(0, 9000), {}, /not a file of CIFAR-10/],
    ['empty', new Uint8Array(), {}, /not a file of CIFAR-10/],
    ['a label of 10', record([10], 0), {}, /not a class number/],
    ['CIFAR-10 read as CIFAR-100', ten, { format: 'cifar-100' }, /not a file of CIFAR-100/],
    ['coarse labels of CIFAR-10', ten, { labels: 'coarse' }, /kind of labels/],
  ])('%s: refused', async (_, content, more, message) => {
    put(directory, 'bad10/test_batch.bin', content);
    const error = await errorOf(readAll(directory, { path: 'bad10/test_batch.bin', ...more }));
    expect(error.message).toMatch(message);
    expect(error.details.file).toMatch(/test_batch\.bin$/);
  });

  it('names that do not fit are refused', async () => {
    put(directory, 'names/test_batch.bin', ten);
    put(directory, 'names/batches.meta.txt', 'a\nb\n');
    expect((await errorOf(readAll(directory, { path: 'names' }))).details.file).toMatch(
      /batches\.meta\.txt$/,
    );
  });
});

describe('folders of images', () => {
  const image = (data: Uint8Array, width: number, height: number, channels: 1 | 2 | 3 | 4) =>
    sharp(data, { raw: { width, height, channels } });
  const greyPng = (from: number, width = 4, height = 2) =>
    image(bytes(width * height, from), width, height, 1)
      .toColourspace('b-w')
      .png()
      .toBuffer();
  const rgb = (from: number) => image(bytes(24, from), 4, 2, 3);

  it('grey PNG, a class per subfolder by name', async () => {
    put(directory, 'grey/b/2.png', await greyPng(3));
    put(directory, 'grey/b/1.PNG', await greyPng(2));
    put(directory, 'grey/a/9.png', await greyPng(1));
    put(directory, 'grey/.hidden/x.txt', 'hidden');
    put(directory, 'grey/a/notes.txt', 'not an image');
    const all = await readAll(directory, { path: 'grey' });
    expect(all.info).toMatchObject({ shape: [1, 2, 4], size: 3, classes: ['a', 'b'], labelled: true });
    expect(all.info.note).toMatch(/libvips \d/);
    expect(all.labels).toEqual(Int32Array.of(0, 1, 1));
    expect(levels(all)).toEqual([1, 2, 3].flatMap((from) => [...bytes(8, from)]));
    const { info, labels } = await readAll(directory, { path: 'grey', labels: false });
    expect([info.labelled, info.classes, labels]).toEqual([false, undefined, undefined]);
  });

  it('colour PNG without subfolders have no labels', async () => {
    put(directory, 'rgb/1.png', await rgb(1).png().toBuffer());
    put(directory, 'rgb/2.png', await rgb(2).ensureAlpha().png().toBuffer());
    const all = await readAll(directory, { path: 'rgb', role: 'ood' });
    expect(all.info).toMatchObject({ shape: [3, 2, 4], labelled: false });
    const expected = [1, 2].flatMap((from) =>
      [0, 1, 2].flatMap((c) => Array.from({ length: 8 }, (_, p) => bytes(24, from)[3 * p + c])),
    );
    expect(levels(all)).toEqual(expected);
  });

  it('JPEG, decoded near what was encoded', async () => {
    const flat = new Uint8Array(16 * 16 * 3).map((_, i) => [200, 100, 50][i % 3]!);
    put(directory, 'jpeg/a/1.jpg', await image(flat, 16, 16, 3).jpeg({ quality: 100 }).toBuffer());
    const { info, pixels } = await readAll(directory, { path: 'jpeg' });
    expect(info.shape).toEqual([3, 16, 16]);
    for (let c = 0; c < 3; c++)
      for (let p = 0; p < 256; p++) expect(Math.abs(255 * pixels[256 * c + p]! - flat[c]!)).toBeLessThan(2.5);
  });

  it('of several sizes and kinds, when the spec says what to make of them', async () => {
    put(directory, 'mixed/a/1.png', await greyPng(1));
    put(directory, 'mixed/a/2.png', await greyPng(1, 3, 5));
    put(directory, 'mixed/a/3.png', await rgb(1).png().toBuffer());
    const all = await readAll(directory, { path: 'mixed', resize: [6, 5], channels: 3 });
    expect(all.info.shape).toEqual([3, 6, 5]);
    expect(all.info.note).toMatch(/resized/);
    // Grey made RGB has three equal planes.
    expect(all.pixels.slice(0, 30)).toEqual(all.pixels.slice(30, 60));
    expect((await readAll(directory, { path: 'mixed', resize: [6, 5], channels: 1 })).info.shape).toEqual([
      1, 6, 5,
    ]);
  });

  it('of flat colour keep it when resized', async () => {
    const flat = new Uint8Array(64).fill(77);
    put(directory, 'flat/1.png', await image(flat, 8, 8, 1).toColourspace('b-w').png().toBuffer());
    const all = await readAll(directory, { path: 'flat', resize: [3, 5] });
    expect(levels(all)).toEqual(Array(15).fill(77));
  });

  it.each<[string, Record<string, () => Promise<Uint8Array> | Uint8Array | string>, RegExp, RegExp]>([
    [
      'another size',
      { 'a/1.png': () => greyPng(1), 'a/2.png': () => greyPng(1, 5, 5) },
      /another size/,
      /2\.png$/,
    ],
    [
      'other channels',
      { '1.png': () => greyPng(1), '2.png': () => rgb(1).png().toBuffer() },
      /other channels/,
      /2\.png$/,
    ],
    ['no image in the first file', { '1.png': () => 'words' }, /cannot be decoded/, /1\.png$/],
    [
      'no image in a later file',
      { '1.png': () => greyPng(1), '2.png': () => 'words' },
      /cannot be decoded/,
      /2\.png$/,
    ],
    [
      'half an image',
      { '1.png': () => greyPng(1), '2.png': async () => (await greyPng(1)).subarray(0, 60) },
      /cannot be decoded/,
      /2\.png$/,
    ],
    ['WebP in disguise', { '1.png': () => rgb(1).webp().toBuffer() }, /not read/, /1\.png$/],
    ['WebP', { '1.webp': () => rgb(1).webp().toBuffer() }, /not read/, /1\.webp$/],
    ['a class without images', { 'a/1.png': () => greyPng(1), 'b/x.txt': () => 'x' }, /no images/, /b$/],
    [
      'images beside classes',
      { '1.png': () => greyPng(1), 'b/1.png': () => greyPng(1) },
      /beside/,
      /1\.png$/,
    ],
    ['a folder above the classes', { 'train/a/1.png': () => greyPng(1) }, /no images/, /train$/],
    ['no images', { 'x.txt': () => 'x' }, /empty/, /\d$/],
  ])('%s: refused', async (name, files, message, file) => {
    const path = `bad-${name.replaceAll(' ', '-')}-1`;
    for (const [key, make] of Object.entries(files)) put(directory, `${path}/${key}`, await make());
    const error = await errorOf(readAll(directory, { path }));
    expect(error.message).toMatch(message);
    expect(error.details.file).toMatch(file);
  });

  it('an empty folder', async () => {
    put(directory, 'empty/x/y.txt', '');
    expect(existsSync(`${directory}/empty/x`)).toBe(true);
    expect((await errorOf(readAll(directory, { path: 'empty' }))).code).toBe('data-invalid');
  });
});
