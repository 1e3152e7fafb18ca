import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memorySource } from '../../../src/bytes/byte-source.js';
import type { NumberArray } from '../../../src/data/arrays/nd-array.js';
import { decodeNpy, encodeNpy, openNpy } from '../../../src/data/arrays/npy.js';
import { errorOf, npy, npyWith } from '../files.js';

const source = (bytes: Uint8Array) => memorySource(bytes, { file: 'a.npy' });

const filled: readonly [string, fc.Arbitrary<NumberArray>][] = [
  ['u1', fc.uint8Array()],
  ['i1', fc.int8Array()],
  ['u2', fc.uint16Array()],
  ['i2', fc.int16Array()],
  ['u4', fc.uint32Array()],
  ['i4', fc.int32Array()],
  ['u8', fc.bigUint64Array()],
  ['i8', fc.bigInt64Array()],
  ['f4', fc.float32Array()],
  ['f8', fc.float64Array()],
];

describe('.npy arrays', () => {
  it.each(filled)('of %s come back as they were written', async (_, arrays) => {
    await fc.assert(
      fc.asyncProperty(arrays, fc.boolean(), async (data, tall) => {
        const shape = tall ? [data.length, 1] : [data.length];
        const back = await decodeNpy(source(encodeNpy({ shape, data })));
        expect(back).toEqual({ shape, data });
      }),
      { numRuns: 30 },
    );
  });

  it('are the bytes that NumPy writes', () => {
    const header = "{'descr': '<i2', 'fortran_order': False, 'shape': (2, 3), }";
    // numpy.save of numpy.arange(6, dtype='<i2').reshape(2, 3), NumPy 1.24.
    const expected = Buffer.concat([
      Buffer.from('934e554d505901007600', 'hex'),
      Buffer.from(`${header.padEnd(117)}\n`),
      Buffer.from('000001000200030004000500', 'hex'),
    ]);
    expect(Buffer.from(npy([2, 3], Int16Array.of(0, 1, 2, 3, 4, 5)))).toEqual(expected);
  });

  it('start at a multiple of 64 bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 30 }), async (shape) => {
        const data = new Float32Array(shape.reduce((a, b) => a * b, 1) % 4096);
        fc.pre(shape.reduce((a, b) => a * b, 1) === data.length);
        const bytes = encodeNpy({ shape, data });
        expect((bytes.length - data.byteLength) % 64).toBe(0);
        expect((await decodeNpy(source(bytes))).shape).toEqual(shape);
      }),
    );
  });

  it.each([
    ['big-endian float32', '>f4', '3fc00000c0000000', [1.5, -2]],
    ['big-endian float64', '>f8', '3ff8000000000000', [1.5]],
    ['big-endian int64', '>i8', 'fffffffffffffffe', [-2n]],
    ['big-endian uint16', '>u2', '0102', [258]],
    ['little-endian uint16', '<u2', '0102', [513]],
    ['bool', '|b1', '000101', [0, 1, 1]],
    ['half: 1, -2, the smallest, infinity', '<f2', '003c00c00100007c', [1, -2, 2 ** -24, Infinity]],
    ['a byte with an order', '<u1', '05', [5]],
  ])('of %s are read', async (_, descr, hex, expected) => {
    const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${expected.length},), }`;
    const { data } = await decodeNpy(source(npyWith(header, Buffer.from(hex, 'hex'))));
    expect(Array.from<number | bigint>(data)).toEqual(expected);
  });

  it.each([1, 2, 3])(
    'of version %i are read, whatever the order and spacing of the keys',
    async (version) => {
      const header = "{'shape':( 2 ,1 ), 'descr':'<u2','fortran_order' : False}   ";
      const { shape, data } = await decodeNpy(
        source(npyWith(header, Buffer.from('01000200', 'hex'), version)),
      );
      expect([shape, data]).toEqual([[2, 1], Uint16Array.of(1, 2)]);
    },
  );

  it('give any range of rows as the whole has it', async () => {
    const whole = Float32Array.from({ length: 60 }, (_, i) => i / 7);
    const array = await openNpy(source(npy([10, 2, 3], whole)));
    await fc.assert(
      fc.asyncProperty(fc.nat(10), fc.nat(10), async (a, b) => {
        const [start, end] = [Math.min(a, b), Math.max(a, b)];
        expect(await array.rows(start, end)).toEqual(whole.slice(6 * start, 6 * end));
      }),
    );
  });
});

describe('what is refused', () => {
  const good = (shape: string, descr = '<u2', order = 'False') =>
    `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${shape}, }`;

  it.each<[string, Uint8Array, RegExp]>([
    ['nothing', new Uint8Array(), /not a \.npy/],
    ['another magic', Buffer.from('PNG and some more bytes'), /not a \.npy/],
    ['version 4', npyWith(good('(1,)'), new Uint8Array(2), 4), /not a \.npy/],
    ['an absurd shape', npyWith(good('(99999999999, 99999999, 3)')), /cut off/],
    ['a shape beyond integers', npyWith(good('(99999999999999999999,)')), /makes no sense/],
    ['a shape that wraps to nothing', npyWith(good('(4294967296, 4294967296)')), /cut off/],
    ['a negative size', npyWith(good('(-1,)')), /not understood/],
    ['too many axes', npyWith(good(`(${'1, '.repeat(33)})`), new Uint8Array(2)), /makes no sense/],
    ['an empty axis name', npyWith(good('(1,,2)'), new Uint8Array(4)), /makes no sense/],
    ['bytes too few', npyWith(good('(3,)'), new Uint8Array(5)), /cut off/],
    ['bytes too many', npyWith(good('(3,)'), new Uint8Array(7)), /after the array/],
    ['Fortran order', npyWith(good('(2, 2)', '<u2', 'True'), new Uint8Array(8)), /Fortran/],
    ['objects', npyWith(good('(1,)', '|O'), new Uint8Array(8)), /element type/],
    ['complex numbers', npyWith(good('(1,)', '<c8'), new Uint8Array(8)), /element type/],
    ['text', npyWith(good('(1,)', '<U4'), new Uint8Array(16)), /element type/],
    ['a name every object has', npyWith(good('(1,)', '<constructor'), new Uint8Array(16)), /element type/],
    [
      'records',
      npyWith("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }"),
      /not understood/,
    ],
    ['code', npyWith("__import__('os').system('true')"), /not understood/],
    ['a key twice', npyWith(good("(1,), 'shape': (2,)"), new Uint8Array(4)), /not understood/],
    ['a key too few', npyWith("{'descr': '<u2', 'shape': (1,), }", new Uint8Array(2)), /not understood/],
    ['a key too many', npyWith(good("(1,), 'x': True"), new Uint8Array(2)), /not understood/],
    ['something after the header', npyWith(`${good('(1,)')} 1`, new Uint8Array(2)), /not understood/],
  ])('%s', async (_, bytes, message) => {
    const error = await errorOf(decodeNpy(source(bytes)));
    expect(error.message).toMatch(message);
    expect(error.details.file).toBe('a.npy');
  });

  it('headers longer than any writer makes, before they are read', async () => {
    const start = Buffer.from(npyWith('{}', new Uint8Array(20), 2));
    start.writeUInt32LE(0xffffffff, 8);
    expect((await errorOf(decodeNpy(source(start)))).message).toMatch(/header is too long/);
  });

  it('every truncation', async () => {
    const whole = npy([2, 3], Int16Array.of(0, 1, 2, 3, 4, 5));
    for (let length = 0; length < whole.length; length++) {
      const error = await errorOf(decodeNpy(source(whole.subarray(0, length))));
      expect(error.code).toBe('file-malformed');
    }
  });

  it('writing a shape that the elements do not fill', () => {
    expect(() => npy([2, 2], new Uint8Array(3))).toThrow('3 elements do not fill shape (2, 2)');
  });
});
