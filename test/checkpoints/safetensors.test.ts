import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readCheckpoint, readWeights } from '../../src/checkpoints/registry.js';
import { strayKey } from '../../src/checkpoints/stray-key.js';
import { smallJem } from '../fuzz/formats.js';
import { safetensors, safetensorsOf } from './torch-writer.js';

const folder = mkdtempSync(join(tmpdir(), 'assay-safetensors-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function save(bytes: Uint8Array): string {
  const file = join(folder, 'weights.safetensors');
  writeFileSync(file, bytes);
  return file;
}

const bytesOf = (array: ArrayBufferView) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

it.each([
  ['F64', 'float64', Float64Array.of(0.5, -2)],
  ['F32', 'float32', Float32Array.of(0.5, -2)],
  ['F16', 'float16', Uint16Array.of(0x3e00, 0xc000)],
  ['BF16', 'bfloat16', Uint16Array.of(0x3fc0, 0xc000)],
  ['I64', 'int64', BigInt64Array.of(1n, -(2n ** 62n))],
  ['U32', 'uint32', Uint32Array.of(1, 2 ** 31)],
  ['I8', 'int8', Int8Array.of(1, -1)],
  ['BOOL', 'bool', Uint8Array.of(1, 0)],
])('reads %s', async (dtype, type, array) => {
  const first = { dims: [3], bytes: Uint8Array.of(1, 2, 3), dtype: 'U8' };
  const file = save(safetensors({ odd: first, weight: { dims: [2, 1], bytes: bytesOf(array), dtype } }));
  const read = (await readWeights(file))?.tensors.get('weight');
  expect(read).toMatchObject({ type, dims: [2, 1] });
  expect(read?.data).toEqual(array);
});

it('recognises the format by its content, and the network by its weights', async () => {
  const { format, built } = await readCheckpoint(save(safetensors(smallJem())));
  expect([format, built?.layout]).toEqual(['safetensors', 'jem']);
});

describe('refuses', () => {
  const entry = (shape: unknown, offsets: unknown, dtype: unknown = 'F32') =>
    JSON.stringify({ dtype, shape, data_offsets: offsets });
  const eight = new Uint8Array(8);
  const one = entry([1], [0, 4]);
  const of = (header: string, content: Uint8Array = eight) => safetensorsOf(header, [content]);
  const claim = (length: bigint) => {
    const bytes = of(`{"a":${entry([2], [0, 8])}}`);
    bytes.writeBigUInt64LE(length);
    return bytes;
  };
  const cases: [what: string, bytes: Buffer, says: RegExp][] = [
    ['a header longer than the file', claim(1n << 20n), /impossible length/],
    ['a header of 2^64 bytes', claim(2n ** 64n - 1n), /impossible length/],
    ['a header of no bytes', claim(0n), /impossible length/],
    ['a header that ends early', claim(20n), /not JSON/],
    ['a header that is no JSON', of('{"a":'), /not JSON/],
    [
      'a header that is no text',
      Buffer.concat([of('{"a":""}').subarray(0, 13), Buffer.from([0xff, 0xfe]), Buffer.from('}')]),
      /not text|not JSON/,
    ],
    ['a header that is a list', of('[1, 2]', new Uint8Array(0)), /names no tensors/],
    ['a header without tensors', of('{"__metadata__":{}}', new Uint8Array(0)), /no tensors/],
    ['a name twice', of(`{"a":${one},"a":${entry([1], [4, 8])}}`), /the key "a" twice/],
    ['a name twice, written differently', of(`{"a":${one},"\\u0061":${entry([1], [4, 8])}}`), /twice/],
    [
      'an offset twice',
      of('{"a":{"dtype":"F32","shape":[2],"data_offsets":[4,8],"data_offsets":[0,8]}}'),
      /twice/,
    ],
    ['deep nesting', of(`{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`), /nested/],
    ['an unknown type', of(`{"a":${entry([2], [0, 8], 'F4')}}`), /type that is not read/],
    ['a type from the prototype', of(`{"a":${entry([2], [0, 8], 'constructor')}}`), /type that is not read/],
    ['a shape that does not fit', of(`{"a":${entry([3], [0, 8])}}`), /does not fit its bytes/],
    ['a shape that overflows', of(`{"a":${entry([2 ** 40, 2 ** 40], [0, 8])}}`), /does not fit its bytes/],
    ['a negative size', of(`{"a":${entry([-2], [0, 8])}}`), /impossible shape/],
    ['a fractional size', of(`{"a":${entry([1.5], [0, 6])}}`), /impossible shape/],
    ['a shape that is none', of(`{"a":${entry('2', [0, 8])}}`), /impossible shape/],
    ['an end before the start', of(`{"a":${entry([2], [8, 0])}}`), /impossible offsets/],
    ['one offset', of(`{"a":${entry([2], [0])}}`), /impossible offsets/],
    ['a tensor beyond the file', of(`{"a":${entry([4], [0, 16])}}`), /beyond the end/],
    ['a tensor that is no object', of('{"a":5}'), /type that is not read/],
    ['tensors that overlap', of(`{"a":${one},"b":${entry([2], [0, 8])}}`), /overlap/],
    ['a gap before a tensor', of(`{"a":${entry([1], [4, 8])}}`), /gap/],
    ['bytes behind the last tensor', of(`{"a":${one}}`), /do not fill/],
    ['hardly a file', Buffer.from('{'), /too short/],
  ];
  it.each(cases)('%s', async (_, bytes, says) => {
    const file = save(bytes);
    const error = await readWeights(file).then(
      () => undefined,
      (e) => e,
    );
    expect(error?.code).toBe('file-malformed');
    expect(error.details.file).toBe(file);
    expect(error.explain()).toMatch(says);
  });
});

it('tells keys from values when it looks for keys that occur twice', () => {
  expect(strayKey('{"a": "a", "b": ["a", "b", {"a": 1}], "c\\"": {"a": 2}}', 4)).toBeUndefined();
  expect(strayKey('[{"a": 1}, {"a": 1}]', 2)).toBeUndefined();
  expect(strayKey('{"x": {"a": 1, "b": 2, "a": 3}}', 2)).toBe('the key "a" twice');
});
