import { type ByteSource, malformed, memorySource, openFile } from '../../bytes/byte-source.js';
import { Closing } from '../../bytes/closing.js';
import { type MatArray, matArrays, matNumbers } from '../../data/arrays/mat.js';
import { shapeText } from '../../data/arrays/nd-array.js';
import { encodeNpy, npyHeader } from '../../data/arrays/npy.js';
import { numbers } from '../../data/arrays/pixels.js';
import type { Staging } from '../../fetch/staging.js';
import type { NamedSet } from '../named-set.js';

const CHANNELS = 3;

/**
 * Writes `X`, bytes of shape (height, width, 3, n) in column-major order, as (n, height, width, 3) in row-major order; and
 * `y`, in which the digit 0 has label 10, as labels from 0.
 */
async function convert(file: string, part: string, into: Staging): Promise<void> {
  const closing = new Closing();
  try {
    const source = closing.add(await openFile(file));
    const arrays = await matArrays(source, closing);
    const images = arrayOf(arrays, 'X', source);
    const [height, width, channels, n] = images.shape as readonly [number, number, number, number];
    if (images.dtype !== 'u1' || images.shape.length !== 4 || channels !== CHANNELS)
      throw other(images, 'bytes of shape (height, width, 3, n)');
    const labels = arrayOf(arrays, 'y', source);
    const digits = numbers(await matNumbers(labels));
    if (digits.length !== n) throw other(labels, `${n} labels`);
    const data = Uint8Array.from(digits, (digit) => {
      if (Number.isInteger(digit) && digit >= 1 && digit <= 10) return digit % 10;
      throw other(labels, 'labels from 1 to 10');
    });
    await into.put(`x_${part}.npy`, images.data, rowMajor(images.data, [n, height, width, channels]));
    await into.put(`y_${part}.npy`, memorySource(encodeNpy({ shape: [n], data }), labels.data.place));
  } finally {
    await closing.close();
  }
}

/** A .npy file of images whose axes lie the other way round: (n, height, width, channels), some images at a time. */
async function* rowMajor(source: ByteSource, shape: readonly number[]): AsyncGenerator<Uint8Array> {
  const [n, height, width, channels] = shape as readonly [number, number, number, number];
  const size = height * width * channels;
  yield npyHeader(shape, 'u1');
  const step = Math.max(1, Math.floor(2 ** 20 / size));
  for (let start = 0; start < n; start += step) {
    const count = Math.min(step, n - start);
    const bytes = await source.read(start * size, count * size);
    const out = new Uint8Array(bytes.length);
    let to = 0;
    for (let i = 0; i < count; i++)
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++)
          for (let c = 0; c < channels; c++) out[to++] = bytes[i * size + (c * width + x) * height + y]!;
    yield out;
  }
}

function arrayOf(arrays: ReadonlyMap<string, MatArray>, name: string, { place }: ByteSource): MatArray {
  const array = arrays.get(name);
  if (array) return array;
  throw malformed(place, 'the file lacks an array of SVHN', {
    expected: `an array ${name}`,
    found: [...arrays.keys()].join(', ') || 'none',
  });
}

const other = ({ data, dtype, shape }: MatArray, expected: string) =>
  malformed(data.place, 'this is not an array of SVHN', {
    expected,
    found: `${dtype} of shape ${shapeText(shape)}`,
  });

const ADDRESS = 'http://ufldl.stanford.edu/housenumbers/';

export const svhn: NamedSet = {
  name: 'svhn',
  title:
    'SVHN, cropped digits: 73,257 training and 26,032 test images of house numbers, 32x32, in 10 classes',
  home: ADDRESS,
  files: [
    {
      name: 'test_32x32.mat',
      urls: [`${ADDRESS}test_32x32.mat`],
      size: 64_275_384,
      sha256: 'cdce80dfb2a2c4c6160906d0bd7c68ec5a99d7ca4831afa54f09182025b6a75b',
    },
    {
      name: 'train_32x32.mat',
      urls: [`${ADDRESS}train_32x32.mat`],
      size: 182_040_794,
      sha256: '435e94d69a87fde4fd4d7f3dd208dfc32cb6ae8af2240d066de1df7508d083b8',
    },
  ],
  checksums: 'TensorFlow Datasets, tensorflow_datasets/url_checksums/svhn_cropped.txt',
  licence:
    'For non-commercial use only, as the page of its makers says of the photographs that the digits are cut from.',
  citation: `@inproceedings{netzer2011reading,
  title = {Reading Digits in Natural Images with Unsupervised Feature Learning},
  author = {Netzer, Yuval and Wang, Tao and Coates, Adam and Bissacco, Alessandro and Wu, Bo and Ng, Andrew Y.},
  booktitle = {NIPS Workshop on Deep Learning and Unsupervised Feature Learning},
  year = {2011}
}`,
  room: 320_000_000,
  async unpack(fetched, into) {
    await convert(fetched('test_32x32.mat'), 'test', into);
    await convert(fetched('train_32x32.mat'), 'train', into);
  },
  entries: [
    { name: 'test', path: 'x_test.npy' },
    { name: 'train', path: 'x_train.npy', more: { role: 'train' } },
  ],
  note: 'Labels are the digits: 0 has label 0, and not 10 as in the original. The part "extra" is not fetched.',
};
