import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Draws, Parent } from '../../../src/data/derived/derivation.js';
import { invert } from '../../../src/data/derived/invert.js';
import { shufflePatches } from '../../../src/data/derived/shuffle-patches.js';
import { stream } from '../../../src/random/stream.js';
import { generators } from '../../../src/suites/derived/registry.js';

type Shape = readonly [number, number, number];

function drawn(
  generator: string,
  options: Record<string, unknown>,
  shape: Shape = [3, 8, 6],
  example = 0,
): Float32Array {
  const row = generators.named(generator);
  const image = new Float32Array(shape[0] * shape[1] * shape[2]);
  row.fill(image, stream({ seed: 5, purpose: `${generator}/image`, example }), options, shape);
  return image;
}

const BLOBS = { share: 0.7, sigma: 1.5, threshold: 0.75 };
const PATTERNS = ['any', 'stripes', 'checks', 'rings', 'cells', 'clouds', 'dots'];

describe('images of nothing', () => {
  it.each<[string, Record<string, unknown>]>([
    ['rademacher', {}],
    ['blobs', BLOBS],
    ['blobs', { share: 1, sigma: 3, threshold: 0 }],
    ...PATTERNS.map((pattern) => ['textures', { pattern }] as [string, Record<string, unknown>]),
    ...['random', 'black', 'grey', 'white'].map(
      (colour) => ['blank', { colour }] as [string, Record<string, unknown>],
    ),
  ])('%s %j lie in [0, 1] whatever their shape', (name, options) => {
    const shapes: Shape[] = [
      [3, 8, 6],
      [1, 5, 9],
      [3, 1, 1],
      [4, 3, 3],
    ];
    for (const shape of shapes)
      for (let example = 0; example < 12; example++)
        expect(drawn(name, options, shape, example).every((v) => v >= 0 && v <= 1)).toBe(true);
  });

  it('rademacher: 0 and 1, each as likely', () => {
    const all = Array.from({ length: 100 }, (_, i) => [...drawn('rademacher', {}, [3, 10, 10], i)]).flat();
    expect(new Set(all)).toEqual(new Set([0, 1]));
    // Five standard errors.
    expect(Math.abs(all.filter((v) => v === 1).length / all.length - 0.5)).toBeLessThan(
      2.5 / Math.sqrt(all.length),
    );
  });

  it('blobs: noise of 0 and 1, blurred in three directions, cut', () => {
    const [C, H, W]: Shape = [3, 8, 6];
    const noise = new Float64Array(C * H * W);
    stream({ seed: 5, purpose: 'blobs/image', example: 0 }).uniforms(noise);
    const bit = (c: number, y: number, x: number) => {
      const inside = (place: number, n: number) => Math.min(n - 1, Math.max(0, place));
      return noise[(inside(c, C) * H + inside(y, H)) * W + inside(x, W)]! < 0.7 ? 1 : 0;
    };
    const steps = Array.from({ length: 13 }, (_, i) => i - 6);
    const weights = steps.map((d) => Math.exp((-d * d) / 4.5));
    const total = weights.reduce((a, b) => a + b) ** 3;
    const literal = Array.from(noise, (_, p) => {
      const [c, y, x] = [Math.floor(p / (H * W)), Math.floor(p / W) % H, p % W];
      let sum = 0;
      for (const [i, dc] of steps.entries())
        for (const [j, dy] of steps.entries())
          for (const [k, dx] of steps.entries())
            sum += weights[i]! * weights[j]! * weights[k]! * bit(c + dc, y + dy, x + dx);
      const value = sum / total;
      return value < 0.75 ? 0 : value;
    });
    const image = drawn('blobs', BLOBS);
    literal.forEach((value, p) => {
      expect(image[p]).toBeCloseTo(value, 6);
    });
    expect(literal).toContain(0);
  });

  it('blank: one colour an image, another for the next', () => {
    const [first, second] = [
      drawn('blank', { colour: 'random' }),
      drawn('blank', { colour: 'random' }, [3, 8, 6], 1),
    ];
    for (const image of [first, second])
      for (let c = 0; c < 3; c++) expect(new Set(image.subarray(48 * c, 48 * (c + 1))).size).toBe(1);
    expect(first).not.toEqual(second);
    expect(new Set(drawn('blank', { colour: 'grey' }))).toEqual(new Set([0.5]));
  });

  it.each(PATTERNS)(
    'textures, %s: two colours and what lies between, another pattern for the next image',
    (pattern) => {
      const shape: Shape = [3, 24, 24];
      const [first, second] = [0, 1].map((example) => drawn('textures', { pattern }, shape, example));
      expect(first).not.toEqual(second);
      const red = [...first!.subarray(0, 576)];
      const green = [...first!.subarray(576, 1152)];
      const darkest = red.indexOf(Math.min(...red));
      const brightest = red.indexOf(Math.max(...red));
      expect(red[brightest]).toBeGreaterThan(red[darkest]!);
      // On a line between two colours.
      const slope = (green[brightest]! - green[darkest]!) / (red[brightest]! - red[darkest]!);
      red.forEach((value, p) => {
        expect(green[p]).toBeCloseTo(green[darkest]! + slope * (value - red[darkest]!), 4);
      });
    },
  );
});

describe('images of others', () => {
  const SHAPE = [2, 7, 9] as const;
  const SIZE = 126;
  const draws: Draws = (purpose, example) =>
    stream({ seed: 3, purpose: `shuffle-patches/${purpose}`, example });
  const parent: Parent = {
    size: 20,
    shape: SHAPE,
    async read(start, end) {
      const indices = Int32Array.from({ length: end - start }, (_, i) => 3 * (start + i));
      const pixels = Float32Array.from(
        { length: indices.length * SIZE },
        (_, p) => ((start * SIZE + p) % 997) / 997,
      );
      return { n: indices.length, indices, pixels };
    },
  };

  it('invert: 1 - x', async () => {
    const examples = await parent.read(2, 5);
    const { pixels } = await invert.apply(examples, {}, { parent, start: 2, draws });
    expect(pixels).toEqual(examples.pixels.map((value) => 1 - value));
  });

  it('shuffle-patches: every patch once, in another order, the rest where it was, whatever is read beside', async () => {
    const grid = 3;
    const apply = async (start: number, end: number) =>
      (await shufflePatches.apply(await parent.read(start, end), { grid }, { parent, start, draws })).pixels;
    const whole = await apply(0, 20);
    const { pixels: before } = await parent.read(0, 20);
    /** Patches as text: 2 rows of 3 columns, all channels. */
    const patches = (pixels: Float32Array, i: number) =>
      Array.from({ length: 9 }, (_, k) => {
        const [top, left] = [2 * Math.floor(k / 3), 3 * (k % 3)];
        return [0, 1].flatMap((c) =>
          [0, 1].flatMap((y) => [0, 1, 2].map((x) => pixels[i * SIZE + (c * 7 + top + y) * 9 + left + x])),
        );
      }).map(String);
    for (let i = 0; i < 20; i++) {
      expect(patches(whole, i)).not.toEqual(patches(before, i));
      expect(patches(whole, i).sort()).toEqual(patches(before, i).sort());
      for (const c of [0, 1]) {
        const row = i * SIZE + (c * 7 + 6) * 9;
        expect(whole.slice(row, row + 9)).toEqual(before.slice(row, row + 9));
      }
    }
    await fc.assert(
      fc.asyncProperty(fc.nat(20), fc.nat(20), async (a, b) => {
        const [start, end] = [Math.min(a, b), Math.max(a, b)];
        expect(await apply(start, end)).toEqual(whole.slice(start * SIZE, end * SIZE));
      }),
      { numRuns: 10 },
    );
  });

  it('a grid finer than the image is refused', () => {
    expect(() => shufflePatches.check?.({ grid: 8 }, { name: 'test', shape: SHAPE })).toThrow(
      expect.objectContaining({
        code: 'config-invalid',
        details: expect.objectContaining({ path: 'grid', found: '8' }),
      }),
    );
  });
});
