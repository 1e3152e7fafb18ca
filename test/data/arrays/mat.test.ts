import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { memorySource } from '../../../src/bytes/byte-source.js';
import { Closing } from '../../../src/bytes/closing.js';
import { matArrays, matNumbers } from '../../../src/data/arrays/mat.js';
import { errorOf } from '../files.js';

const file = (name: string) => readFileSync(fileURLToPath(new URL(`./mat/${name}.mat`, import.meta.url)));

async function read(content: Uint8Array) {
  const arrays = await matArrays(memorySource(content, { file: 'a.mat' }), new Closing());
  return new Map(
    await Promise.all(
      [...arrays].map(
        async ([name, array]) =>
          [name, { shape: array.shape, data: [...(await matNumbers(array))] }] as const,
      ),
    ),
  );
}

describe('MAT-files that SciPy wrote', () => {
  it.each(['plain', 'compressed'])('%s: real numbers are read, in column-major order', async (name) => {
    const arrays = await read(file(name));
    // Of (2, 3, 3, 4) in row-major order, the first index runs fastest in the file.
    const columns = Array.from({ length: 72 }, (_, at) => {
      const [a, b, c, d] = [at % 2, Math.floor(at / 2) % 3, Math.floor(at / 6) % 3, Math.floor(at / 18)];
      return ((a * 3 + b) * 3 + c) * 4 + d;
    });
    expect(Object.fromEntries(arrays)).toEqual({
      X: { shape: [2, 3, 3, 4], data: columns },
      y: { shape: [4, 1], data: [10, 1, 2, 3] },
      values: { shape: [1, 2], data: [-1.5, 2.25e300] },
      integers: { shape: [1, 2], data: [-70000, 3] },
    });
  });
});

describe('what is refused', () => {
  const plain = file('plain');
  const changed = (at: number, ...bytes: number[]) => {
    const copy = Buffer.from(plain);
    copy.set(bytes, at);
    return copy;
  };
  it.each<[string, Uint8Array, RegExp]>([
    ['an empty file', new Uint8Array(), /not a MAT-file/],
    ['version 7.3', changed(124, 0, 2), /version 7\.3, which is HDF5.*-v7/s],
    ['a file that is cut off', plain.subarray(0, 200), /ends too early/],
    [
      'an array of another size than it states',
      changed(128 + 8 + 16 + 8, 9),
      /does not have the size that it states/,
    ],
    ['a compressed file that is cut off', file('compressed').subarray(0, 160), /ends too early|damaged/],
  ])('%s', async (_, content, message) => {
    expect((await errorOf(read(content))).explain()).toMatch(message);
  });
});
