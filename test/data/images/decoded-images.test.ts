import fc from 'fast-check';
import { expect, it } from 'vitest';
import { encodeNpy } from '../../../src/data/arrays/npy.js';
import { DecodedBudget, keepDecoded, type PixelRead } from '../../../src/data/images/decoded-images.js';
import { openDataset } from '../../../src/data/open.js';
import { put, temporaryFolder } from '../files.js';

/** Images of two numbers, and how often each was decoded. */
function source(n: number): { counts: number[]; read: PixelRead } {
  const counts = Array<number>(n).fill(0);
  return {
    counts,
    read: async (start, end, out) => {
      for (let i = start; i < end; i++) {
        counts[i]!++;
        out.set([i, i + 0.5], 2 * (i - start));
      }
    },
  };
}

const range = (n: number) =>
  fc.tuple(fc.nat(n), fc.nat(n)).map(([a, b]): [number, number] => [Math.min(a, b), Math.max(a, b)]);

it('whatever is read, in turn or at once: the same numbers, each image decoded once', async () => {
  const cases = fc.nat(700).chain((n) => fc.tuple(fc.constant(n), fc.array(range(n), { maxLength: 12 })));
  await fc.assert(
    fc.asyncProperty(cases, fc.boolean(), async ([n, ranges], atOnce) => {
      const { counts, read } = source(n);
      const kept = keepDecoded(read, n, 2, new DecodedBudget());
      const check = async ([start, end]: [number, number]) => {
        const out = new Float32Array(2 * (end - start));
        await kept(start, end, out);
        expect(out).toEqual(Float32Array.from({ length: out.length }, (_, k) => start + k / 2));
      };
      if (atOnce) await Promise.all(ranges.map(check));
      else for (const one of ranges) await check(one);
      expect(Math.max(0, ...counts)).toBeLessThanOrEqual(1);
    }),
  );
});

it('beyond the budget images are decoded whenever they are read, and those that were kept stay', async () => {
  const { counts, read } = source(1000);
  const kept = keepDecoded(read, 1000, 2, new DecodedBudget(512 * 8));
  for (let pass = 1; pass <= 3; pass++) {
    const out = new Float32Array(2000);
    await kept(0, 1000, out);
    expect(out[1999]).toBe(999.5);
    expect(counts).toEqual(Array.from({ length: 1000 }, (_, i) => (i < 512 ? 1 : pass)));
  }
});

it('blocks lie together in large arrays, of which there are no more than the budget has', async () => {
  const arrays = new Set<ArrayBufferLike>();
  let kept = 0;
  const read: PixelRead = async (_, __, out) => {
    arrays.add(out.buffer);
    kept += out.byteLength;
  };
  // 32 blocks of 1 MiB.
  const set = keepDecoded(read, 32 * 256, 1024, new DecodedBudget());
  for (let at = 0; at < 32 * 256; at += 256) await set(at, at + 256, new Float32Array(256 * 1024));
  expect([arrays.size, kept]).toEqual([1, 2 ** 25]);
  expect([...arrays].map(({ byteLength }) => byteLength)).toEqual([2 ** 25]);
});

it('when the budget ends, what was kept is dropped, and what is read is decoded as at first', async () => {
  const { counts, read } = source(300);
  const budget = new DecodedBudget();
  const kept = keepDecoded(read, 300, 2, budget);
  const out = new Float32Array(600);
  await kept(0, 300, out);
  budget.end();
  for (let pass = 2; pass <= 3; pass++) {
    await kept(0, 300, out.fill(0));
    expect(out[599]).toBe(299.5);
    expect(counts).toEqual(Array(300).fill(pass));
  }
});

it('of images that are large for a room as many are kept as the budget has room for', async () => {
  // 36 MB each, in rooms of 64 MiB at most.
  const size = 9e6;
  const counts = [0, 0, 0, 0];
  const read: PixelRead = async (start) => void counts[start]!++;
  const kept = keepDecoded(read, 4, size, new DecodedBudget(3.5 * 4 * size));
  const out = new Float32Array(size);
  for (let pass = 0; pass < 2; pass++) for (let i = 0; i < 4; i++) await kept(i, i + 1, out);
  expect(counts).toEqual([1, 1, 1, 2]);
});

it('what cannot be decoded when the budget ends leaves nothing that could be kept', async () => {
  const { counts, read } = source(4);
  const budget = new DecodedBudget();
  let fail = () => {};
  const failing = new Promise<void>((_, reject) => {
    fail = () => reject(new Error('unreadable'));
  });
  let first = true;
  const kept = keepDecoded(
    async (...asked) => {
      if (first) {
        first = false;
        await failing;
      }
      await read(...asked);
    },
    4,
    2,
    budget,
  );
  const out = new Float32Array(8);
  const underWay = kept(0, 4, out);
  budget.end();
  fail();
  await expect(underWay).rejects.toThrow('unreadable');
  for (let pass = 1; pass <= 2; pass++) {
    await kept(0, 4, out);
    expect(counts).toEqual(Array(4).fill(pass));
  }
});

it('what could not be decoded is tried again, and holds no budget', async () => {
  let fails = true;
  const read: PixelRead = async (_, __, out) => {
    if (fails) throw new Error('unreadable');
    out.fill(1);
  };
  const kept = keepDecoded(read, 4, 2, new DecodedBudget(4 * 8));
  await expect(kept(0, 4, new Float32Array(8))).rejects.toThrow('unreadable');
  fails = false;
  const out = new Float32Array(8);
  await kept(0, 4, out);
  expect(out).toEqual(new Float32Array(8).fill(1));
});

it('what lies as numbers is not kept: it is read where it lies', async () => {
  const directory = temporaryFolder();
  put(directory, 'images.npy', encodeNpy({ shape: [4, 1, 2, 2], data: new Uint8Array(16).fill(255) }));
  const budget = new DecodedBudget();
  let taken = 0;
  const take = budget.take.bind(budget);
  budget.take = (most, least) => {
    taken += most;
    return take(most, least);
  };
  const set = await openDataset('test', { path: './images.npy', labels: false }, { directory, budget });
  expect((await set.read(1, 3)).pixels).toEqual(new Float32Array(8).fill(1));
  expect(taken).toBe(0);
  await set.close();
});
