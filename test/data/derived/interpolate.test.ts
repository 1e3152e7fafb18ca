import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Draws, Parent } from '../../../src/data/derived/derivation.js';
import { interpolate } from '../../../src/data/derived/interpolate.js';
import { stream } from '../../../src/random/stream.js';

const PIXELS = 4;
const draws: Draws = (purpose, example) => stream({ seed: 3, purpose: `interpolate/${purpose}`, example });

/** Image i holds values that tell it: (i + p / 8) / n. Source indices are not positions. */
const value = (i: number, p: number, n: number) => Math.fround((i + p / 8) / n);

function parentOf(n: number, reads: [number, number][] = []): Parent {
  return {
    size: n,
    shape: [1, 1, PIXELS],
    async read(start, end) {
      reads.push([start, end]);
      const pixels = Float32Array.from({ length: (end - start) * PIXELS }, (_, at) =>
        value(start + Math.floor(at / PIXELS), at % PIXELS, n),
      );
      const indices = Int32Array.from({ length: end - start }, (_, i) => 10 * (start + i) + 3);
      return { n: end - start, indices, pixels };
    },
  };
}

async function mixed(parent: Parent, noise: number, start = 0, end = parent.size) {
  const examples = await parent.read(start, end);
  return interpolate.apply(examples, { noise }, { parent, start, draws });
}

/** The definition, image by image. */
function literal(i: number, n: number, noise: number): number[] {
  const example = 10 * i + 3;
  const other = Math.floor(draws('partner', example).uniform() * (n - 1));
  const j = other < i ? other : other + 1;
  const normals = draws('noise', example);
  return Array.from({ length: PIXELS }, (_, p) => {
    const mean = (value(i, p, n) + value(j, p, n)) / 2;
    return Math.fround(Math.min(1, Math.max(0, noise > 0 ? mean + noise * normals.normal() : mean)));
  });
}

describe('interpolate', () => {
  it.each([0, 0.03, 2])(
    'noise %d: the mean of an image and its partner, plus noise, cut to [0, 1]',
    async (noise) => {
      const n = 25;
      const { pixels } = await mixed(parentOf(n), noise);
      expect([...pixels]).toEqual(Array.from({ length: n }, (_, i) => literal(i, n, noise)).flat());
    },
  );

  it('an image does not depend on which are made beside it', async () => {
    const n = 40;
    const parent = parentOf(n);
    const whole = await mixed(parent, 0.1);
    await fc.assert(
      fc.asyncProperty(fc.nat(n), fc.nat(n), async (a, b) => {
        const [start, end] = [Math.min(a, b), Math.max(a, b)];
        const { pixels } = await mixed(parent, 0.1, start, end);
        expect(pixels).toEqual(whole.pixels.slice(start * PIXELS, end * PIXELS));
      }),
      { numRuns: 50 },
    );
  });

  it('no image is its own partner, and every other is as likely', async () => {
    const n = 5;
    const times = Array.from({ length: n }, () => new Array<number>(n).fill(0));
    for (let seed = 0; seed < 2000; seed++) {
      const parent = parentOf(n);
      const examples = await parent.read(0, n);
      const { pixels } = await interpolate.apply(
        examples,
        { noise: 0 },
        {
          parent,
          start: 0,
          draws: (purpose, example) => stream({ seed, purpose, example }),
        },
      );
      // 2 * mean - own is the partner's value, j / n.
      for (let i = 0; i < n; i++) times[i]![Math.round((2 * pixels[i * PIXELS]! - i / n) * n)]!++;
    }
    times.forEach((row, i) => {
      expect(row[i]).toBe(0);
      // 500 expected, standard deviation 19.
      for (const [j, count] of row.entries()) if (j !== i) expect(Math.abs(count - 500)).toBeLessThan(100);
    });
  });

  it('with two images each is the partner of the other', async () => {
    const { pixels } = await mixed(parentOf(2), 0);
    expect(pixels.slice(0, PIXELS)).toEqual(pixels.slice(PIXELS));
  });

  it('partners are read in ascending order, each once', async () => {
    const reads: [number, number][] = [];
    await mixed(parentOf(64, reads), 0);
    const starts = reads
      .slice(1)
      .flatMap(([start, end]) => Array.from({ length: end - start }, (_, i) => start + i));
    expect(starts).toEqual([...new Set(starts)].sort((a, b) => a - b));
  });

  it('an image whose partner could not be made cannot be made either', async () => {
    const n = 3;
    const sound = parentOf(n);
    const what = 'a logit of "m" is NaN';
    const parent: Parent = {
      size: n,
      shape: sound.shape,
      read: async (start, end) => ({
        ...(await sound.read(start, end)),
        ...(start <= 1 && 1 < end && { failed: [{ example: 13, what }] }),
      }),
    };
    const { failed = [] } = await mixed(parent, 0);
    const partnerOf = (i: number) => {
      const other = Math.floor(draws('partner', 10 * i + 3).uniform() * (n - 1));
      return other < i ? other : other + 1;
    };
    const expected = [0, 1, 2].filter((i) => i === 1 || partnerOf(i) === 1).map((i) => 10 * i + 3);
    expect([...new Set(failed.map(({ example }) => example))].sort((a, b) => a - b)).toEqual(expected);
    expect(failed.every((one) => one.what === what)).toBe(true);
  });
});
