import { truncateSync } from 'node:fs';
import { join } from 'node:path';
import { crc32, gzipSync } from 'node:zlib';
import { zipSync } from 'fflate';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { limits } from '../../src/bytes/limits.js';
import { openArrayFile } from '../../src/data/arrays/array-file.js';
import { predictionRows } from '../../src/data/prediction-rows.js';
import type { DatasetSpec } from '../../src/data/spec.js';
import { float32, torchLegacy, torchZip } from '../checkpoints/torch-writer.js';
import { watchGrowth } from '../memory.js';
import { bytes, errorOf, npy, npyWith, put, readAll, temporaryFolder } from './files.js';

const directory = temporaryFolder();
const MIB = 2 ** 20;

/** How far the process may grow when it refuses something; an image of these sizes takes 768 MiB. */
const SLACK = 64 * MIB;

const SIDE = 16_000;
const plain = (side: number) =>
  sharp({ create: { width: side, height: side, channels: 3, background: '#808080' } });

/** The image with other sizes in its header, which is all that is looked at. */
function pngOf(image: Buffer): Buffer {
  const vast = Buffer.from(image);
  const header = vast.indexOf('IHDR');
  vast.writeUInt32BE(SIDE, header + 4);
  vast.writeUInt32BE(SIDE, header + 8);
  vast.writeUInt32BE(crc32(vast.subarray(header, header + 17)), header + 17);
  return vast;
}

function jpegOf(image: Buffer): Buffer {
  const vast = Buffer.from(image);
  // SOF0 or SOF2: marker, length, bits, height, width.
  const frame = [0xc0, 0xc2].map((code) => vast.indexOf(Buffer.of(0xff, code))).find((at) => at > 0) ?? 0;
  vast.writeUInt16BE(SIDE, frame + 5);
  vast.writeUInt16BE(SIDE, frame + 7);
  return vast;
}

const images: Record<string, () => Promise<Buffer>> = {
  '1.png': async () => pngOf(await plain(8).png().toBuffer()),
  'interlaced.png': async () => pngOf(await plain(8).png({ progressive: true }).toBuffer()),
  '1.jpg': async () => jpegOf(await plain(8).jpeg().toBuffer()),
  'progressive.jpg': async () => jpegOf(await plain(8).jpeg({ progressive: true }).toBuffer()),
};

describe('an image that promises too many pixels is refused by its header', () => {
  it.each(Object.entries(images))('%s, as the first or a later one', async (name, make) => {
    const vast = await make();
    put(directory, `first-${name}/a.${name}`, vast);
    put(directory, `later-${name}/0.png`, await plain(8).png().toBuffer());
    put(directory, `later-${name}/a.${name}`, vast);
    const growth = watchGrowth();
    for (const path of [`first-${name}`, `later-${name}`])
      for (const resize of [undefined, [8, 8] as const]) {
        const error = await errorOf(readAll(directory, { path, ...(resize && { resize: [...resize] }) }));
        expect(error).toMatchObject({
          code: 'data-invalid',
          message: 'the image is too large',
          details: { found: `${SIDE} x ${SIDE}`, hint: limits.imagePixels.instead },
        });
        expect(error.details.file).toContain(`a.${name}`);
      }
    expect(growth()).toBeLessThan(SLACK);
  });
});

/** More than there is room for: to try it would be another error. */
const VAST = 2 ** 40;
const header = (shape: string, dtype = '|u1') =>
  `{'descr': '${dtype}', 'fortran_order': False, 'shape': ${shape}, }`;
const liar = npyWith(header(`(${VAST}, 2, 2)`), bytes(40));
const tall = npyWith(header(`(3, ${2 ** 20}, ${2 ** 20})`), bytes(40));
const manyLabels = npyWith(header(`(${VAST},)`), bytes(40));
const honest = npy([10, 2, 2], bytes(40));
const idx = (...sizes: number[]) => {
  const out = Buffer.alloc(4 + 4 * sizes.length + 40);
  out.set([0, 0, 8, sizes.length]);
  sizes.forEach((size, axis) => void out.writeUInt32BE(size, 4 + 4 * axis));
  return out;
};
const most = 2 ** 32 - 1;
const tensors = {
  images: { ...float32([VAST, 2, 2], new Float32Array(40)) },
  labels: float32([10], new Float32Array(10)),
};

interface Claim {
  files: Record<string, Uint8Array>;
  spec: DatasetSpec;
}

const alone = (name: string, content: Uint8Array, more: object = {}): Claim => ({
  files: { [name]: content },
  spec: { path: name, ...more },
});

const claims: Record<string, Claim> = {
  npy: alone('x.npy', liar),
  'npy, in one example': alone('x.npy', tall),
  'npz, stored': alone('x.npz', zipSync({ 'images.npy': liar }, { level: 0 })),
  'npz, deflated': alone('x.npz', zipSync({ 'images.npy': tall })),
  'labels in an npz': alone('x.npz', zipSync({ 'images.npy': honest, 'labels.npy': manyLabels })),
  'labels beside': { files: { 'x.npy': honest, 'labels.npy': manyLabels }, spec: { path: 'x.npy' } },
  'labels that are named': {
    files: { 'x.npy': honest, 'y.npy': manyLabels },
    spec: { path: 'x.npy', labels: 'y.npy' },
  },
  IDX: alone('x-idx3-ubyte', idx(most, most, most)),
  'IDX, gzipped': alone('x-idx3-ubyte.gz', gzipSync(idx(most, most, most))),
  'labels of IDX': {
    files: { 'x-images-idx3-ubyte': idx(10, 2, 2), 'x-labels-idx1-ubyte': idx(most) },
    spec: { path: 'x-images-idx3-ubyte' },
  },
  'PyTorch, an archive': alone('x.pt', torchZip(tensors)),
  'PyTorch, as before 1.6': alone('x.pt', torchLegacy(tensors)),
};

describe('an array that promises more than its file holds is refused before there is room for it', () => {
  it.each(Object.entries(claims))('%s', async (what, { files, spec }) => {
    const folder = what.replaceAll(/\W+/g, '-');
    for (const [name, content] of Object.entries(files)) put(directory, join(folder, name), content);
    const error = await errorOf(readAll(join(directory, folder), spec));
    expect(error.code).toBe('file-malformed');
  });

  it.each(['logits', 'labels'] as const)('%s of predictions', async (use) => {
    put(directory, 'claimed.npy', npyWith(header(`(${VAST}, 3)`, '<f8'), bytes(48)));
    expect((await errorOf(openArrayFile('claimed.npy', use, directory))).code).toBe('file-malformed');
  });
});

/** A file that is as long as it promises, and takes no room on the disk. */
function sparse(name: string, shape: number[], dtype = '|u1'): string {
  const start = npyWith(header(`(${shape.join(', ')})`, dtype));
  const file = put(directory, name, start);
  truncateSync(file, start.length + shape.reduce((a, d) => a * d, dtype === '<f8' ? 8 : 1));
  return name;
}

describe('an array that is as long as it promises, of zeros that take no room, is held to limits', () => {
  it.each([
    ['examples', [2 ** 33, 1, 1], 'examples'],
    ['the size of an example', [2, 2 ** 16, 2 ** 16], 'example'],
  ] as const)('by %s', async (what, shape, limit) => {
    const path = sparse(`sparse-${what.replaceAll(' ', '-')}.npy`, [...shape]);
    expect(await errorOf(readAll(directory, { path }))).toMatchObject({
      code: 'data-invalid',
      details: { file: join(directory, path), hint: limits[limit].instead },
    });
  });

  it('by the frames of all sequences together', async () => {
    for (const name of ['rotate', 'tilt']) sparse(`many-frames/${name}.npy`, [1, 2 ** 25 + 1, 1, 1, 3]);
    expect(await errorOf(readAll(directory, { path: 'many-frames' }))).toMatchObject({
      code: 'data-invalid',
      details: { file: join(directory, 'many-frames'), found: `${2 * (2 ** 25 + 1)}` },
    });
  });

  it.each([
    ['examples', [2 ** 33, 2], 'examples'],
    ['the size of a row', [2, 2 ** 33], 'predictionRow'],
  ] as const)('by %s of predictions', async (what, shape, limit) => {
    const path = sparse(`sparse-predicted-${what.replaceAll(' ', '-')}.npy`, [...shape]);
    const file = await openArrayFile(path, 'logits', directory);
    const refused = errorOf((async () => predictionRows(file, { probabilities: false }))());
    expect(await refused).toMatchObject({
      code: 'data-invalid',
      details: { hint: limits[limit].instead },
    });
    await file.close();
  });
});
