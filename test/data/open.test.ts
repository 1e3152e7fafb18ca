import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NumberArray } from '../../src/data/arrays/nd-array.js';
import { encodeNpz } from '../../src/data/arrays/npz.js';
import { openDataset } from '../../src/data/open.js';
import type { DatasetSpec } from '../../src/data/spec.js';
import { bytes, errorOf, levels, npy, put, readAll, temporaryFolder } from './files.js';

const directory = temporaryFolder();
type Arrays = Record<string, [number[], NumberArray]>;

/** Writes an archive and gives the spec of it. */
function npz(name: string, arrays: Arrays, compress = true): DatasetSpec {
  const named = Object.fromEntries(
    Object.entries(arrays).map(([key, [shape, data]]) => [key, { shape, data }]),
  );
  put(directory, name, encodeNpz(named, { compress }));
  return { path: name };
}

const grey: [number[], NumberArray] = [[6, 2, 3], bytes(36)];
const labels: [number[], NumberArray] = [[6], Int32Array.of(0, 1, 2, 2, 1, 0)];

describe('a data set', () => {
  it('says what is known of it', async () => {
    const spec = { ...npz('info.npz', { images: grey, labels }), role: 'ood', distance: 'near' } as const;
    const { info } = await readAll(directory, { ...spec, limit: 5 });
    expect(info).toEqual({
      name: 'set',
      role: 'ood',
      distance: 'near',
      size: 5,
      shape: [1, 2, 3],
      labelled: true,
      highestLabel: { label: 2, example: 2 },
      fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
      path: 'info.npz',
      part: 'images',
      note: 'the first 5 of 6 examples; NumPy archive (.npz), u1 in [0, 255], grey',
    });
  });

  it.each([true, false])('gives any range as the whole has it (compressed: %s)', async (compress) => {
    const spec = npz('ranges.npz', { x: [[40, 2, 3], bytes(240)], y: [[40], bytes(40)] }, compress);
    const dataset = await openDataset(
      'set',
      { ...spec, offset: 3, sample: { n: 20, seed: 1 } },
      { directory },
    );
    const whole = await dataset.read(0, 20);
    await fc.assert(
      fc.asyncProperty(fc.nat(20), fc.nat(20), async (a, b) => {
        const [start, end] = [Math.min(a, b), Math.max(a, b)];
        expect(await dataset.read(start, end)).toEqual({
          n: end - start,
          indices: whole.indices.slice(start, end),
          pixels: whole.pixels.slice(6 * start, 6 * end),
          labels: whole.labels?.slice(start, end),
        });
      }),
    );
    await expect(dataset.read(0, 21)).rejects.toThrow(RangeError);
    await dataset.close();
  });

  it('keeps the positions of the source', async () => {
    const spec = npz('positions.npz', {
      x: [[40, 1, 2], bytes(80)],
      y: [[40], Uint8Array.from(bytes(40).keys())],
    });
    const { indices, labels, pixels } = await readAll(directory, { ...spec, sample: { n: 7, seed: 5 } });
    expect(Array.from(labels ?? [])).toEqual(Array.from(indices));
    expect(levels({ pixels })).toEqual(
      Array.from(indices).flatMap((i) => [...bytes(80).subarray(2 * i, 2 * i + 2)]),
    );
  });

  it('reads ranges that overlap in time', async () => {
    const spec = npz('overlap.npz', { x: [[64, 4, 4], bytes(1024)] }, false);
    const dataset = await openDataset('set', spec, { directory });
    const parts = await Promise.all(Array.from({ length: 64 }, (_, i) => dataset.read(i, i + 1)));
    expect(parts.flatMap(levels)).toEqual([...bytes(1024)]);
    await dataset.close();
  });
});

describe('fingerprints', () => {
  const of = async (spec: DatasetSpec) => (await readAll(directory, spec)).info.fingerprint;

  it('are equal for equal examples, however they are stored and called', async () => {
    const float = Float32Array.from(grey[1] as Uint8Array, (v) => v / 255);
    put(directory, 'images.npy', npy(...grey));
    put(directory, 'labels.npy', npy(...labels));
    const first = await of(npz('a.npz', { x: grey, y: labels }));
    expect(await of(npz('b.npz', { images: [[6, 2, 3, 1], float], labels }, false))).toBe(first);
    expect(await of({ path: 'images.npy' })).toBe(first);
  });

  it('differ when anything does', async () => {
    const changed = Uint8Array.from(grey[1] as Uint8Array);
    changed[35]! ^= 1;
    const a = npz('a.npz', { x: grey, y: labels });
    const others: DatasetSpec[] = [
      { ...a, limit: 5 },
      { ...a, offset: 1 },
      { ...a, labels: false },
      { ...a, range: [0, 256] },
      npz('pixel.npz', { x: [[6, 2, 3], changed], y: labels }),
      npz('label.npz', { x: grey, y: [[6], Int32Array.of(0, 1, 2, 2, 1, 1)] }),
      npz('shape.npz', { x: [[6, 3, 2], bytes(36)], y: labels }),
    ];
    const all = [await of(a)];
    for (const other of others) all.push(await of(other));
    expect(new Set(all).size).toBe(all.length);
  });
});

describe('names in an archive', () => {
  const x = grey;
  const y = labels;
  const other: [number[], NumberArray] = [[6, 2, 3], bytes(36, 9)];
  it.each<[string, Arrays, Partial<DatasetSpec>, 'x' | 'other', boolean]>([
    ['x and y', { x, y }, {}, 'x', true],
    ['capitals', { X: x, y }, {}, 'x', true],
    ['images and targets', { images: x, targets: y }, {}, 'x', true],
    ['data and label', { data: x, label: y }, {}, 'x', true],
    ['a part in the name', { x_test: x, y_test: y }, {}, 'x', true],
    ['a part before the name', { test_images: x, test_labels: y }, {}, 'x', true],
    ['an odd name beside labels', { pixels: x, y }, {}, 'x', true],
    ['one array alone', { arr_0: x }, {}, 'x', false],
    ['names that were given', { a: x, b: other, c: y }, { images: 'b', labels: 'c' }, 'other', true],
    [
      'a part that was given',
      { x_train: x, y_train: y, x_test: other, y_test: y },
      { images: 'x_test' },
      'other',
      true,
    ],
    ['labels that are not wanted', { x, y }, { labels: false }, 'x', false],
  ])('%s', async (_, arrays, more, which, labelled) => {
    const all = await readAll(directory, { ...npz('names.npz', arrays), ...more });
    expect(levels(all)).toEqual([...((which === 'x' ? x : other)[1] as Uint8Array)]);
    expect(all.labels).toEqual(labelled ? y[1] : undefined);
  });

  it.each<[string, Arrays, Partial<DatasetSpec>, RegExp, RegExp]>([
    ['several arrays of images', { x_test: x, x_train: x }, {}, /several arrays.*images/, /x_test, x_train/],
    ['several odd names', { a: x, b: x }, {}, /several arrays.*images/, /a, b/],
    ['no images', { y }, {}, /no array.*images/, /arrays y/],
    ['several arrays of labels', { pixels: x, y, labels: y }, {}, /several arrays.*labels/, /y, labels/],
  ])('%s are refused', async (_, arrays, more, message, found) => {
    const error = await errorOf(readAll(directory, { ...npz('names.npz', arrays), ...more }));
    expect(error.message).toMatch(message);
    expect(error.details.found).toMatch(found);
    expect(error.details.hint).toMatch(/name it/);
  });

  it('an absent name is refused with a guess', async () => {
    const error = await errorOf(readAll(directory, { ...npz('names.npz', { x_test: x }), images: 'x_tset' }));
    expect(error).toMatchObject({ code: 'unknown-name', details: { hint: 'did you mean "x_test"?' } });
  });
});

describe('layouts', () => {
  const count = (shape: number[]) => shape.reduce((a, b) => a * b, 1);
  it.each<[number[], DatasetSpec['layout'], number[]]>([
    [[2, 4, 5], undefined, [1, 4, 5]],
    [[2, 3, 4, 5], undefined, [3, 4, 5]],
    [[2, 1, 4, 5], undefined, [1, 4, 5]],
    [[2, 4, 5, 3], undefined, [3, 4, 5]],
    [[2, 4, 5, 1], undefined, [1, 4, 5]],
    [[2, 4, 5, 6], 'NCHW', [4, 5, 6]],
    [[2, 4, 5, 6], 'NHWC', [6, 4, 5]],
    [[2, 3, 8, 3], 'NHWC', [3, 3, 8]],
  ])('%j with layout %s is %j', async (shape, layout, expected) => {
    const data = bytes(count(shape));
    const { info, pixels } = await readAll(directory, { ...npz('layout.npz', { x: [shape, data] }), layout });
    expect(info.shape).toEqual(expected);
    const [channels, height, width] = expected as [number, number, number];
    const last = shape.length === 4 && shape[3] === channels && (layout ?? 'NHWC') === 'NHWC';
    const at = (i: number, c: number, p: number) =>
      last ? (i * height * width + p) * channels + c : (i * channels + c) * height * width + p;
    for (let i = 0; i < 2; i++)
      for (let c = 0; c < channels; c++)
        for (let p = 0; p < height * width; p++)
          expect(pixels[(i * channels + c) * height * width + p]).toBe(Math.fround(data[at(i, c, p)]! / 255));
  });

  it.each<[string, number[], RegExp]>([
    ['both fit', [2, 3, 8, 3], /both layouts/],
    ['both fit a grey image', [2, 1, 8, 3], /both layouts/],
    ['none fits', [2, 4, 5, 6], /no layout/],
    ['flat', [2, 20], /does not hold images/],
    ['video', [2, 3, 4, 5, 6], /does not hold images/],
    ['no pixels', [2, 0, 5], /no pixels/],
  ])('%s: refused', async (_, shape, message) => {
    const error = await errorOf(readAll(directory, npz('layout.npz', { x: [shape, bytes(count(shape))] })));
    expect(error.message).toMatch(message);
    expect(error.details).toMatchObject({ file: expect.stringContaining('layout.npz'), path: 'x.npy' });
  });
});

describe('ranges', () => {
  const read = (data: NumberArray, range?: number[]) =>
    readAll(directory, { ...npz('range.npz', { x: [[data.length, 1, 1], data] }), range });

  it.each<[string, NumberArray, number[] | undefined, number[]]>([
    ['bytes', Uint8Array.of(0, 51, 255), undefined, [0, 0.2, 1]],
    ['floats', Float32Array.of(0, 0.25, 1), undefined, [0, 0.25, 1]],
    ['doubles', Float64Array.of(0, 0.25, 1), undefined, [0, 0.25, 1]],
    ['floats from -1', Float32Array.of(-1, 0, 1), [-1, 1], [0, 0.5, 1]],
    ['floats to 255', Float32Array.of(0, 51, 255), [0, 255], [0, 0.2, 1]],
    ['bits as bytes', Uint8Array.of(0, 1), [0, 1], [0, 1]],
    ['16 bits', Uint16Array.of(0, 13107, 65535), [0, 65535], [0, 0.2, 1]],
    ['64 bits', BigInt64Array.of(0n, 255n), [0, 255], [0, 1]],
    ['a bound that is no float32', Float32Array.of(-2.1, 2.64), [-2.1, 2.64], [0, 1]],
  ])('%s', async (_, data, range, expected) => {
    const { pixels } = await read(data, range);
    expect(Array.from(pixels)).toEqual(expected.map(Math.fround));
  });

  it.each<[string, NumberArray, number[] | undefined, RegExp, RegExp]>([
    ['floats below 0', Float32Array.of(0, 0.5, -1), undefined, /outside/, /range: \[-1, 1\]/],
    ['floats above 1', Float32Array.of(0, 0.5, 200), undefined, /outside/, /range: \[0, 255\]/],
    ['a hair above 1', Float32Array.of(0, 0.5, 1.0000001), undefined, /outside/, /range/],
    [
      'normalised floats',
      Float32Array.of(2.6, 0.5, -2.1),
      undefined,
      /outside/,
      /before they are normalised/,
    ],
    ['beyond the range given', Float32Array.of(0, 0.5, -1.5), [-1, 1], /outside/, /normalised/],
    ['NaN', Float32Array.of(0, Number.NaN, 1), undefined, /not a finite/, /repair/],
    ['infinity', Float64Array.of(0, Number.POSITIVE_INFINITY, 1), undefined, /not a finite/, /repair/],
    ['NaN in a range', Float32Array.of(0, Number.NaN, 1), [-1, 1], /not a finite/, /repair/],
    ['integers of unknown meaning', Uint16Array.of(0, 1), undefined, /not known/, /range/],
    ['an empty range', Float32Array.of(0, 1), [1, 1], /empty/, /./],
    ['bits as bytes', Uint8Array.of(0, 1, 1), undefined, /nearly black/, /range: \[0, 1\]/],
  ])('%s: refused', async (_, data, range, message, hint) => {
    const error = await errorOf(read(data, range));
    expect(error.message).toMatch(message);
    expect(`${error.details.hint}${error.details.expected}`).toMatch(hint);
  });

  it('name the example and its value', async () => {
    const error = await errorOf(read(Float32Array.of(0.1, 0.2, 0.3, 1.5, 0.4)));
    expect(error.details).toMatchObject({ path: 'x.npy, example 3', found: expect.stringMatching(/^1\.5 /) });
  });

  it('are looked through in what is selected, before anything is measured', async () => {
    const spec = npz('late.npz', { x: [[4, 1, 1], Float32Array.of(0.5, 0.5, 0.5, 7)] });
    expect((await readAll(directory, { ...spec, limit: 3 })).n).toBe(3);
    await errorOf(openDataset('set', spec, { directory }));
  });
});

describe('labels', () => {
  const read = (shape: number[], data: NumberArray) =>
    readAll(directory, npz('labels.npz', { x: [[3, 1, 2], bytes(6)], y: [shape, data] }));

  it.each<[string, number[], NumberArray]>([
    ['64-bit integers', [3], BigInt64Array.of(2n, 0n, 1n)],
    ['bytes', [3], Uint8Array.of(2, 0, 1)],
    ['floats without fraction', [3], Float64Array.of(2, 0, 1)],
    ['a column', [3, 1], Int32Array.of(2, 0, 1)],
  ])('%s', async (_, shape, data) => {
    expect((await read(shape, data)).labels).toEqual(Int32Array.of(2, 0, 1));
  });

  it.each<[string, number[], NumberArray, RegExp, RegExp]>([
    ['one-hot rows', [3, 2], bytes(6), /not class numbers/, /argmax/],
    ['too few', [2], Uint8Array.of(0, 1), /one label per image/, /same part/],
    ['too many', [4], Uint8Array.of(0, 1, 2, 3), /one label per image/, /same part/],
    ['negative', [3], Int32Array.of(0, -1, 0), /not a class number/, /labels: false/],
    ['fractions', [3], Float32Array.of(0, 0.5, 1), /not a class number/, /./],
    ['NaN', [3], Float32Array.of(0, Number.NaN, 1), /not a class number/, /./],
    ['absurd', [3], BigInt64Array.of(0n, 2n ** 60n, 0n), /not a class number/, /./],
    ['a single number', [], Uint8Array.of(1), /not class numbers/, /./],
  ])('%s: refused', async (_, shape, data, message, hint) => {
    const error = await errorOf(read(shape, data));
    expect(error.code).toBe('data-invalid');
    expect(error.message).toMatch(message);
    expect(error.details.hint ?? '-').toMatch(hint);
    expect(error.details.path).toMatch(/^y\.npy/);
  });
});

describe('paths', () => {
  it.each<[string, string, Uint8Array | string | undefined, string]>([
    ['no file', 'absent.npz', undefined, 'file-unreadable'],
    ['an empty file', 'empty.npz', '', 'file-malformed'],
    ['another format', 'text.npz', 'just some words, no data', 'file-malformed'],
    [
      'a number of nothing',
      'none.npz',
      encodeNpz({ x: { shape: [0, 2, 2], data: new Uint8Array() } }),
      'data-invalid',
    ],
  ])('%s: refused', async (_, name, content, code) => {
    if (content !== undefined) put(directory, name, content);
    const error = await errorOf(readAll(directory, { path: name }));
    expect(error.code).toBe(code);
    expect(error.details.file).toContain(name);
  });

  it('of a format that is not theirs are refused by that format', async () => {
    const { path } = npz('really.npz', { x: grey });
    for (const format of ['npy', 'idx', 'cifar-10', 'cifar-100', 'folder'] as const)
      expect((await errorOf(readAll(directory, { path, format }))).details.file).toContain('really.npz');
  });
});
