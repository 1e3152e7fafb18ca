import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { encodeNpz } from '../../src/data/npz.js';
import type { DatasetSpec } from '../../src/data/spec.js';
import { AssayError } from '../../src/errors.js';
import { stream } from '../../src/random/stream.js';
import { bytes, npy, put, readAll, temporaryFolder } from './files.js';

const directory = temporaryFolder();
const images = { shape: [5, 3, 3], data: bytes(45) };
const labels = { shape: [5], data: Int32Array.of(0, 1, 2, 1, 0) };
const idx = Buffer.concat([Buffer.from('00000803000000050000000300000003', 'hex'), bytes(45)]);

const originals: [string, DatasetSpec['format'], Uint8Array][] = [
  ['deflated.npz', 'npz', encodeNpz({ images, labels })],
  ['stored.npz', 'npz', encodeNpz({ images, labels }, { compress: false })],
  ['array.npy', 'npy', npy(images.shape, images.data)],
  ['array.idx', 'idx', idx],
  ['array.idx.gz', 'idx', gzipSync(idx)],
];

/** Flips, sets, removes or repeats some bytes. */
function mutate(original: Uint8Array, example: number): Uint8Array {
  const draws = stream({ seed: 0, purpose: 'mutation', example });
  const below = (n: number) => Math.floor(draws.uniform() * n);
  let mutant = Buffer.from(original);
  for (let times = 1 + below(3); times > 0; times--) {
    const at = below(mutant.length);
    const kind = below(5);
    if (kind === 0) mutant[at] ^= 1 << below(8);
    if (kind === 1) mutant[at] = [0, 0x7f, 0x80, 0xff][below(4)];
    if (kind === 2) mutant.fill(0xff, at, Math.min(mutant.length, at + 4));
    if (kind === 3) mutant = Buffer.concat([mutant.subarray(0, at), mutant.subarray(at + 1 + below(8))]);
    if (kind === 4)
      mutant = Buffer.concat([mutant.subarray(0, at), mutant.subarray(Math.max(0, at - below(16)))]);
  }
  return mutant;
}

it.each(originals)('mutants of %s are read or refused, never worse', async (name, format, original) => {
  put(directory, name, original);
  expect((await readAll(directory, { path: name, format })).n).toBe(5);
  let refused = 0;
  for (let example = 0; example < 300; example++) {
    put(directory, name, mutate(original, example));
    try {
      await readAll(directory, { path: name, format });
    } catch (error) {
      if (!(error instanceof AssayError)) throw new Error(`mutant ${example} of ${name}`, { cause: error });
      expect(error.details.file).toContain(name);
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(30);
});
