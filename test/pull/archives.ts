import { createHash } from 'node:crypto';
import { deflateSync, gzipSync } from 'node:zlib';
import { encodeNpy } from '../../src/data/arrays/npy.js';
import type { NamedSet } from '../../src/pull/named-set.js';
import { bytes, idx } from '../data/files.js';
import { type Packing, tarOf } from '../tar.js';

/* Small stand-ins for published files, laid out as these are. */

const record = (labels: number[], from: number) => Buffer.from([...labels, ...bytes(3072, from)]);

const names = (n: number, of: string) => Array.from({ length: n }, (_, i) => `${of}${i}`).join('\n');

export const cifar10Files = (folder = 'cifar-10-batches-bin'): Packing[] => [
  { name: `${folder}/`, type: '5' },
  { name: `${folder}/batches.meta.txt`, content: `${names(10, 'class')}\n\n` },
  ...[1, 2, 3, 4, 5].map((i) => ({ name: `${folder}/data_batch_${i}.bin`, content: record([i], i) })),
  { name: `${folder}/readme.html`, content: '<html>' },
  { name: `${folder}/test_batch.bin`, content: Buffer.concat([record([3], 40), record([9], 50)]) },
];

const cifar100Files: Packing[] = [
  { name: 'cifar-100-binary/fine_label_names.txt', content: names(100, 'fine') },
  { name: 'cifar-100-binary/coarse_label_names.txt', content: names(20, 'coarse') },
  { name: 'cifar-100-binary/train.bin', content: record([1, 11], 1) },
  { name: 'cifar-100-binary/test.bin', content: record([19, 99], 60) },
];

const mnistFiles = {
  't10k-images-idx3-ubyte.gz': gzipSync(idx([2, 28, 28], bytes(1568))),
  't10k-labels-idx1-ubyte.gz': gzipSync(idx([2], Uint8Array.of(7, 0))),
  'train-images-idx3-ubyte.gz': gzipSync(idx([3, 28, 28], bytes(2352))),
  'train-labels-idx1-ubyte.gz': gzipSync(idx([3], Uint8Array.of(1, 2, 3))),
};

/** An element of a MAT-file: its type, its size and its content, padded to 8 bytes. */
const element = (type: number, content: Uint8Array) => {
  const tag = Buffer.alloc(8);
  tag.writeUInt32LE(type, 0);
  tag.writeUInt32LE(content.length, 4);
  return Buffer.concat([tag, content, Buffer.alloc((8 - (content.length % 8)) % 8)]);
};

/** An array of bytes in a MAT-file, of a class: 9 is uint8, 6 is double, stored as bytes all the same. */
const matrix = (name: string, shape: number[], data: Uint8Array, arrayClass: number) =>
  element(
    14,
    Buffer.concat([
      element(6, Uint8Array.of(arrayClass, 0, 0, 0, 0, 0, 0, 0)),
      element(5, new Uint8Array(Int32Array.from(shape).buffer)),
      // A short name shares the eight bytes of its tag.
      Buffer.from([1, 0, name.length, 0, ...Buffer.from(name.padEnd(4, '\0'))]),
      element(2, data),
    ]),
  );

/** Pixel (y, x, c) of image i of a stand-in of SVHN. */
export const svhnPixel = (i: number, y: number, x: number, c: number) =>
  (i * 100 + y * 3 + x * 5 + c * 50) % 256;

function mat(digits: number[]): Buffer {
  const n = digits.length;
  const data = new Uint8Array(n * 3072);
  for (let i = 0; i < n; i++)
    for (let c = 0; c < 3; c++)
      for (let x = 0; x < 32; x++)
        for (let y = 0; y < 32; y++) data[i * 3072 + c * 1024 + x * 32 + y] = svhnPixel(i, y, x, c);
  const head = Buffer.alloc(128, ' ');
  head.write('MATLAB 5.0 MAT-file');
  head.writeUInt16LE(0x100, 124);
  head.write('IM', 126);
  const packed = [matrix('X', [32, 32, 3, n], data, 9), matrix('y', [n, 1], Uint8Array.from(digits), 6)].map(
    (one) => {
      const content = deflateSync(one);
      const tag = Buffer.alloc(8);
      tag.writeUInt32LE(15, 0);
      tag.writeUInt32LE(content.length, 4);
      return Buffer.concat([tag, content]);
    },
  );
  return Buffer.concat([head, ...packed]);
}

const npyImages = (n: number, from: number) =>
  encodeNpy({ shape: [n, 32, 32, 3], data: bytes(n * 3072, from) });
const npyLabels = (labels: number[]) => encodeNpy({ shape: [labels.length], data: Int32Array.from(labels) });

export const CORRUPTED =
  'brightness contrast defocus_blur elastic_transform fog frost gaussian_blur gaussian_noise glass_blur impulse_noise jpeg_compression motion_blur pixelate saturate shot_noise snow spatter speckle_noise zoom_blur'.split(
    ' ',
  );

const cifarCFiles: Packing[] = [
  { name: 'CIFAR-10-C/', type: '5' },
  ...CORRUPTED.map((name, i) => ({ name: `CIFAR-10-C/${name}.npy`, content: npyImages(5, i) })),
  { name: 'CIFAR-10-C/labels.npy', content: npyLabels([4, 4, 4, 4, 4]) },
];

/** A JPEG for each image; `image` makes them. */
export async function textureFiles(image: (level: number) => Promise<Uint8Array>): Promise<Packing[]> {
  const images = ['banded/banded_1.jpg', 'banded/banded_2.jpg', 'woven/woven_1.jpg', 'woven/woven_2.jpg'];
  const lists = { test1: [images[0], images[2]], val1: [images[1]], train1: [images[3]], test2: images };
  return [
    { name: 'dtd/images/waffled/.directory', content: 'junk' },
    ...(await Promise.all(
      images.map(async (name, i) => ({ name: `dtd/images/${name}`, content: await image(60 * i) })),
    )),
    ...Object.entries(lists).map(([name, lines]) => ({
      name: `dtd/labels/${name}.txt`,
      content: `${lines.join('\n')}\n`,
    })),
    { name: 'dtd/imdb/imdb.mat', content: 'unused' },
  ];
}

/** What a mirror has of each data set, by file. */
export const standIns = async (image: (level: number) => Promise<Uint8Array>) => ({
  cifar10: { 'cifar-10-binary.tar.gz': gzipSync(tarOf(cifar10Files())) },
  cifar100: { 'cifar-100-binary.tar.gz': gzipSync(tarOf(cifar100Files)) },
  svhn: { 'test_32x32.mat': mat([10, 1, 9]), 'train_32x32.mat': mat([2]) },
  mnist: mnistFiles,
  'fashion-mnist': mnistFiles,
  'cifar10-c': { 'CIFAR-10-C.tar': tarOf(cifarCFiles) },
  'cifar10-1': {
    'cifar10.1_v6_data.npy': npyImages(2, 3),
    'cifar10.1_v6_labels.npy': npyLabels([1, 8]),
    'cifar10.1_v4_data.npy': npyImages(3, 4),
    'cifar10.1_v4_labels.npy': npyLabels([0, 5, 9]),
  },
  textures: { 'dtd-r1.0.1.tar.gz': gzipSync(tarOf(await textureFiles(image))) },
});

/** A set whose files are those at hand: sizes and checksums are theirs. */
export function ofStandIns(
  set: NamedSet,
  contents: Readonly<Record<string, Uint8Array>>,
  base: string,
): NamedSet {
  return {
    ...set,
    files: set.files.map(({ name }) => ({
      name,
      urls: [`${base}/${name}`],
      size: contents[name]!.length,
      sha256: createHash('sha256').update(contents[name]!).digest('hex'),
    })),
  };
}
