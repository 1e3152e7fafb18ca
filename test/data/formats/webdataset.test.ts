import { rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import type { DatasetSpec } from '../../../src/data/spec.js';
import { type Packing, pax, tarOf } from '../../tar.js';
import { bytes, errorOf, levels, npy, put, readAll, temporaryFolder } from '../files.js';

const directory = temporaryFolder();

const encode = (format: 'png' | 'jpeg', from: number, channels: 1 | 3 = 3, side = 4) =>
  sharp(bytes(side * side * channels, from), { raw: { width: side, height: side, channels } })
    .toColourspace(channels === 1 ? 'b-w' : 'srgb')
    [format]()
    .toBuffer();

/** Members of an example with a label. */
const example = async (key: string, label: number | string, from = 0): Promise<Packing[]> => [
  { name: `${key}.png`, content: await encode('png', from) },
  { name: `${key}.cls`, content: String(label) },
];

const shards = (
  folder: string,
  contents: readonly Uint8Array[],
  name = (i: number) => `shard-${String(i).padStart(3, '0')}.tar`,
) => contents.map((content, i) => put(directory, `${folder}/${name(i)}`, content));

describe('shards', () => {
  it('are the same data set as the images in a folder, however they are cut and compressed', async () => {
    let run = 0;
    const images = await Promise.all(
      Array.from({ length: 12 }, async (_, i) => ({
        extension: i % 3 === 0 ? 'jpg' : 'png',
        content: await encode(i % 3 === 0 ? 'jpeg' : 'png', 20 * i),
      })),
    );
    const cuts = fc.uniqueArray(fc.integer({ min: 1, max: 11 }), { maxLength: 4 });
    const counts = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(cuts, counts, fc.boolean(), fc.boolean(), async (cuts, counts, packed, deep) => {
        const labels = counts.flatMap((n, label) => Array<number>(n).fill(label));
        const [folder, tars] = [`equal/${run}/folder`, `equal/${run}/tars`];
        run++;
        const members = labels.map((label, i) => {
          const { extension, content } = images[i]!;
          const key = `${deep ? `part/${label}/` : ''}${String(i).padStart(4, '0')}`;
          put(directory, `${folder}/${label}/${String(i).padStart(4, '0')}.${extension}`, content);
          const named: Packing[] = deep
            ? [pax({ path: `${key}.${extension}` }), { name: 'cut', content }]
            : [{ name: `${key}.${extension}`, content }];
          return [
            ...named,
            { name: `${key}.cls`, content: `${label}\n` },
            { name: `${key}.json`, content: '{}' },
          ];
        });
        const edges = [0, ...cuts.filter((at) => at < labels.length).sort((a, b) => a - b), labels.length];
        const archives = edges
          .slice(1)
          .map((end, i) =>
            tarOf([{ name: '__meta__.json', content: '{}' }, ...members.slice(edges[i], end).flat()]),
          );
        shards(
          tars,
          packed ? archives.map((tar) => gzipSync(tar)) : archives,
          (i) => `s-${String(i).padStart(2, '0')}.tar${packed ? '.gz' : ''}`,
        );
        const pattern = `${tars}/s-{00..${String(archives.length - 1).padStart(2, '0')}}.tar${packed ? '.gz' : ''}`;
        const wanted = await readAll(directory, { path: folder });
        for (const path of [tars, pattern]) {
          const found = await readAll(directory, { path });
          expect(found.info.fingerprint).toBe(wanted.info.fingerprint);
          expect(found.labels).toEqual(wanted.labels);
          expect(found.info.note).toMatch(/WebDataset.*libvips/);
        }
      }),
      { numRuns: 8 },
    );
  });

  it('are read at any place, with more shards than stay open', async () => {
    const contents = await Promise.all(
      Array.from({ length: 40 }, async (_, i) => tarOf(await example(`x${i}`, i % 5, i))),
    );
    shards('many', contents);
    const sample = { n: 13, seed: 3 };
    const some = await readAll(directory, { path: 'many', sample });
    expect([...(some.labels ?? [])]).toEqual([...some.indices].map((i) => i % 5));
    const all = await readAll(directory, { path: 'many' });
    const size = 3 * 4 * 4;
    for (const [at, i] of some.indices.entries())
      expect(some.pixels.subarray(at * size, (at + 1) * size)).toEqual(
        all.pixels.subarray(i * size, (i + 1) * size),
      );
  });

  it('hold arrays too', async () => {
    const one = (from: number, shape = [3, 2, 2]) => npy(shape, bytes(12, from));
    put(
      directory,
      'arrays.tar',
      tarOf([
        { name: 'a.npy', content: one(0) },
        { name: 'a.cls', content: '1' },
        { name: 'b.npy', content: one(5) },
        { name: 'b.cls', content: '0' },
      ]),
    );
    const all = await readAll(directory, { path: 'arrays.tar' });
    expect([levels(all), [...(all.labels ?? [])]]).toEqual([
      [...bytes(12, 0), ...bytes(12, 5)],
      [1, 0],
    ]);
    put(
      directory,
      'uneven.tar',
      tarOf([
        { name: 'a.npy', content: one(0) },
        { name: 'b.npy', content: one(0, [3, 1, 4]) },
      ]),
    );
    const error = await errorOf(readAll(directory, { path: 'uneven.tar' }));
    expect([error.message, error.details.path]).toEqual([
      'the image has another shape than the first',
      'b.npy',
    ]);
  });

  it('have labels in a field of JSON, and other members as images', async () => {
    const member = async (key: string, label: number): Promise<Packing[]> => [
      { name: `${key}.input.PNG`, content: await encode('png', label) },
      { name: `${key}.mask.png`, content: await encode('png', 0) },
      { name: `${key}.json`, content: JSON.stringify({ meta: { label }, width: 4 }) },
    ];
    put(directory, 'json.tar', tarOf([...(await member('a', 2)), ...(await member('b', 7))]));
    const spec: DatasetSpec = { path: 'json.tar', images: 'input.png', labels: 'json.meta.label' };
    expect((await readAll(directory, spec)).labels).toEqual(Int32Array.of(2, 7));
    expect((await readAll(directory, { ...spec, labels: false })).labels).toBeUndefined();
    const { labels: _, ...unsaid } = spec;
    expect((await errorOf(readAll(directory, unsaid))).details.hint).toBe(
      'say `labels: json.width`, or `labels: false`',
    );
    expect((await errorOf(readAll(directory, { ...spec, labels: 'json.meta' }))).details.found).toBe(
      '{"label":2}',
    );
    expect((await errorOf(readAll(directory, { path: 'json.tar', labels: false }))).details.hint).toMatch(
      /images: (input|mask)\.png/,
    );
  });

  it('resize and convert as folders do', async () => {
    put(
      directory,
      'sizes.tar',
      tarOf([
        { name: 'a.png', content: await encode('png', 0, 3, 8) },
        { name: 'b.png', content: await encode('png', 0, 1, 4) },
      ]),
    );
    const all = await readAll(directory, { path: 'sizes.tar', resize: [4, 4], channels: 1 });
    expect(all.info).toMatchObject({ size: 2, shape: [1, 4, 4], labelled: false });
    const error = await errorOf(readAll(directory, { path: 'sizes.tar' }));
    expect([error.message, error.details.path]).toEqual([
      'the image has another size than the first',
      'b.png',
    ]);
  });
});

describe('what is refused, with the shard and the member', () => {
  const bad: Record<
    string,
    { members: () => Promise<Packing[]>; message: RegExp; path?: string; spec?: Partial<DatasetSpec> }
  > = {
    'an example without a label': {
      members: async () => [...(await example('a', 1)), { name: 'b.png', content: await encode('png', 1) }],
      message: /lacks a member/,
      path: 'b',
    },
    'an example without an image': {
      members: async () => [...(await example('a', 1)), { name: 'b.cls', content: '1' }],
      message: /lacks a member/,
      path: 'b',
    },
    'an example with two images': {
      members: async () => [
        ...(await example('a', 1)),
        ...(await example('b', 1)),
        { name: 'b.jpg', content: 'x' },
      ],
      message: /lacks a member/,
      path: 'b',
    },
    'a key that comes again': {
      members: async () => [
        ...(await example('a', 1)),
        ...(await example('b', 1)),
        ...(await example('a', 1)),
      ],
      message: /an example comes twice/,
      path: 'a.png',
    },
    'a member that comes again': {
      members: async () => [...(await example('a', 1)), { name: 'a.CLS', content: '2' }],
      message: /a member of the shard comes twice/,
      path: 'a.CLS',
    },
    'a label that is none': {
      members: () => example('a', 'cat'),
      message: /not a class number/,
      path: 'a.cls',
    },
    'a negative label': { members: () => example('a', -1), message: /not a class number/, path: 'a.cls' },
    'a link': {
      members: async () => [{ name: 'a.png', type: '2', link: '/etc/passwd' }],
      message: /no file.*a link/s,
      path: 'a.png',
    },
    'a sparse file': {
      members: async () => [pax({ 'GNU.sparse.major': '1' }), { name: 'a.png', content: 'x' }],
      message: /no file.*a sparse file/s,
      path: 'a.png',
    },
    'an image that cannot be decoded': {
      members: async () => [
        ...(await example('a', 1)),
        { name: 'b.png', content: 'no image' },
        { name: 'b.cls', content: '1' },
      ],
      message: /cannot be decoded/,
      path: 'b.png',
    },
    'images that are not read': {
      members: async () => [
        { name: 'a.webp', content: 'x' },
        { name: 'a.cls', content: '1' },
      ],
      message: /has no image.*convert \.webp/s,
      path: 'a.webp',
    },
    'JSON that is none': {
      members: async () => [
        { name: 'a.png', content: await encode('png', 0) },
        { name: 'a.json', content: '{' },
      ],
      spec: { labels: 'json.label' },
      message: /not JSON/,
      path: 'a.json',
    },
    'no example at all': { members: async () => [{ name: 'README', content: 'x' }], message: /is empty/ },
  };

  it.each(Object.entries(bad))('%s', async (name, { members, message, path, spec }) => {
    const file = `bad-${name.replaceAll(' ', '-')}.tar`;
    put(directory, file, tarOf(await members()));
    const error = await errorOf(readAll(directory, { path: file, ...spec }));
    expect(error.explain()).toMatch(message);
    expect(error.details.file).toBe(join(directory, file));
    if (path) expect(error.details.path).toBe(path);
  });

  it('a shard that is cut off, one that is missing, one that is a link, and patterns for none or too many', async () => {
    const whole = tarOf([...(await example('a', 1)), ...(await example('b', 1))]);
    const [first, second] = shards('cut', [whole, whole.subarray(0, -1024)]) as [string, string];
    expect((await errorOf(readAll(directory, { path: 'cut' }))).details.file).toBe(second);
    rmSync(second);
    const missing = await errorOf(readAll(directory, { path: 'cut/shard-{000..001}.tar' }));
    expect([missing.code, missing.details.file]).toEqual(['file-unreadable', second]);
    symlinkSync(first, second);
    expect((await errorOf(readAll(directory, { path: 'cut' }))).message).toBe('a shard is a link');
    expect((await readAll(directory, { path: 'cut', followLinks: true })).info.size).toBe(4);
    for (const [path, message] of [
      ['cut/shard-{5..1}.tar', /stands for none/],
      ['cut/shard-{0..999999999}.tar', /too many shards/],
      ['cut/shard-{0..999}-{0..999}.tar', /too many shards/],
    ] as const)
      expect((await errorOf(readAll(directory, { path }))).message).toMatch(message);
  });

  it('more compressed shards than may be inflated at once', async () => {
    const packed = gzipSync(tarOf(await example('a', 1)));
    shards('packed', Array<Uint8Array>(201).fill(packed), (i) => `${i}.tgz`);
    const error = await errorOf(readAll(directory, { path: 'packed' }));
    expect([error.message, error.details.hint]).toEqual([
      'there are too many compressed shards',
      expect.stringMatching(/gunzip/),
    ]);
  });
});
