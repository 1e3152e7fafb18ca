// @module-tag slow
import { readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { strToU8 } from 'fflate';
import { beforeAll, describe, expect, it } from 'vitest';
import { readCheckpoint } from '../../../src/checkpoints/registry.js';
import { AssayError, type ErrorCode } from '../../../src/errors.js';
import { closeHdf5, reusedHdf5 } from '../../fuzz/hdf5-reader.js';
import {
  dense,
  functional,
  input,
  layer,
  linear,
  numbers,
  reads,
  sequential,
  temporaryFolder,
} from './files.js';
import { archive, h5, hdf5, numbered, WEIGHTS, writerReady } from './hdf5-writer.js';
import { summedChunks } from './summed-chunks.js';

const folder = temporaryFolder();

beforeAll(() => writerReady, 300_000);

/** The archive with `from` in place of `to` wherever it stands: names are in it twice. */
function renamed(bytes: Uint8Array, from: string, to: string): Uint8Array {
  return Buffer.from(Buffer.from(bytes).toString('latin1').replaceAll(from, to), 'latin1');
}

const put = (name: string, bytes: Uint8Array): string => {
  const file = join(folder, name);
  writeFileSync(file, bytes);
  return file;
};

async function refusal(file: string): Promise<AssayError> {
  const error = await readCheckpoint(file, 'keras').then(
    () => new Error('it was read'),
    (cause: unknown) => cause,
  );
  if (!(error instanceof AssayError)) throw error;
  return error;
}

const SLOW = 300_000;

describe('whole files are read', () => {
  it(
    '.h5',
    async () => {
      const { graph } = await readCheckpoint(put('model.h5', h5()));
      expect(graph.producer).toBe('Keras 2.15.0');
      expect(graph.initializers.get('dense/kernel')?.data).toEqual(numbers(32));
      expect(graph.outputs).toEqual([{ name: 'dense', type: 'float32', dims: ['N', 2] }]);
    },
    SLOW,
  );

  it(
    '.keras, whatever else is in it',
    async () => {
      const bytes = archive({ '../../slip.txt': strToU8('out'), 'assets/x': strToU8('') });
      const before = readdirSync(dirname(folder)).sort();
      const { graph } = await readCheckpoint(put('model.keras', bytes)).catch((error) => {
        // Names that leave the archive may also be refused as such; nothing is ever written.
        expect(error).toMatchObject({ code: 'file-malformed' });
        return readCheckpoint(put('model.keras', archive()));
      });
      expect(graph.initializers.get('dense/bias')?.data).toEqual(numbers(2));
      expect(readdirSync(dirname(folder)).filter((name) => name === 'slip.txt')).toEqual([]);
      expect(before.length).toBeGreaterThan(0);
    },
    SLOW,
  );
});

const claimed = { name: 'dense/kernel:0', shape: [17, 2] };
const files: [what: string, name: string, bytes: () => Uint8Array, code: ErrorCode, told: RegExp][] = [
  [
    'weights only',
    'w.h5',
    () => hdf5((root) => void root.create_attribute('layer_names', ['a'])),
    'file-malformed',
    /save_weights/,
  ],
  [
    'HDF5 of another kind',
    'o.h5',
    () => hdf5((root) => void root.create_group('x')),
    'file-malformed',
    /not a model of Keras/,
  ],
  ['a cut file', 'c.h5', () => h5().subarray(0, 3000), 'file-malformed', /HDF5 file cannot be read/],
  ['a head alone', 'e.h5', () => h5().subarray(0, 8), 'file-malformed', /HDF5 file cannot be read/],
  [
    'a configuration that is no JSON',
    'j.h5',
    () => hdf5((root) => void root.create_attribute('model_config', '{"a":')),
    'file-malformed',
    /not whole JSON/,
  ],
  [
    'a missing weight',
    'm.h5',
    () => h5(linear(), WEIGHTS.slice(0, 1)),
    'file-malformed',
    /"bias" of shape \[2\]/,
  ],
  [
    'a weight of another shape',
    's.h5',
    () => h5(linear(), [claimed, WEIGHTS[1]!]),
    'file-malformed',
    /\[16, 2\][\s\S]*\[17, 2\]/,
  ],
  [
    'too many weights',
    'n.h5',
    () => h5(linear(), [...WEIGHTS, { name: 'dense/more:0', shape: [1] }]),
    'file-malformed',
    /more weights/,
  ],
  [
    'a link to another file',
    'l.h5',
    () => h5(linear(), WEIGHTS, (root) => void root.create_external_link('/etc/hostname', 'x', 'link')),
    'file-malformed',
    /a link to x in another file, .etc.hostname/,
  ],
  [
    'groups in a circle',
    'g.h5',
    () =>
      h5(linear(), WEIGHTS, (root) => void root.create_hard_link('/model_weights', '/model_weights/again')),
    'file-malformed',
    /groups more than 32 deep/,
  ],
  [
    'a Lambda layer',
    'x.h5',
    () => h5(sequential(input(), layer('Lambda', 'code'), dense())),
    'op-unsupported',
    /never executed/,
  ],
  [
    'layers in a circle',
    'k.h5',
    () => h5(functional([input(), layer('Add', 'a', {}, reads('image', 'a'))], 'a')),
    'file-malformed',
    /form a circle/,
  ],
  [
    'an archive that is none',
    'a.keras',
    () => Buffer.from('PK\x03\x04 and no more'),
    'file-malformed',
    /archive cannot be read/,
  ],
  ['a cut archive', 'b.keras', () => archive().subarray(0, -40), 'file-malformed', /archive cannot be read/],
  [
    'an archive without weights',
    'd.keras',
    () => archive({ 'model.weights.h5': undefined }),
    'file-malformed',
    /a part of the model is missing/,
  ],
  [
    'a bomb',
    'f.keras',
    () => archive({ 'config.json': new Uint8Array(2 ** 27) }),
    'file-malformed',
    /bytes from an archive of/,
  ],
  [
    'a member twice',
    'h.keras',
    () => renamed(archive({ 'confix.json': strToU8('{}') }), 'confix.json', 'config.json'),
    'file-malformed',
    /this member twice/,
  ],
  [
    'numbered weights of another shape',
    'i.keras',
    () => archive({ 'model.weights.h5': numbered([16, 3], [2]) }),
    'file-malformed',
    /wrong shape/,
  ],
  [
    'too few numbered weights',
    'q.keras',
    () => archive({ 'model.weights.h5': numbered([16, 2]) }),
    'file-malformed',
    /"bias"/,
  ],
  [
    'a custom class',
    'r.keras',
    () =>
      archive({
        'config.json': strToU8(
          JSON.stringify(
            sequential(input(), layer('Flatten', 'f', {}, { module: 'mine', registered_name: 'Flatten' })),
          ),
        ),
      }),
    'op-unsupported',
    /its own class/,
  ],
];
describe('refused', () => {
  it.each(files)(
    '%s',
    async (_, name, bytes, code, told) => {
      const error = await refusal(put(name, bytes()));
      expect(error.explain()).toMatch(told);
      expect(error.code).toBe(code);
      expect(error.details.file).toContain(name);
      expect(error.details.hint).toBeTruthy();
    },
    SLOW,
  );
});

it(
  'a shape that the file cannot hold is refused before there is space for it',
  async () => {
    // Chunks that were never written take no room, whatever the shape.
    const bytes = h5(linear(), WEIGHTS, (root) => {
      const huge = { name: 'huge', data: numbers(4), shape: [4], maxshape: [null], chunks: [4] };
      root.create_dataset(huge).resize([2 ** 40]);
    });
    const error = await refusal(put('huge.h5', bytes));
    expect(error).toMatchObject({ code: 'file-malformed', details: { path: 'huge' } });
    expect(error.details.found).toMatch(/more than the file can hold/);
  },
  SLOW,
);

describe('numbers that have a checksum are right or refused', () => {
  const plain = Buffer.from(numbers(32).buffer);

  it.each(Object.entries(summedChunks))(
    '%s',
    async (_, { storage, find }) => {
      const whole = Buffer.from(h5(linear(), [WEIGHTS[0]!], undefined, storage));
      const kernel = async (bytes: Uint8Array) =>
        (await reusedHdf5(Uint8Array.from(bytes), 'model.h5')).datasets.get(
          'model_weights/dense/dense/kernel:0',
        );
      expect((await kernel(whole))?.data).toEqual(numbers(32));
      const [start, end] = find(whole, plain);
      for (let at = start; at < end; at++) {
        const damaged = Buffer.from(whole);
        damaged[at]! ^= 1 << (at % 8);
        const outcome = await kernel(damaged).then(
          (read) => read?.data,
          ({ code, details }: AssayError) => [code, details.path],
        );
        // A bit of a zlib header may be free.
        expect([numbers(32), ['file-malformed', 'model_weights/dense/dense/kernel:0']]).toContainEqual(
          outcome,
        );
      }
      await closeHdf5();
    },
    SLOW,
  );
});
