import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { afterAll, describe, expect, it } from 'vitest';
import { readCheckpoint, readWeights } from '../../src/checkpoints/registry.js';
import { asFloat32 } from '../../src/graph/widen.js';
import { smallJem } from '../fuzz/formats.js';
import {
  dict,
  float32,
  integer,
  type Saved,
  stateDict,
  tensor,
  text,
  torchLegacy,
  torchZip,
  withoutSums,
} from './torch-writer.js';

const folder = mkdtempSync(join(tmpdir(), 'assay-pytorch-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function save(bytes: Uint8Array, name = 'weights.pt'): string {
  const file = join(folder, name);
  writeFileSync(file, bytes);
  return file;
}

async function tensorsOf(bytes: Uint8Array) {
  const weights = await readWeights(save(bytes));
  return weights?.tensors ?? new Map();
}

const bytesOf = (array: ArrayBufferView) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
const values = [0, 1, -2, 0.5, 1024, -0.25];
/** 1.5 is 0x3e00 as float16 and 0x3fc0 as bfloat16. */
const types: [storage: string, type: string, bytesPerElement: number, array: ArrayBufferView][] = [
  ['FloatStorage', 'float32', 4, Float32Array.from(values)],
  ['DoubleStorage', 'float64', 8, Float64Array.from(values)],
  ['HalfStorage', 'float16', 2, Uint16Array.of(0x3e00, 0xc000, 0x0001, 0x7c00)],
  ['BFloat16Storage', 'bfloat16', 2, Uint16Array.of(0x3fc0, 0xc000, 0x7f80)],
  ['LongStorage', 'int64', 8, BigInt64Array.of(1n, -(2n ** 62n))],
  ['IntStorage', 'int32', 4, Int32Array.of(1, -2, 2 ** 30)],
  ['ShortStorage', 'int16', 2, Int16Array.of(1, -2)],
  ['CharStorage', 'int8', 1, Int8Array.of(1, -2, 127)],
  ['ByteStorage', 'uint8', 1, Uint8Array.of(1, 255)],
  ['BoolStorage', 'bool', 1, Uint8Array.of(1, 0, 1)],
];

/** The same numbers in the other order of bytes. */
function swapped(array: ArrayBufferView, size: number): Uint8Array {
  const bytes = bytesOf(array).slice();
  for (let at = 0; at < bytes.length; at += size) bytes.subarray(at, at + size).reverse();
  return bytes;
}

describe('tensors', () => {
  it('are read from archives that PyTorch wrote without checksums', async () => {
    const archive = torchZip(smallJem());
    expect(await tensorsOf(withoutSums(archive))).toEqual(await tensorsOf(archive));
  });

  it.each(types)(
    'of %s, in both formats and both byte orders',
    async (storage, type, bytesPerElement, array) => {
      const bytes = bytesOf(array);
      const dims = [bytes.length / bytesPerElement];
      const saved: Saved = { dims, bytes, storage, bytesPerElement };
      const big = { 'a.weight': { ...saved, bytes: swapped(array, bytesPerElement) } };
      for (const file of [
        torchZip({ 'a.weight': saved }),
        torchLegacy({ 'a.weight': saved }),
        torchZip(big, { order: 'big' }),
      ]) {
        const read = (await tensorsOf(file)).get('a.weight');
        expect(read).toMatchObject({ type, dims });
        expect(read?.data).toEqual(array);
      }
    },
  );

  it('of half floats are widened exactly', () => {
    const half = Uint16Array.of(0x3e00, 0xc000, 0x0001, 0x03ff, 0x7bff, 0x7c00, 0x7e00, 0x8000);
    expect(asFloat32({ type: 'float16', dims: [8], data: half })).toEqual(
      Float32Array.of(1.5, -2, 2 ** -24, 1023 * 2 ** -24, 65504, Number.POSITIVE_INFINITY, Number.NaN, -0),
    );
    const brain = Uint16Array.of(0x3fc0, 0xc000, 0x7f80, 0x0001);
    expect(asFloat32({ type: 'bfloat16', dims: [4], data: brain })).toEqual(
      Float32Array.of(1.5, -2, Number.POSITIVE_INFINITY, 2 ** -133),
    );
  });

  const rows = Float32Array.from({ length: 24 }, (_, i) => i);
  const views: [what: string, dims: number[], strides: number[], offset: number, wanted: number[]][] = [
    ['transposed', [4, 3], [1, 4], 0, [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11]],
    ['with an offset', [2, 3], [3, 1], 5, [5, 6, 7, 8, 9, 10]],
    ['with gaps', [2, 2], [8, 3], 1, [1, 4, 9, 12]],
    ['expanded', [3, 2], [0, 1], 4, [4, 5, 4, 5, 4, 5]],
    ['channels last', [1, 2, 2, 2], [8, 1, 4, 2], 0, [0, 2, 4, 6, 1, 3, 5, 7]],
    ['of one number', [], [], 7, [7]],
    ['with an axis of one', [1, 3], [99, 1], 2, [2, 3, 4]],
    ['empty', [0, 3], [3, 1], 0, []],
  ];
  it.each(views)('that are views: %s', async (_, dims, strides, offset, wanted) => {
    const saved = { ...float32(dims, rows), strides, offset };
    for (const file of [torchZip({ 'a.weight': saved }), torchLegacy({ 'a.weight': saved })]) {
      const read = (await tensorsOf(file)).get('a.weight');
      expect(read?.dims).toEqual(dims);
      expect(Array.from(read?.data ?? [])).toEqual(wanted);
    }
  });

  it('that share a storage are read from it', async () => {
    const shared = { ...float32([24], rows), key: 'shared' };
    const tensors = {
      'a.weight': { ...shared, dims: [2, 3], strides: [3, 1] },
      'b.weight': { ...shared, dims: [2], offset: 20 },
    };
    for (const file of [torchZip(tensors), torchLegacy(tensors)]) {
      const read = await tensorsOf(file);
      expect(Array.from(read.get('a.weight')?.data ?? [])).toEqual([0, 1, 2, 3, 4, 5]);
      expect(Array.from(read.get('b.weight')?.data ?? [])).toEqual([20, 21]);
    }
  });

  it.each([
    ['complex numbers', 'ComplexFloatStorage', /complex64/],
    ['quantised numbers', 'QInt8Storage', /qint8/],
  ])('of %s are refused by name', async (_, storage, says) => {
    const file = save(
      torchZip({ 'a.weight': { ...float32([2], [1, 2, 3, 4]), storage, bytesPerElement: 8 } }),
    );
    const error = await readWeights(file).catch((e) => e);
    expect(error).toMatchObject({ code: 'file-malformed', details: { path: 'tensor "a.weight"' } });
    expect(error.explain()).toMatch(says);
  });
});

describe('where weights are in a file', () => {
  const tensors = smallJem();
  const named = (prefix: string) =>
    Object.fromEntries(Object.entries(tensors).map(([k, v]) => [prefix + k, v]));
  const other = { ...float32([1], [9]), key: 'ema' };
  const ema = stateDict({ 'f.conv1.weight': other });
  const optimizer = dict(['state', dict(['0', dict(['momentum_buffer', tensor(other, 'ema')])])]);
  const files: [what: string, bytes: Buffer][] = [
    ['at the root', torchZip(tensors)],
    ...['state_dict', 'model_state_dict', 'net', 'model'].map((key): [string, Buffer] => [
      `under ${key}`,
      torchZip(
        { ...tensors, ema: other },
        {
          root: dict(
            ['epoch', integer(3)],
            ['optimizer', optimizer],
            ['ema', ema],
            [key, stateDict(tensors)],
          ),
        },
      ),
    ]),
    ['two keys deep', torchZip(tensors, { root: dict(['checkpoint', dict(['model', stateDict(tensors)])]) })],
    ['with the prefix of DataParallel', torchZip(named('module.'))],
    ['compiled, in parallel', torchZip(named('_orig_mod.module.'))],
    ['inside another module', torchZip(named('model.net.'))],
    ['in the format before 1.6', torchLegacy(named('module.'))],
  ];
  it.each(files)('%s', async (_, bytes) => {
    const file = save(bytes);
    const { built, sha256, bytes: size } = await readCheckpoint(file);
    expect(built).toMatchObject({ layout: 'jem', architecture: { name: 'wide-resnet', depth: 10 } });
    expect(size).toBe(bytes.length);
    expect(sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
  });

  it('is chosen by the card, and others are told', async () => {
    const average = Object.fromEntries(
      Object.entries(tensors).map(([k, v]) => [
        k,
        { ...v, bytes: new Uint8Array(v.bytes.length), key: `ema.${k}` },
      ]),
    );
    const all = {
      ...tensors,
      ...Object.fromEntries(Object.entries(average).map(([k, v]) => [`ema.${k}`, v])),
    };
    const file = save(
      torchZip(all, { root: dict(['ema', stateDict(average)], ['model', stateDict(tensors)]) }),
    );
    const weight = async (stateDict?: string) => {
      const { graph, built } = await readCheckpoint(file, undefined, {
        architecture: { name: 'wide-resnet', ...(stateDict && { stateDict }) },
      });
      return { first: graph.initializers.get('f.conv1.weight')?.data[0], notes: built?.notes.join() };
    };
    expect((await weight()).first).not.toBe(0);
    expect((await weight()).notes).toMatch(/also holds weights under ema/);
    expect((await weight('ema')).first).toBe(0);
    await expect(weight('emma')).rejects.toMatchObject({
      code: 'unknown-name',
      details: { hint: 'did you mean "ema"?' },
    });
  });

  it('nowhere: the error says what the file holds', async () => {
    const file = save(torchZip({}, { root: dict(['epoch', integer(3)], ['note', text('hello')]) }));
    const error = await readWeights(file).catch((e) => e);
    expect(error.details.found).toBe('a dict of epoch (a number), note (a string)');
  });
});

describe('archives that are not as torch.save writes them', () => {
  const good = torchZip(smallJem());
  /** Changes the first occurrence of some bytes behind a place. */
  function patched(from: Buffer, to: Buffer, start = 0): Buffer {
    const at = good.indexOf(from, start);
    expect(at).toBeGreaterThanOrEqual(0);
    return Buffer.concat([good.subarray(0, at), to, good.subarray(at + from.length)]);
  }
  const directory = good.indexOf(Buffer.from('PK\x01\x02'));
  const claims = (offset: number, value: number) => {
    const bytes = Buffer.from(good);
    bytes.writeUInt32LE(value, directory + offset);
    return bytes;
  };
  const flipped = (bytes: Buffer, at: number) => {
    const copy = Buffer.from(bytes);
    copy[at]! ^= 1;
    return copy;
  };
  const zip = (files: Record<string, Uint8Array>, level: 0 | 9 = 0) => Buffer.from(zipSync(files, { level }));
  const cases: [what: string, bytes: Buffer, says: RegExp][] = [
    [
      'names that lead out',
      patched(Buffer.from('net/version'), Buffer.from('../../ver.n'), directory),
      /relative path|archive/,
    ],
    [
      'absolute names',
      patched(Buffer.from('net/version'), Buffer.from('/et/version'), directory),
      /absolute path|archive/,
    ],
    [
      'the same name twice',
      patched(Buffer.from('net/data/1'), Buffer.from('net/data/0'), directory),
      /twice/,
    ],
    ['a size beyond the file', claims(20, 0x7ffffff0), /size|reaches into/],
    ['two sizes', claims(24, 5), /size/],
    [
      'a member inside another',
      claims(42, good.indexOf(Buffer.from('PK\x03\x04'), 10) + 4),
      /reaches into|archive/,
    ],
    ['a place beyond the end', claims(42, 0x7ffffff0), /reaches into|archive/],
    ['compressed members', zip({ 'net/data.pkl': Buffer.alloc(1 << 20) }, 9), /compressed/],
    ['no pickle', zip({ 'net/other': Buffer.alloc(4) }), /0 of them/],
    ['two pickles', zip({ 'a/data.pkl': Buffer.alloc(4), 'b/data.pkl': Buffer.alloc(4) }), /2 of them/],
    [
      'numbers that are missing',
      zip({ 'net/data.pkl': good.subarray(good.indexOf(Buffer.from([0x80, 2]))).subarray(0, 60_000) }),
      /missing/,
    ],
    ['an unknown byte order', torchZip(smallJem(), { order: 'middle' }), /byte order/],
    [
      'a flipped bit among the weights',
      flipped(good, good.indexOf('net/data/1') + 'net/data/1'.length),
      /damaged[\s\S]*net\/data\/1/,
    ],
    ['a flipped bit in the pickle', flipped(good, good.indexOf('energy_output')), /damaged[\s\S]*data\.pkl/],
    ['a cut', good.subarray(0, good.length - 30), /archive/],
    ['nothing but a beginning', Buffer.from('PK\x03\x04rest'), /archive/],
  ];
  it.each(cases)('%s', async (_, bytes, says) => {
    const error = await readWeights(save(bytes)).then(
      () => undefined,
      (e) => e,
    );
    expect(error?.code).toBe('file-malformed');
    expect(error.explain()).toMatch(says);
  });

  it('too many members', async () => {
    const entry = good.subarray(directory, directory + 46 + 'net/data.pkl'.length);
    const count = 60_000;
    const end = Buffer.from(good.subarray(good.indexOf(Buffer.from('PK\x05\x06'))));
    end.writeUInt16LE(count, 8);
    end.writeUInt16LE(count, 10);
    end.writeUInt32LE(entry.length * count, 12);
    const bytes = Buffer.concat([good.subarray(0, directory), ...Array(count).fill(entry), end]);
    await expect(readWeights(save(bytes))).rejects.toMatchObject({
      message: 'the archive has too many members',
    });
  });
});
