import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { zipSync } from 'fflate';
import { beforeAll, describe, expect, it } from 'vitest';
import { memorySource } from '../../../src/bytes/byte-source.js';
import { inflate } from '../../../src/bytes/inflate.js';
import { limits } from '../../../src/bytes/limits.js';
import { openNpy } from '../../../src/data/arrays/npy.js';
import { encodeNpz, npzMembers, readNpz, writeNpz } from '../../../src/data/arrays/npz.js';
import { bytes, errorOf, npy, temporaryFolder } from '../files.js';

const folder = temporaryFolder();
const arrays = {
  x: { shape: [4, 2, 2], data: Float32Array.from({ length: 16 }, (_, i) => i / 16) },
  y: { shape: [4], data: BigInt64Array.of(0n, 1n, 2n, -3n) },
};

describe('.npz archives', () => {
  it.each([true, false])('come back as they were written (compressed: %s)', async (compress) => {
    const names = fc.stringMatching(/^[a-z_][a-z0-9_]{0,8}([./][a-z]+)?$/);
    await fc.assert(
      fc.asyncProperty(fc.dictionary(names, fc.float64Array(), { maxKeys: 4 }), async (content) => {
        const written = Object.fromEntries(
          Object.entries(content).map(([name, data]) => [name, { shape: [data.length], data }]),
        );
        expect(await readNpz(encodeNpz(written, { compress }))).toEqual(written);
      }),
      { numRuns: 50 },
    );
  });

  it('are files, the same bytes for the same arrays', async () => {
    const [a, b] = [join(folder, 'a.npz'), join(folder, 'b.npz')];
    await writeNpz(a, arrays);
    await writeNpz(b, arrays);
    expect(readFileSync(a)).toEqual(readFileSync(b));
    expect(await readNpz(a)).toEqual(arrays);
    // The date of every entry is the earliest that zip knows: 1980-01-01 00:00.
    expect(readFileSync(a).readUInt32LE(10)).toBe((1 << 21) | (1 << 16));
  });

  it('may hold other things than arrays', async () => {
    const zip = zipSync({
      'README.txt': bytes(5),
      'a/': new Uint8Array(),
      'x.npy': npy([1], Uint8Array.of(3)),
    });
    expect(await readNpz(zip)).toEqual({ x: { shape: [1], data: Uint8Array.of(3) } });
  });

  it('cannot be written where there is no folder', async () => {
    const error = await errorOf(writeNpz(join(folder, 'absent', 'a.npz'), arrays));
    expect(error.code).toBe('output-unwritable');
  });
});

/** One deflated or stored member whose sizes and checksum may be lies, in headers and directory alike. */
function zipOf(
  name: string,
  content: Uint8Array,
  lie: { method?: number; flags?: number; packed?: number; size?: number; crc?: number; times?: number } = {},
): Buffer {
  const method = lie.method ?? 8;
  const data = method === 8 ? deflateRawSync(content) : Buffer.from(content);
  const fields = Buffer.alloc(26);
  fields.writeUInt16LE(20, 0);
  fields.writeUInt16LE(lie.flags ?? 0, 2);
  fields.writeUInt16LE(method, 4);
  fields.writeUInt32LE(lie.crc ?? crc32(content), 10);
  fields.writeUInt32LE(lie.packed ?? data.length, 14);
  fields.writeUInt32LE(lie.size ?? content.length, 18);
  fields.writeUInt16LE(name.length, 22);
  const local = Buffer.concat([Buffer.from('PK\x03\x04'), fields, Buffer.from(name), data]);
  const central = Buffer.concat([
    Buffer.from('PK\x01\x02\x14\x00'),
    fields,
    Buffer.alloc(14),
    Buffer.from(name),
  ]);
  const times = lie.times ?? 1;
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06');
  end.writeUInt16LE(times, 8);
  end.writeUInt16LE(times, 10);
  end.writeUInt32LE(central.length * times, 12);
  end.writeUInt32LE(local.length, 16);
  return Buffer.concat([local, ...Array<Buffer>(times).fill(central), end]);
}

describe('what is refused', () => {
  const content = npy([1000], new Uint8Array(1000));

  it('nothing that is true', async () => {
    expect(Object.keys(await readNpz(zipOf('x.npy', content)))).toEqual(['x']);
    expect(Object.keys(await readNpz(zipOf('x.npy', content, { method: 0 })))).toEqual(['x']);
  });

  it.each<[string, Uint8Array, RegExp]>([
    ['no archive', bytes(100), /whole zip/],
    ['nothing', new Uint8Array(), /whole zip/],
    ['less than is claimed', zipOf('x.npy', content, { size: content.length + 1 }), /another size/],
    ['more than is claimed', zipOf('x.npy', content, { size: content.length - 1 }), /another size/],
    ['a huge claim', zipOf('x.npy', content, { size: 0xfffffff0 }), /too large|another size/],
    [
      'a stored size that is not there',
      zipOf('x.npy', content, { method: 0, packed: 2e9, size: 2e9 }),
      /zip|early/,
    ],
    ['two sizes of one', zipOf('x.npy', content, { method: 0, size: 999 }), /sizes|zip/],
    ['another checksum', zipOf('x.npy', content, { crc: 1 }), /damaged/],
    ['another checksum of stored bytes', zipOf('x.npy', content, { method: 0, crc: 1 }), /damaged/],
    ['no checksum, which NumPy always writes', zipOf('x.npy', content, { method: 0, crc: 0 }), /damaged/],
    ['a password', zipOf('x.npy', content, { flags: 1 }), /cannot be read/],
    ['another compression', zipOf('x.npy', content, { method: 12 }), /cannot be read/],
    ['a name that climbs', zipOf('../../x.npy', content), /whole zip/],
    ['an absolute name', zipOf('/etc/x.npy', content), /whole zip/],
    ['an array twice', zipOf('x.npy', content, { times: 2 }), /twice/],
    ['a header that claims more than the member has', zipOf('x.npy', content.subarray(0, 500)), /cut off/],
  ])('%s', async (_, zip, message) => {
    const error = await errorOf(readNpz(zip));
    expect(error.message).toMatch(message);
    expect(error.code).toBe('file-malformed');
  });

  it('every truncation', async () => {
    for (const compress of [true, false]) {
      const whole = encodeNpz(arrays, { compress });
      for (let length = 0; length < whole.length; length += 3)
        expect((await errorOf(readNpz(whole.subarray(0, length)))).code).toBe('file-malformed');
    }
  });

  it('a file that is not there', async () => {
    expect((await errorOf(readNpz(join(folder, 'absent.npz')))).code).toBe('file-unreadable');
    expect((await errorOf(readNpz(folder))).code).toBe('file-unreadable');
  });
});

describe('inflated members', () => {
  const place = { file: 'a.npz', path: 'x.npy' };
  const content = bytes(3_000_000);
  const packed = memorySource(deflateRawSync(content), place);
  const temporary = temporaryFolder();
  beforeAll(() => {
    process.env.TMPDIR = temporary;
  });
  const left = () => readdirSync(temporary);

  it('that are long lie in a temporary file, and read the same', async () => {
    const source = await inflate(packed, {
      method: 'deflate',
      place,
      size: content.length,
      inMemory: 100_000,
    });
    // Without a name from the start: however the process ends, nothing stays.
    expect(left()).toHaveLength(process.platform === 'win32' ? 1 : 0);
    expect(source.size).toBe(content.length);
    for (const [offset, length] of [
      [0, 10],
      [99_990, 20],
      [1_048_570, 12],
      [2_999_999, 1],
      [0, 3_000_000],
    ] as const)
      expect(
        Buffer.compare(await source.read(offset, length), content.subarray(offset, offset + length)),
      ).toBe(0);
    await expect(source.read(2_999_999, 2)).rejects.toMatchObject({ code: 'file-malformed' });
    await source.close();
    expect(left()).toEqual([]);
  });

  it('leave nothing behind when they turn out damaged', async () => {
    for (const lie of [{ size: 2_900_000 }, { size: content.length, crc: 1 }])
      await errorOf(inflate(packed, { method: 'deflate', place, inMemory: 1000, ...lie }));
    expect(left()).toEqual([]);
  });

  it('beyond what is sensible are refused before they are begun', async () => {
    const error = await errorOf(
      inflate(packed, { method: 'deflate', place, size: limits.inflated.value + 1 }),
    );
    expect(error.message).toMatch(/too long/);
  });
});

it('lists arrays without reading them', async () => {
  const members = await npzMembers(memorySource(encodeNpz(arrays), { file: 'a.npz' }));
  expect([...members].map(([name, { size }]) => [name, size])).toEqual([
    ['x', 128 + 64],
    ['y', 128 + 32],
  ]);
});

it('reads stored members where they lie, no more than is asked for', async () => {
  const data = bytes(1_000_000);
  const whole = memorySource(encodeNpz({ x: { shape: [1000, 1000], data } }, { compress: false }), {
    file: 'a.npz',
  });
  let read = 0;
  const counted = {
    ...whole,
    read: (offset: number, length: number) => {
      read += length;
      return whole.read(offset, length);
    },
  };
  const member = (await npzMembers(counted)).get('x');
  const array = await openNpy((await member?.open()) ?? whole);
  read = 0;
  expect(await array.rows(500, 502)).toEqual(data.slice(500_000, 502_000));
  expect(read).toBe(2000);
});
