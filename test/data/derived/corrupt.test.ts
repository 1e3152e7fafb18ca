import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { corrupted, drawsFor } from '../../../src/data/corruptions/corrupted.js';
import type { Raster } from '../../../src/data/corruptions/corruption.js';
import { corruptions } from '../../../src/data/corruptions/registry.js';
import { corrupt } from '../../../src/data/derived/corrupt.js';
import type { Draws, Parent } from '../../../src/data/derived/derivation.js';
import { stream } from '../../../src/random/stream.js';
import { catalogueWith } from '../../../src/runs/asked/run-catalogue.js';

const SHAPE = [3, 4, 5] as const;
const SIZE = 60;
const N = 12;
const draws: Draws = (purpose, example) => stream({ seed: 3, purpose: `corrupt/${purpose}`, example });
const row = corrupt(corruptions);

/** Image i has source index 7 i. */
const imageOf = (example: number) => {
  const pixels = new Float64Array(SIZE);
  stream({ seed: 1, purpose: 'image', example }).uniforms(pixels);
  return Float32Array.from(pixels);
};

const parent: Parent = {
  size: N,
  shape: SHAPE,
  async read(start, end) {
    const indices = Int32Array.from({ length: end - start }, (_, i) => 7 * (start + i));
    const pixels = new Float32Array(indices.length * SIZE);
    indices.forEach((example, i) => {
      pixels.set(imageOf(example), i * SIZE);
    });
    return { n: indices.length, indices, pixels };
  },
};

async function made(name: string, start = 0, end = N) {
  const examples = await parent.read(start, end);
  const { pixels } = await row.apply(
    examples,
    { name, severity: 4, quantise: true },
    { parent, start, draws },
  );
  return pixels;
}

describe.each(corruptions.names)('corrupt: %s', (name) => {
  it('an image is what its own stream gives, whichever are made beside it', async () => {
    const corruption = corruptions.named(name);
    const setting = { severity: 4 } as const;
    const whole = Float32Array.from(
      Array.from({ length: N }, (_, i) => {
        const source = draws(drawsFor(corruption, setting), 7 * i);
        return [...corrupted(corruption, imageOf(7 * i), SHAPE, setting, source)];
      }).flat(),
    );
    await fc.assert(
      fc.asyncProperty(fc.nat(N), fc.nat(N), async (a, b) => {
        const [start, end] = [Math.min(a, b), Math.max(a, b)];
        expect(await made(name, start, end)).toEqual(whole.slice(start * SIZE, end * SIZE));
      }),
      { numRuns: 5 },
    );
  });
});

it('a corruption of a plug-in is named like those of Assay', async () => {
  const half = { ...corruptions.named('contrast'), name: 'half', version: 3, title: 'Half' };
  const five = [0.9, 0.8, 0.7, 0.6, 0.5] as const;
  const mine = {
    ...half,
    severities: { cifar: five, imagenet: five },
    apply: ({ pixels }: Raster, factor: number) => pixels.map((value) => value * factor),
  };
  const { transforms, versions } = catalogueWith(
    [{ name: 'dark', version: 2, corruptions: [mine] }],
    'r.yaml',
  );
  const way = transforms.named('corrupt');
  if (way.kind !== 'transform') throw new Error('it makes no images');
  const options = { name: 'half', severity: 5, quantise: false };
  expect(way.describe(options, SHAPE)).toBe('half, severity 5 (CIFAR-C-like)');
  expect(way.identity?.(options, SHAPE)).toEqual({ version: 3, parameters: 'cifar' });
  // Units that were measured with another version of the plug-in are not used again.
  expect(versions).toEqual([['dark', 2]]);
  const examples = await parent.read(0, 2);
  const { pixels } = await way.apply(examples, options, { parent, start: 0, draws });
  pixels.forEach((value, p) => {
    expect(value).toBeCloseTo(examples.pixels[p]! / 2, 6);
  });
});
