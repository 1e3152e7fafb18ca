import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import type { PublishedSpec } from '../../../src/data/formats/published-spec.js';
import { bytes, errorOf, levels, npy, put, readAll, temporaryFolder } from '../files.js';

const directory = temporaryFolder();
const read = (spec: PublishedSpec) => readAll(directory, spec);

describe('cifar-c', () => {
  /** Three examples of 2x2 at five severities. */
  const images = npy([15, 2, 2, 3], bytes(180));
  const five = (labels: number[]) =>
    npy([15], Uint8Array.from([...labels, ...labels, ...labels, ...labels, ...labels]));

  beforeAll(() => {
    put(directory, 'c/fog.npy', images);
    put(directory, 'c/gaussian_noise.npy', npy([15, 2, 2, 3], bytes(180, 50)));
    put(directory, 'c/labels.npy', five([4, 0, 9]));
  });

  it('is told from the folder, and takes the block of a severity', async () => {
    const { info, n, indices, labels, ...rest } = await read({ path: 'c', corruption: 'fog', severity: 3 });
    expect([n, ...indices, ...(labels ?? [])]).toEqual([3, 6, 7, 8, 4, 0, 9]);
    expect(info.shape).toEqual([3, 2, 2]);
    // (n, H, W, C) in the file, (n, C, H, W) here.
    const pixel = (example: number, c: number, p: number) => (7 * (example * 12 + p * 3 + c)) % 256;
    expect(levels(rest)).toEqual(
      [6, 7, 8].flatMap((i) => [0, 1, 2].flatMap((c) => [0, 1, 2, 3].map((p) => pixel(i, c, p)))),
    );
    expect(info.part).toBe('fog.npy');
    expect(info.corruption).toEqual({ name: 'fog', severity: 3 });
    expect(info.note).toMatch(/published corruption, 3 examples at 5 severities/);
  });

  it('takes names with dashes, all severities, and a limit within one', async () => {
    const all = await read({ path: 'c', format: 'cifar-c', corruption: 'gaussian-noise' });
    expect(all.labels).toEqual(Int32Array.from([4, 0, 9, 4, 0, 9, 4, 0, 9, 4, 0, 9, 4, 0, 9]));
    const two = await read({ path: 'c', corruption: 'gaussian-noise', severity: 5, limit: 2 });
    expect([...two.indices]).toEqual([12, 13]);
  });

  it('takes one label for every example as well, and none if none are wanted', async () => {
    put(directory, 'once/fog.npy', images);
    put(directory, 'once/labels.npy', npy([3], Int32Array.of(1, 2, 3)));
    const { labels } = await read({ path: 'once', corruption: 'fog', severity: 2 });
    expect(labels).toEqual(Int32Array.of(1, 2, 3));
    put(directory, 'bare/fog.npy', images);
    const none = await read({ path: 'bare', corruption: 'fog', severity: 2, labels: false });
    expect(none.labels).toBeUndefined();
  });

  it.each<[string, Record<string, Uint8Array>, Partial<PublishedSpec>, object]>([
    ['no corruption', {}, { corruption: undefined }, { path: 'corruption', expected: 'one of fog' }],
    ['a typo', {}, { corruption: 'fogg' }, { hint: 'did you mean "fog"?' }],
    [
      'four blocks',
      { 'fog.npy': npy([14, 2, 2, 3], bytes(168)) },
      {},
      { found: 'u1 of shape (14, 2, 2, 3)' },
    ],
    [
      'floats',
      { 'fog.npy': npy([5, 2, 2, 3], new Float32Array(60)) },
      {},
      { found: 'f4 of shape (5, 2, 2, 3)' },
    ],
    ['grey images', { 'fog.npy': npy([5, 2, 2], bytes(20)) }, {}, { found: 'u1 of shape (5, 2, 2)' }],
    ['no images', { 'fog.npy': npy([0, 2, 2, 3], bytes(0)) }, {}, { found: 'u1 of shape (0, 2, 2, 3)' }],
    [
      'a file that is cut off',
      { 'fog.npy': images.subarray(0, images.length - 1) },
      {},
      { found: '179 bytes' },
    ],
    [
      'other labels',
      { 'labels.npy': npy([4], bytes(4)) },
      {},
      { found: '4', expected: '15 labels, or 3 that hold for every severity' },
    ],
    [
      'labels that do not repeat',
      {
        'labels.npy': npy(
          [15],
          Uint8Array.from({ length: 15 }, (_, i) => i % 5),
        ),
      },
      {},
      { path: 'example 3', expected: '0, as of example 0', found: '3' },
    ],
    ['labels of another kind', { 'labels.npy': npy([15, 10], new Float32Array(150)) }, {}, {}],
  ])('refuses %s', async (what, files, spec, details) => {
    const folder = `bad-${what.replaceAll(' ', '-')}`;
    const given = { 'fog.npy': images, 'labels.npy': five([0, 1, 2]), ...files };
    for (const [name, content] of Object.entries(given)) put(directory, `${folder}/${name}`, content);
    const error = await errorOf(
      read({ path: folder, format: 'cifar-c', corruption: 'fog', severity: 1, ...spec }),
    );
    expect(error.details).toMatchObject(details);
    expect(error.details.file).toContain(folder);
  });

  it('refuses missing labels, and says what to do', async () => {
    const error = await errorOf(read({ path: 'bare', format: 'cifar-c', corruption: 'fog' }));
    expect(error.explain()).toMatch(/labels are missing[\s\S]*labels: false/);
  });
});

describe('imagenet-c', () => {
  beforeAll(async () => {
    for (const severity of [1, 4])
      for (const [i, name] of ['n01', 'n02'].entries()) {
        const folder = join(directory, 'inet', 'shot_noise', String(severity), name);
        mkdirSync(folder, { recursive: true });
        const input = {
          create: { width: 3, height: 2, channels: 3 as const, background: { r: 40 * severity, g: i, b: 0 } },
        };
        writeFileSync(join(folder, 'a.png'), await sharp(input).png().toBuffer());
      }
    mkdirSync(join(directory, 'inet', 'fog'));
  });

  it('is a folder for every corruption, severity and class', async () => {
    const found = await read({ path: 'inet', corruption: 'shot-noise', severity: 4 });
    expect(found).toMatchObject({ n: 2, labels: Int32Array.of(0, 1) });
    expect(levels(found)[0]).toBe(160);
    expect(found.info).toMatchObject({ part: 'shot_noise/4', classes: ['n01', 'n02'], shape: [3, 2, 3] });
  });

  it('is told from a folder of weather, but not from classes that are called like it', async () => {
    for (const [folder, ...names] of [
      ['weather', 'brightness', 'fog'],
      ['skies', 'fog', 'snow'],
    ])
      for (const name of names)
        cpSync(join(directory, 'inet/shot_noise'), join(directory, folder!, name), { recursive: true });
    expect((await read({ path: 'weather', corruption: 'fog', severity: 4 })).info.part).toBe('fog/4');
    expect((await errorOf(read({ path: 'skies' }))).details.hint).toContain(
      'every subfolder counts as a class',
    );
  });

  it.each<[string, Partial<PublishedSpec>, object]>([
    ['no corruption', {}, { path: 'corruption', expected: 'one of fog, shot_noise' }],
    ['no severity', { corruption: 'shot_noise' }, { path: 'severity', expected: 'one of 1, 4' }],
    [
      'a severity that is not there',
      { corruption: 'shot_noise', severity: 5 },
      { path: 'severity', expected: 'one of 1, 4' },
    ],
    ['another corruption', { corruption: 'shotnoise', severity: 1 }, { hint: 'did you mean "shot_noise"?' }],
    ['a folder without severities', { corruption: 'fog', severity: 1 }, { path: 'severity' }],
  ])('refuses %s', async (_, spec, details) => {
    expect((await errorOf(read({ path: 'inet', format: 'imagenet-c', ...spec }))).details).toMatchObject(
      details,
    );
  });
});
