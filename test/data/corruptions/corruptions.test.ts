import { describe, expect, it } from 'vitest';
import {
  type CorruptionSetting,
  corrupted,
  drawsFor,
  whyNot,
} from '../../../src/data/corruptions/corrupted.js';
import {
  type AnyCorruption,
  PARAMETER_SETS,
  type ParameterSet,
  SEVERITIES,
} from '../../../src/data/corruptions/corruption.js';
import { corruptions } from '../../../src/data/corruptions/registry.js';
import { stream } from '../../../src/random/stream.js';

type Shape = readonly [number, number, number];

const NAMES = corruptions.names;

/** A picture with edges and colours: discs before a slope, 8 bits. */
function scene([channels, height, width]: Shape, example = 0): Float32Array {
  const pixels = new Float32Array(channels * height * width);
  for (let c = 0, p = 0; c < channels; c++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++, p++) {
        const inside = Math.hypot(x - (0.3 + 0.05 * example) * width, y - 0.6 * height) < 0.25 * height;
        const value = inside ? 0.85 - 0.3 * c : 0.2 + (0.4 * (x + (c + 1) * y)) / (width + 3 * height);
        pixels[p] = Math.round(255 * value) / 255;
      }
  return pixels;
}

function apply(
  row: AnyCorruption,
  pixels: Float32Array,
  shape: Shape,
  setting: CorruptionSetting,
  example = 0,
): Float32Array {
  const draws = stream({ seed: 3, purpose: drawsFor(row, setting), example });
  return corrupted(row, pixels, shape, setting, draws);
}

/**
 * Whose published severities are not ordered by how far they move an image: two parameters trade against each other (glass,
 * snow, elastic, fog), severities differ in kind (spatter: water, mud; saturate: paler, more colourful), the scene grows
 * darker as the ice grows brighter (frost), or boxes fall on pixels by chance (pixelate).
 */
const UNEVEN: Readonly<Record<string, readonly ParameterSet[]>> = {
  'glass-blur': PARAMETER_SETS,
  snow: ['imagenet'],
  frost: PARAMETER_SETS,
  fog: ['imagenet'],
  'elastic-transform': PARAMETER_SETS,
  pixelate: ['cifar'],
  spatter: PARAMETER_SETS,
  saturate: PARAMETER_SETS,
};

const isByte = (value: number) =>
  value >= 0 && value <= 1 && Math.abs(255 * value - Math.round(255 * value)) < 1e-4;

const distance = (a: Float32Array, b: Float32Array) =>
  Math.sqrt(a.reduce((sum, value, p) => sum + (value - b[p]!) ** 2, 0) / a.length);

describe.each(NAMES)('%s', (name) => {
  const row = corruptions.named(name);

  it.each(PARAMETER_SETS)(
    '%s: images of any size and colour come back in [0, 1], of 8 bits',
    (parameters) => {
      const sizes: Shape[] = [
        [1, 17, 16],
        [3, 9, 14],
        [1, 1, 1],
        [3, 2, 5],
      ];
      for (const shape of sizes)
        for (const severity of SEVERITIES) {
          if (whyNot(row, shape) !== undefined) continue;
          for (const pixels of [scene(shape), new Float32Array(scene(shape).length), scene(shape).fill(1)]) {
            const made = apply(row, pixels, shape, { severity, parameters });
            expect(made.length).toBe(pixels.length);
            expect(made.every(isByte)).toBe(true);
          }
        }
    },
  );

  it('leaves the image that it is given as it is, and makes the same of it again', () => {
    const shape: Shape = [3, 16, 16];
    const pixels = scene(shape);
    const first = apply(row, pixels, shape, { severity: 4 });
    expect(pixels).toEqual(scene(shape));
    expect(apply(row, pixels, shape, { severity: 4 })).toEqual(first);
  });

  it.each(PARAMETER_SETS)('%s: moves images further with every severity, on average', (parameters) => {
    if (UNEVEN[name]?.includes(parameters)) return;
    const shape: Shape = [3, 32, 32];
    const far = SEVERITIES.map((severity) => {
      const moved = Array.from({ length: 4 }, (_, example) => {
        const pixels = scene(shape, example);
        return distance(apply(row, pixels, shape, { severity, parameters }, example), pixels);
      });
      return moved.reduce((a, b) => a + b, 0) / moved.length;
    });
    expect(far).toEqual([...far].sort((a, b) => a - b));
    expect(far[4]).toBeGreaterThan(far[0]!);
  });
});

describe('parameters that change nothing', () => {
  it.each<[string, unknown]>([
    ['gaussian-noise', 0],
    ['impulse-noise', 0],
    ['speckle-noise', 0],
    ['gaussian-blur', 0],
    ['defocus-blur', { radius: 0.5, smooth: 0.01 }],
    ['glass-blur', { sigma: 0, reach: 1, rounds: 0 }],
    ['motion-blur', { radius: 6, sigma: 1e-3 }],
    ['zoom-blur', { end: 1.001, step: 0.01 }],
    ['snow', { mean: 0, spread: 0, zoom: 2, least: 1, radius: 6, sigma: 3, keep: 1 }],
    ['frost', { scene: 1, ice: 0 }],
    ['fog', { thickness: 0, decay: 3 }],
    ['brightness', 0],
    ['contrast', 1],
    ['elastic-transform', { strength: 0, smooth: 0.1, affine: 0 }],
    ['pixelate', 1],
    ['spatter', { mean: 0, spread: 0, size: 1, least: 0.5, last: 1, of: 'water' }],
    ['spatter', { mean: 0, spread: 0, size: 1, least: 0.5, last: 1, of: 'mud' }],
    ['saturate', { factor: 1, shift: 0 }],
  ])('%s %j', (name, parameters) => {
    const shape: Shape = [3, 12, 10];
    const row = corruptions.named(name);
    const five = [parameters, parameters, parameters, parameters, parameters] as const;
    const still = { ...row, severities: { cifar: five, imagenet: five } };
    expect(apply(still, scene(shape), shape, { severity: 1 })).toEqual(scene(shape));
  });
});

describe('a corruption of a plug-in', () => {
  const broken = (apply: AnyCorruption['apply']) => ({
    ...corruptions.named('contrast'),
    name: 'mine',
    apply,
  });

  it.each<[string, AnyCorruption['apply'], string]>([
    ['NaN', ({ pixels }) => pixels.fill(Number.NaN), 'NaN'],
    ['too few numbers', ({ pixels }) => pixels.slice(1), '59 numbers for 60'],
  ])('is refused when it makes %s', (_, make, found) => {
    const shape: Shape = [3, 5, 4];
    expect(() => apply(broken(make), scene(shape), shape, { severity: 1 })).toThrow(
      expect.objectContaining({ code: 'plugin-invalid', details: expect.objectContaining({ found }) }),
    );
  });
});
