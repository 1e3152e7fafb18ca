import { describe, expect, it } from 'vitest';
import type { PerturbedSpec } from '../../../src/data/formats/perturbed-spec.js';
import { bytes, errorOf, levels, npy, put, readAll, temporaryFolder } from '../files.js';

const directory = temporaryFolder();
const read = (spec: PerturbedSpec) => readAll(directory, spec);

/** Two images of 2x2: three frames of one perturbation, four of another, two of one that is in no mean. */
const FILES = { rotate: 3, gaussian_noise: 4, shear: 2 };
const level = (frames: number, image: number, frame: number, c: number, p: number, from: number) =>
  (from + 7 * ((image * frames + frame) * 12 + p * 3 + c)) % 256;
const folder = (name: string, more: Record<string, Uint8Array> = {}) => {
  for (const [i, [file, frames]] of Object.entries(FILES).entries())
    put(directory, `${name}/${file}.npy`, npy([2, frames, 2, 2, 3], bytes(24 * frames, 50 * i)));
  put(directory, `${name}/labels.npy`, npy([2], Uint8Array.of(1, 0)));
  for (const [file, content] of Object.entries(more)) put(directory, `${name}/${file}`, content);
  return name;
};

describe('cifar-p', () => {
  it('is told from the folder; examples are frames, image after image', async () => {
    const { info, n, indices, labels, ...rest } = await read({ path: folder('p') });
    expect(info.sequences).toEqual([
      { name: 'gaussian-noise', frames: 4 },
      { name: 'rotate', frames: 3 },
    ]);
    expect([n, labels, info.labelled]).toEqual([14, undefined, false]);
    expect([...indices]).toEqual(Array.from({ length: 14 }, (_, i) => i));
    const image = (i: number) =>
      [
        { frames: 4, from: 50 },
        { frames: 3, from: 0 },
      ].flatMap(({ frames, from }) =>
        Array.from({ length: frames }, (_, f) =>
          [0, 1, 2].map((c) => [0, 1, 2, 3].map((p) => level(frames, i, f, c, p, from))),
        ),
      );
    expect(levels(rest)).toEqual([image(0), image(1)].flat(4));
    expect(info.note).toMatch(/all 2 examples, 7 frames of each; .*gaussian-noise \(4\), rotate \(3\)/);
  });

  it('takes images with all of their frames, whatever is selected', async () => {
    const path = folder('selected');
    const whole = await read({ path });
    for (const spec of [{ offset: 1 }, { sample: { n: 1, seed: 3 } }, { limit: 1 }]) {
      const { indices, pixels } = await read({ path, ...spec });
      expect(indices).toHaveLength(7);
      expect(indices[0]! % 7).toBe(0);
      expect(pixels).toEqual(whole.pixels.slice(indices[0]! * 12, (indices[0]! + 7) * 12));
    }
  });

  it('takes those that are named, in this order, with dashes as well', async () => {
    const { info } = await read({ path: folder('named'), perturbations: ['shear', 'gaussian-noise'] });
    expect(info.sequences?.map(({ name }) => name)).toEqual(['shear', 'gaussian-noise']);
  });

  it.each<[string, Record<string, Uint8Array>, Partial<PerturbedSpec>, object]>([
    ['a typo', {}, { perturbations: ['rotat'] }, { hint: 'did you mean "rotate"?' }],
    ['a severity', {}, { severity: 1 }, { path: 'severity' }],
    [
      'one twice, by a dash',
      {},
      { perturbations: ['gaussian_noise', 'rotate', 'gaussian-noise'] },
      { path: 'perturbations', hint: 'leave one of them out' },
    ],
    ['images', { 'rotate.npy': npy([6, 2, 2, 3], bytes(72)) }, {}, { found: 'u1 of shape (6, 2, 2, 3)' }],
    [
      'one frame',
      { 'rotate.npy': npy([2, 1, 2, 2, 3], bytes(24)) },
      {},
      { found: 'u1 of shape (2, 1, 2, 2, 3)' },
    ],
    [
      'floats',
      { 'rotate.npy': npy([2, 2, 2, 2, 3], new Float32Array(48)) },
      {},
      { found: 'f4 of shape (2, 2, 2, 2, 3)' },
    ],
    [
      'grey frames',
      { 'rotate.npy': npy([2, 2, 2, 2, 1], bytes(16)) },
      {},
      { found: 'u1 of shape (2, 2, 2, 2, 1)' },
    ],
    [
      'other images',
      { 'rotate.npy': npy([3, 3, 2, 2, 3], bytes(108)) },
      {},
      { expected: '2 images of 2 x 2, as gaussian_noise.npy', found: '3 of 2 x 2' },
    ],
    ['a file that is cut off', { 'rotate.npy': npy([2, 3, 2, 2, 3], bytes(72)).subarray(0, -1) }, {}, {}],
  ])('refuses %s', async (what, files, spec, details) => {
    const path = folder(`bad-${what.replaceAll(' ', '-')}`, files);
    const error = await errorOf(read({ path, ...spec }));
    expect(error.details).toMatchObject(details);
    expect(error.details.file).toContain(path);
  });

  it('says what to write where no file is one of those that are averaged over', async () => {
    put(directory, 'odd/shear.npy', npy([2, 2, 2, 2, 3], bytes(48)));
    const error = await errorOf(read({ path: 'odd' }));
    expect(error.details).toMatchObject({ path: 'perturbations', expected: 'some of shear' });
    put(directory, 'noise/gaussian_noise.npy', npy([2, 2, 2, 2, 3], bytes(48)));
    put(directory, 'noise/labels.npy', npy([2], bytes(2)));
    const taken = await errorOf(read({ path: 'noise', corruption: 'gaussian_noise' } as PerturbedSpec));
    expect(taken.details.hint).toMatch(/format: cifar-p/);
    expect((await read({ path: 'noise', format: 'cifar-p' })).n).toBe(4);
  });
});
