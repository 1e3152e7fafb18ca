// @module-tag slow
import { describe, expect, it } from 'vitest';
import { corrupted, drawsFor } from '../../../src/data/corruptions/corrupted.js';
import type { AnyCorruption } from '../../../src/data/corruptions/corruption.js';
import { corruptions } from '../../../src/data/corruptions/registry.js';
import { stream } from '../../../src/random/stream.js';
import { corruptedImages } from '../../../src/suites/measurements/corrupted-images.js';

const SHAPE = [3, 4, 4] as const;
const SIZE = 48;

function examples(n: number, first = 0, seed = 0) {
  const pixels = new Float64Array(n * SIZE);
  stream({ seed, purpose: 'test/corrupted-images', example: n }).uniforms(pixels);
  return { indices: Int32Array.from({ length: n }, (_, i) => first + i), pixels: Float32Array.from(pixels) };
}

/** A corruption that counts how many images it makes. */
function counting(name: string) {
  const row = corruptions.named(name);
  const counted = { made: 0 };
  const apply: AnyCorruption['apply'] = (...given) => {
    counted.made++;
    return row.apply(...given);
  };
  return { counted, row: { ...row, apply } satisfies AnyCorruption };
}

const params = (row: AnyCorruption, severity: 1 | 5 = 5) =>
  ({ corruption: row.name, version: row.version, severity, parameters: 'cifar' }) as const;
const at = { seed: 7, shape: SHAPE };

describe('corrupted images', () => {
  it.each(corruptions.names)('are those of %s to the bit, made once or taken again', (name) => {
    const { row, counted } = counting(name);
    const given = examples(2, 11);
    const literal = [...given.indices].flatMap((example, i) => {
      const draws = stream({ seed: 7, purpose: `corrupt/${drawsFor(row, params(row))}`, example });
      return [...corrupted(row, given.pixels.subarray(i * SIZE, (i + 1) * SIZE), SHAPE, params(row), draws)];
    });
    const before = counted.made;
    for (const _ of ['one model', 'another'])
      expect([...corruptedImages(given, row, params(row), at)]).toEqual(literal);
    expect(counted.made - before).toBe(2);
  });
  it('are others for other images, places, severities, seeds and rows of the same name', () => {
    const { row, counted } = counting('gaussian-noise');
    const made = (...given: Parameters<typeof corruptedImages>) => {
      const before = counted.made;
      corruptedImages(...given);
      return counted.made - before;
    };
    expect(made(examples(1), row, params(row), at)).toBe(1);
    expect(made(examples(1), row, params(row), at)).toBe(0);
    expect(made(examples(1, 1), row, params(row), at)).toBe(1);
    expect(made(examples(1, 0, 1), row, params(row), at)).toBe(1);
    expect(made(examples(1), row, params(row, 1), at)).toBe(1);
    expect(made(examples(1), row, params(row), { ...at, seed: 8 })).toBe(1);
    expect(made(examples(1), { ...row }, params(row), at)).toBe(1);
  });
  it('that are changed by who was given them are not changed for others', () => {
    const row = corruptions.named('brightness');
    const first = corruptedImages(examples(1), row, params(row), at);
    const copy = first.slice();
    first.fill(0);
    expect(corruptedImages(examples(1), row, params(row), at)).toEqual(copy);
  });
  it('are kept up to 40 MiB, the last used ones', () => {
    const { row, counted } = counting('brightness');
    // 12 MiB as bytes each: three are kept.
    const wide = [3, 2048, 2048] as const;
    const one = (example: number) => {
      const pixels = new Float32Array(3 * 2048 * 2048);
      const before = counted.made;
      corruptedImages({ indices: Int32Array.of(example), pixels }, row, params(row), {
        seed: 7,
        shape: wide,
      });
      return counted.made - before;
    };
    expect([0, 1, 2, 0, 3, 0, 1].map(one)).toEqual([1, 1, 1, 0, 1, 0, 1]);
  });
});
