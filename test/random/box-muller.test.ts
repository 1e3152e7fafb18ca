import { expect, it } from 'vitest';
import { boxMuller } from '../../src/random/box-muller.js';
import { stream } from '../../src/random/stream.js';
import { unit } from '../../src/random/unit.js';

/** The definition (Box & Muller 1958), with the functions of the language. */
function literal(words: Uint32Array): number[] {
  const out: number[] = [];
  for (let w = 0; w < words.length; w += 4) {
    const radius = Math.sqrt(-2 * Math.log(1 - unit(words[w]!, words[w + 1]!)));
    const angle = 2 * Math.PI * unit(words[w + 2]!, words[w + 3]!);
    out.push(radius * Math.cos(angle), radius * Math.sin(angle));
  }
  return out;
}

const apart = (words: Uint32Array) => {
  const found = new Float64Array(words.length / 2);
  boxMuller(words, found, 0, words.length / 4);
  return literal(words).reduce((most, value, i) => Math.max(most, Math.abs(value - found[i]!)), 0);
};

it('pairs of normals are those of the definition, up to 1e-14', () => {
  const words = new Uint32Array(400_000);
  stream({ seed: 3, purpose: 'test/box-muller', example: 0 }).uint32s(words);
  expect(apart(words)).toBeLessThan(1e-14);
});

it('so they are at the ends: of the smallest and largest uniform numbers, of every power of two, between cells', () => {
  const most = 0xffffffff;
  const highs = [0, most, ...Array.from({ length: 32 }, (_, i) => 2 ** i)].flatMap((h) => [
    h,
    Math.max(0, h - 1),
    most - h,
  ]);
  const edges = Array.from({ length: 513 }, (_, i) => Math.min(most, (i * 2 ** 32) / 512));
  const pairs = [...highs, ...edges].flatMap((high) => [0, 1, most].map((low) => [high, low] as const));
  const words = Uint32Array.from(
    pairs.flatMap(([high, low], i) => [high, low, ...pairs[(7 * i) % pairs.length]!]),
  );
  expect(apart(words)).toBeLessThan(1e-14);
  // 1 - u = 2^-53 is the smallest that there is.
  const extreme = new Float64Array(2);
  boxMuller(Uint32Array.of(most, most, 0, 0), extreme, 0, 1);
  expect(extreme[0]).toBeCloseTo(Math.sqrt(106 * Math.LN2), 13);
});
