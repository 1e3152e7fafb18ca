// @module-tag slow
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { zipSync } from 'fflate';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { encodeNpy } from '../../src/data/arrays/npy.js';
import { tarOf } from '../tar.js';
import { assay, folder, obeyed } from './assay.js';
import { CLASSES, images, npz, project, savedResults } from './project.js';

const N = 30;
const SIDE = 6;
const { pixels, labels } = images(N, 'formats');
const size = SIDE * SIDE;

/** Big-endian, as the format has it: two zeros, the type of bytes, the number of axes, the axes. */
const idx = (shape: number[], data: Uint8Array) =>
  Buffer.concat([Uint8Array.of(0, 0, 8, shape.length), ...shape.map((d) => Uint8Array.of(0, 0, 0, d)), data]);

const png = (i: number) =>
  sharp(pixels.subarray(i * size, (i + 1) * size), { raw: { width: SIDE, height: SIDE, channels: 1 } })
    .toColourspace('b-w')
    .png()
    .toBuffer();

/** The same images, stored in every way; paths below the folder of the run file. */
const stores: Record<
  string,
  { path: string; labels?: string; write(put: (name: string, bytes: Uint8Array) => void): Promise<void> }
> = {
  npz: { path: 'all.npz', write: async (put) => put('all.npz', npz({ pixels, labels })) },
  // Channels first, in [0, 1].
  floats: {
    path: 'floats.npz',
    write: async (put) => {
      const data = Float32Array.from(pixels, (v) => v / 255);
      const images = encodeNpy({ shape: [N, 1, SIDE, SIDE], data });
      put('floats.npz', zipSync({ 'x.npy': images, 'y.npy': encodeNpy({ shape: [N], data: labels }) }));
    },
  },
  npy: {
    path: 'x.npy',
    labels: './y.npy',
    write: async (put) => {
      put('x.npy', encodeNpy({ shape: [N, 1, SIDE, SIDE], data: pixels }));
      put('y.npy', encodeNpy({ shape: [N], data: labels }));
    },
  },
  idx: {
    path: 't10k-images-idx3-ubyte.gz',
    write: async (put) => {
      put('t10k-images-idx3-ubyte.gz', gzipSync(idx([N, SIDE, SIDE], pixels)));
      put('t10k-labels-idx1-ubyte.gz', gzipSync(idx([N], labels)));
    },
  },
  folder: {
    path: 'photos',
    write: async (put) => {
      for (const [i, label] of labels.entries()) put(`photos/${CLASSES[label]}/${i}.png`, await png(i));
    },
  },
  shards: {
    path: 'shard-{0..1}.tar',
    write: async (put) => {
      const members = await Promise.all(
        [...labels].map(async (label, i) => [
          { name: `${i}.png`, content: await png(i) },
          { name: `${i}.cls`, content: String(label) },
        ]),
      );
      put('shard-0.tar', tarOf(members.slice(0, 20).flat()));
      put('shard-1.tar', tarOf(members.slice(20).flat()));
    },
  },
};

it('the same images give the same numbers however they are stored', async () => {
  const at = folder();
  const datasets = Object.fromEntries(
    Object.entries(stores).map(([name, { path, labels }]) => [
      name,
      { path: `./${path}`, ...(labels && { labels }) },
    ]),
  );
  project(at, { datasets, suites: ['accuracy'] });
  for (const { write } of Object.values(stores))
    await write((name, bytes) => {
      mkdirSync(dirname(join(at, name)), { recursive: true });
      writeFileSync(join(at, name), bytes);
    });
  const { code, stderr } = await assay(['run', 'small.run.yaml', '--out', 'out'], at);
  expect([code, stderr]).toEqual([0, expect.any(String)]);
  const { measures } = savedResults(join(at, 'out'));
  const numbers = (dataset: string) =>
    measures
      .filter((m) => m.dataset === dataset)
      .map(({ measure, model, params, value, n, interval }) => [measure, model, params, value, n, interval]);
  expect(numbers('npz').length).toBeGreaterThan(10);
  for (const name of Object.keys(stores)) {
    // A folder is read class by class: the order of the examples is another one, and sums are rounded otherwise.
    if (name !== 'folder') expect(numbers(name), name).toEqual(numbers('npz'));
    else {
      const accuracies = (of: unknown[][]) => of.filter(([measure]) => /accuracy/.test(String(measure)));
      expect(accuracies(numbers(name))).toEqual(accuracies(numbers('npz')));
    }
  }
});

it('a sample holds every class in its proportion and is drawn by its seed; offset and limit cut', async () => {
  const at = folder();
  const path = './all.npz';
  const datasets = {
    whole: { path },
    nine: { path, sample: { n: 9, seed: 3 } },
    again: { path, sample: { n: 9, seed: 3 } },
    other: { path, sample: { n: 9, seed: 4 } },
    cut: { path, offset: 4, limit: 5 },
  };
  project(at, { models: ['./sharp.model.yaml'], datasets, suites: ['accuracy'] });
  writeFileSync(join(at, 'all.npz'), npz({ pixels, labels }));
  expect(await obeyed(['run', 'small.run.yaml', '--out', 'out'], at)).toMatchObject({ code: 0 });
  const results = savedResults(join(at, 'out'));
  const info = Object.fromEntries(results.datasets.map((dataset) => [dataset.name, dataset]));
  expect(results.datasets.map(({ size }) => size)).toEqual([N, 9, 9, 9, 5]);
  expect(info.nine!.fingerprint).toBe(info.again!.fingerprint);
  expect(new Set([info.whole, info.nine, info.other, info.cut].map((one) => one!.fingerprint)).size).toBe(4);
  const ns = results.measures
    .filter((m) => m.measure === 'class-accuracy' && m.dataset === 'nine')
    .map(({ n }) => n);
  expect(ns).toEqual([3, 3, 3]);
});

it('classes that a folder lacks are told, and do not shift the labels of the others', async () => {
  const at = folder();
  project(at, { suites: ['accuracy'], datasets: { test: { path: './photos' } } });
  for (const [i, label] of labels.entries()) {
    if (CLASSES[label] === 'middle') continue;
    const image = sharp(pixels.subarray(i * size, (i + 1) * size), {
      raw: { width: SIDE, height: SIDE, channels: 1 },
    });
    const file = join(at, 'photos', CLASSES[label]!, `${i}.png`);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, await image.toColourspace('b-w').png().toBuffer());
  }
  expect(await obeyed(['run', 'small.run.yaml', '--out', 'out'], at)).toMatchObject({ code: 0 });
  const { warnings, measures } = savedResults(join(at, 'out'));
  expect(warnings).toContainEqual(
    expect.objectContaining({
      code: 'classes-absent',
      severity: 'note',
      dataset: 'test',
      message: '"test" has no images of 1 class of the models: "middle"',
    }),
  );
  expect(warnings.filter(({ code }) => code === 'classes-absent')).toHaveLength(1);
  const accuracy = measures.find((m) => m.measure === 'accuracy' && m.model === 'sharp');
  expect(accuracy?.value).toBeGreaterThan(0.9);
});
