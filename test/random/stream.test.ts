import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { permutation, philox, type StreamKey, stream } from '../../src/random/stream.js';

const hex = (words: readonly number[]) => words.map((w) => w.toString(16).padStart(8, '0')).join(' ');
const ones = 0xffffffff;

describe('philox', () => {
  // Known answers published with Random123 (kat_vectors, philox4x32 10).
  it.each([
    [[0, 0, 0, 0], [0, 0], '6627e8d5 e169c58d bc57ac4c 9b00dbd8'],
    [[ones, ones, ones, ones], [ones, ones], '408f276d 41c83b0e a20bc7c6 6d5451fd'],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      'd16cfe09 94fdcceb 5001e420 24126ea1',
    ],
  ])('of counter %j and key %j', (counter, key, expected) => {
    expect(hex(philox(counter, key))).toBe(expected);
  });
});

it('gives the same normal draws one by one and by the array, whatever comes between', () => {
  const piece = fc.oneof(fc.constant('uniform' as const), fc.integer({ min: 0, max: 9 }));
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), fc.integer({ min: 0, max: 1000 }), (pieces, example) => {
      const key = { seed: 1, purpose: 'test/normals', example };
      const [single, filled] = [stream(key), stream(key)];
      for (const size of pieces) {
        if (size === 'uniform') expect(filled.uniform()).toBe(single.uniform());
        else {
          const into = new Float64Array(size);
          filled.normals(into);
          expect([...into]).toEqual(Array.from({ length: size }, () => single.normal()));
        }
      }
    }),
  );
});

it('draws uniform numbers by the array as one by one', () => {
  const key = { seed: 1, purpose: 'test/uniforms', example: 0 };
  const [single, filled] = [stream(key), stream(key)];
  for (const size of [0, 1, 7, 5000]) {
    const into = new Float64Array(size);
    filled.uniforms(into);
    expect([...into]).toEqual(Array.from({ length: size }, () => single.uniform()));
  }
});

it('is sfc32 in 32-bit arithmetic, seeded by Philox', () => {
  const fnv = (text: string) =>
    [...text].reduce((hash, c) => ((hash ^ BigInt(c.charCodeAt(0))) * 0x01000193n) % 2n ** 32n, 0x811c9dc5n);
  fc.assert(
    fc.property(fc.nat(), fc.nat(), (seed, example) => {
      const purpose = 'test/words';
      let [a, b, c, d] = philox([example, 0, 0, 0], [seed, Number(fnv(purpose))]).map(BigInt) as [
        bigint,
        bigint,
        bigint,
        bigint,
      ];
      const word = (x: bigint) => BigInt.asUintN(32, x);
      // PractRand 0.95, sfc32: 21, 9, 3.
      const next = () => {
        const sum = word(a + b + d);
        [a, b, c, d] = [
          b ^ (b >> 9n),
          word(c + (c << 3n)),
          word(((c << 21n) | (c >> 11n)) + sum),
          word(d + 1n),
        ];
        return Number(sum);
      };
      const expected = Array.from({ length: 200 }, next);
      const source = stream({ seed, purpose, example });
      const filled = new Uint32Array(100);
      source.uint32s(filled);
      expect([...filled, ...Array.from({ length: 100 }, () => source.uint32())]).toEqual(expected);
    }),
  );
});

const draws = (key: StreamKey, n = 8) => {
  const source = stream(key);
  return Array.from({ length: n }, () => source.uint32());
};

describe('a stream', () => {
  const base: Required<StreamKey> = {
    seed: 1,
    purpose: 'pgd/start',
    example: 2,
    restart: 3,
    step: 4,
    substep: 5,
  };

  it('is a function of its key', () => {
    expect(draws(base)).toEqual(draws({ ...base }));
  });

  it.each<Partial<StreamKey>>([
    { seed: 2 },
    { purpose: 'pgd/eot' },
    { example: 3 },
    { restart: 4 },
    { step: 5 },
    { substep: 6 },
  ])('changes entirely with %j', (change) => {
    const [a, b] = [draws(base, 64), draws({ ...base, ...change }, 64)];
    // Half of all bits differ, give or take five standard deviations.
    let bits = 0;
    for (let i = 0; i < 64; i++) for (let x = a[i]! ^ b[i]!; x !== 0; x &= x - 1) bits++;
    expect(Math.abs(bits - 1024)).toBeLessThan(5 * Math.sqrt(2048 / 4));
  });

  it('has uniform and normal draws with the moments they should have', () => {
    const n = 200_000;
    const source = stream({ seed: 3, purpose: 'moments', example: 0 });
    const uniforms = Array.from({ length: n }, () => source.uniform());
    const normals = Array.from({ length: n }, () => source.normal());
    const mean = (values: number[], power: number) => values.reduce((s, v) => s + v ** power, 0) / n;
    const near = (value: number, expected: number, deviation: number) =>
      expect(Math.abs(value - expected)).toBeLessThan((5 * deviation) / Math.sqrt(n));
    expect(Math.min(...uniforms.slice(0, 1000))).toBeGreaterThanOrEqual(0);
    expect(uniforms.every((u) => u < 1)).toBe(true);
    near(mean(uniforms, 1), 1 / 2, Math.sqrt(1 / 12));
    near(mean(uniforms, 2), 1 / 3, Math.sqrt(4 / 45));
    near(mean(normals, 1), 0, 1);
    near(mean(normals, 2), 1, Math.sqrt(2));
    near(mean(normals, 3), 0, Math.sqrt(15));
    near(mean(normals, 4), 3, Math.sqrt(96));
  });

  it('makes permutations', () => {
    fc.assert(
      fc.property(fc.nat(200), fc.nat(), (n, seed) => {
        const order = permutation(n, stream({ seed, purpose: 'shuffle', example: 0 }));
        expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
      }),
    );
  });
});
